#include "roles/outbox.h"

#include <gtest/gtest.h>

namespace ingle::roles {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class OutboxTest : public ::testing::Test {
 protected:
  OutboxTest() : OutboxTest(Channel::pair().value()) {}
  explicit OutboxTest(std::pair<Channel, Channel> ends) : here_(std::move(ends.first)), there_(std::move(ends.second)) {
    outbox_.pause(nanoseconds::max());
  }

  /// Sends "." behind everything that has gone, and gives what arrived before it.
  std::string arrived() {
    EXPECT_TRUE(here_.send(2, "."));
    for (std::string all;;) {
      const auto frame = there_.receive(0);
      if (!frame || frame->type == 2) return all;
      all += frame->payload;
    }
  }

  Channel here_;
  Channel there_;
  Outbox::Clock::time_point now_;
  Outbox outbox_{here_, [this] { return now_; }};
};

TEST_F(OutboxTest, EventsWaitForOthersThatComeSoonAndKeepTheirOrder) {
  outbox_.add(1, "a", true);
  outbox_.pause(milliseconds(2));
  outbox_.add(1, "b", true);
  outbox_.pause(milliseconds(2));
  EXPECT_EQ(arrived(), "");
  outbox_.add(1, "c", false);
  EXPECT_EQ(arrived(), "abc");
}

TEST_F(OutboxTest, NothingWaitsForAStepThatMayBeLong) {
  outbox_.add(1, "a", true);
  outbox_.pause(nanoseconds::max());
  EXPECT_EQ(arrived(), "a");
  outbox_.add(1, "b", true);
  outbox_.pause(Outbox::kPatience);
  EXPECT_EQ(arrived(), "b");
}

TEST_F(OutboxTest, AnEventGoesBeforeItHasWaitedTooLong) {
  outbox_.add(1, "a", true);
  outbox_.pause(milliseconds(3));
  now_ += milliseconds(3);
  outbox_.add(1, "b", true);
  outbox_.pause(milliseconds(3));
  EXPECT_EQ(arrived(), "");
  now_ += milliseconds(3);
  outbox_.add(1, "c", true);
  outbox_.pause(milliseconds(3));
  EXPECT_EQ(arrived(), "abc");
}

TEST_F(OutboxTest, WithAModelThatNeverPausesNothingWaits) {
  Outbox plain(here_, [this] { return now_; });
  plain.add(1, "a", true);
  EXPECT_EQ(arrived(), "a");
}

TEST_F(OutboxTest, WhenFrontIsGoneTheChannelCloses) {
  there_.close_both();
  outbox_.add(1, "a", false);
  outbox_.add(1, "b", false);
  EXPECT_FALSE(here_.receive(0));
}

}  // namespace
}  // namespace ingle::roles
