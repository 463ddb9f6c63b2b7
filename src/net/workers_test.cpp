#include "net/workers.h"

#include <gtest/gtest.h>

#include <future>

namespace ingle::net {
namespace {

TEST(Workers, what_is_withdrawn_does_not_run_and_makes_room) {
  Workers workers(1, 1);
  std::promise<void> began;
  std::promise<void> let_go;
  const int owners[3] = {};
  ASSERT_TRUE(workers.post(
      [&] {
        began.set_value();
        let_go.get_future().wait();
      },
      &owners[0]));
  began.get_future().wait();
  auto held = std::make_shared<int>();
  const std::weak_ptr<int> kept = held;
  ASSERT_TRUE(workers.post([held = std::move(held)] { ADD_FAILURE(); }, &owners[1]));
  EXPECT_FALSE(workers.post([] {}, &owners[2]));
  workers.withdraw(&owners[0]);  // it runs
  workers.withdraw(&owners[2]);
  EXPECT_FALSE(kept.expired());
  workers.withdraw(&owners[1]);
  EXPECT_TRUE(kept.expired());
  std::promise<void> done;
  EXPECT_TRUE(workers.post([&] { done.set_value(); }, &owners[2]));
  let_go.set_value();
  done.get_future().wait();
}

TEST(Workers, what_was_taken_before_runs_again_whoever_else_waits) {
  Workers workers(1, 0);
  EXPECT_FALSE(workers.post([] { ADD_FAILURE(); }));
  std::promise<void> done;
  workers.post_again([&] { done.set_value(); });
  done.get_future().wait();
  workers.stop();
  workers.post_again([] { ADD_FAILURE(); });
}

}  // namespace
}  // namespace ingle::net
