#include "cli/measure.h"

#include <gtest/gtest.h>

#include "cli/testing/echo_completer.h"

namespace ingle::cli {
namespace {

TEST(SpeedTest, is_named_as_the_contract_says) {
  EXPECT_EQ((SpeedTest{.prompt = 512}).name(), "pp512");
  EXPECT_EQ((SpeedTest{.generate = 128}).name(), "tg128");
  EXPECT_EQ((SpeedTest{.generate = 128, .depth = 4096}).name(), "tg128@d4096");
  EXPECT_EQ((SpeedTest{.generate = 128, .batch = 8}).name(), "tg128x8");
}

TEST(Measure, one_run_more_than_is_counted_and_sequences_at_once) {
  EchoCompleter completer;
  chat::CompleteRequest seen;
  completer.seen = &seen;
  const auto speeds = measure_speed(completer, {.generate = 5, .batch = 3, .depth = 7}, 4, {});
  ASSERT_TRUE(speeds);
  EXPECT_EQ(speeds->size(), 4U);
  EXPECT_TRUE(seen.ignore_eos);
  EXPECT_EQ(seen.max_tokens, 5);
  EXPECT_EQ(std::get<chat::TokenPrompt>(seen.prompt).tokens.size(), 8U);
}

TEST(Measure, stops_when_asked) {
  EchoCompleter completer;
  std::stop_source source;
  source.request_stop();
  const auto speeds = measure_speed(completer, {.prompt = 5}, 4, source.get_token());
  ASSERT_FALSE(speeds);
  EXPECT_EQ(speeds.error().code(), ErrorCode::kCancelled);
}

TEST(Measure, mean_and_deviation_of_a_sample) {
  EXPECT_EQ(mean({}), 0);
  EXPECT_EQ(mean({1, 2, 6}), 3);
  EXPECT_DOUBLE_EQ(standard_deviation({2, 4, 4, 4, 5, 5, 7, 9}), 2.1380899352993952);
  EXPECT_EQ(standard_deviation({4}), 0);
}

}  // namespace
}  // namespace ingle::cli
