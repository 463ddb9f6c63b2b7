#include "runtime/keep_alive.h"

#include <gtest/gtest.h>

namespace ingle::runtime {
namespace {

TEST(KeepAlive, reads_seconds_and_durations) {
  const std::pair<std::string_view, KeepAlive> cases[] = {
      {"300", 300}, {"5m", 300},     {"1h30m", 5400},
      {"0", 0},     {"0s", 0},       {"-1", -1},
      {"-5m", -1},  {"500ms", 1},    {"1.5h", 5400},
      {"+10s", 10}, {"2m0.5s", 121}, {"24h0m0s", 86400},
      {"-0", 0},    {"1us", 1},      {"1µs", 1},
      {"1.2", 2},   {"9e3000h", -2}, {"99999999999999999h", 1'000'000'000'000},
  };
  for (const auto& [text, seconds] : cases) {
    const auto read = parse_keep_alive(text);
    if (seconds == -2) {
      EXPECT_FALSE(read) << text;
      continue;
    }
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(*read, seconds) << text;
  }
}

TEST(KeepAlive, refuses_what_is_no_time) {
  for (const std::string_view text : {"", "-", "m", "5 m", "5x", "--1", "1h-5m", "nan", "inf", "5m5", "0x10"})
    EXPECT_FALSE(parse_keep_alive(text)) << text;
}

}  // namespace
}  // namespace ingle::runtime
