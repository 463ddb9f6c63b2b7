#include "app/known_facts.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "app/slots.h"

namespace ingle::app {
namespace {

TEST(KnownFacts, a_damaged_file_is_not_read_again_at_every_question) {
  KnownFacts::Clock::time_point now;
  KnownFacts known([&] { return now; });
  int n_read = 0;
  const auto damaged = [&]() -> Result<roles::ModelFacts> {
    ++n_read;
    return std::unexpected(Error::corrupt("no model"));
  };
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(known.get("file 1", damaged).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(n_read, 1);
  EXPECT_FALSE(known.get("file 2", damaged));  // it has changed
  EXPECT_EQ(n_read, 2);
  now += std::chrono::hours(1);
  EXPECT_FALSE(known.get("file 1", damaged));
  EXPECT_EQ(n_read, 3);
}

TEST(KnownFacts, a_process_that_could_not_be_started_is_no_fault_of_the_file) {
  KnownFacts known;
  int n_read = 0;
  const auto read = [&]() -> Result<roles::ModelFacts> {
    if (++n_read == 1) return std::unexpected(Error::io("no processes left"));
    return roles::ModelFacts{};
  };
  EXPECT_FALSE(known.get("file", read));
  EXPECT_TRUE(known.get("file", read));
  EXPECT_TRUE(known.get("file", read));
  EXPECT_EQ(n_read, 2);
}

TEST(KnownFacts, those_who_ask_at_once_share_one_reading) {
  KnownFacts known;
  std::atomic<int> n_read = 0;
  {
    std::vector<std::jthread> askers;
    for (int i = 0; i < 8; ++i) {
      askers.emplace_back([&] {
        EXPECT_TRUE(known.get("file", [&]() -> Result<roles::ModelFacts> {
          ++n_read;
          std::this_thread::yield();
          return roles::ModelFacts{};
        }));
      });
    }
  }
  EXPECT_EQ(n_read, 1);
}

TEST(Slots, no_more_than_there_are) {
  Slots slots(2);
  auto first = slots.try_take();
  {
    const auto second = slots.take();
    EXPECT_FALSE(slots.try_take());
  }
  EXPECT_TRUE(slots.try_take());
  first.reset();
}

}  // namespace
}  // namespace ingle::app
