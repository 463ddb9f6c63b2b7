#include "roles/engine_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <future>
#include <string>
#include <thread>

#include "chat/wire.h"

namespace ingle::roles {
namespace {

constexpr auto kNoPatience = std::chrono::milliseconds(1);
constexpr auto kForEver = std::chrono::hours(1);

class EngineWatchTest : public ::testing::Test {
 protected:
  void wait_for_question() { EXPECT_EQ(engine_.receive()->payload, encode_call(EngineWatch::kLook, Verb::kStats, {})); }
  bool tell(uint64_t generated_tokens) {
    return watch_.told_counts(Outcome(chat::encode(chat::Stats{.generated_tokens = generated_tokens})));
  }

  std::pair<Channel, Channel> ends_ = Channel::pair().value();
  Channel& front_ = ends_.first;
  Channel& engine_ = ends_.second;
  EngineWatch watch_{front_, kForEver, {}};
};

TEST_F(EngineWatchTest, CountsAreTheEnginesAnswer) {
  auto counts = std::async(std::launch::async, [&] { return watch_.counts(kForEver); });
  wait_for_question();
  EXPECT_TRUE(tell(5));
  EXPECT_EQ(counts.get()->generated_tokens, 5U);
}

TEST_F(EngineWatchTest, AQuestionThatIsOnItsWayIsNoAnswerToOneThatCameLater) {
  EXPECT_FALSE(watch_.counts(kNoPatience));
  wait_for_question();
  auto counts = std::async(std::launch::async, [&] { return watch_.counts(kForEver); });
  EXPECT_TRUE(tell(5));
  wait_for_question();
  EXPECT_TRUE(tell(6));
  EXPECT_EQ(counts.get()->generated_tokens, 6U);
}

TEST_F(EngineWatchTest, CountsOfAnEngineThatFellSilentAreTheLastThatItTold) {
  auto counts = std::async(std::launch::async, [&] { return watch_.counts(kForEver); });
  wait_for_question();
  EXPECT_TRUE(tell(5));
  ASSERT_TRUE(counts.get());
  const auto last = watch_.counts(kNoPatience);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->generated_tokens, 5U);
}

TEST_F(EngineWatchTest, CountsDoNotWaitForWhoeverIsHeldUpBySending) {
  // More than any socket holds, of which nothing is read.
  auto held_up =
      std::async(std::launch::async, [&] { return watch_.send(ToEngine::kCall, std::string(size_t{4} << 20, 'x')); });
  pollfd arrives{.fd = engine_.descriptor(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&arrives, 1, -1), 1);
  EXPECT_FALSE(watch_.counts(kNoPatience));
  EXPECT_EQ(held_up.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  engine_.close_both();
  EXPECT_FALSE(held_up.get());
}

TEST_F(EngineWatchTest, CountsThatNobodyAskedForAreRefused) {
  EXPECT_FALSE(tell(5));
}

TEST_F(EngineWatchTest, WhatEndsTheWatchEndsWaitingForCounts) {
  auto counts = std::async(std::launch::async, [&] { return watch_.counts(kForEver); });
  wait_for_question();
  watch_.stop();
  EXPECT_FALSE(counts.get());
}

}  // namespace
}  // namespace ingle::roles
