#include "app/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ingle::app {
namespace {

using ::testing::HasSubstr;
using Held = std::vector<runtime::HeldMemory>;

TEST(MemorySetting, is_an_amount_with_a_unit_or_bytes) {
  EXPECT_EQ(parse_memory("").value(), 0U);
  EXPECT_EQ(parse_memory("123456").value(), 123456U);
  EXPECT_EQ(parse_memory("8GB").value(), 8'000'000'000U);
  EXPECT_EQ(parse_memory("1.5 GiB").value(), 1'610'612'736U);
  EXPECT_EQ(parse_memory("900MB").value(), 900'000'000U);
  for (const char* text : {"much", "-1GB", "0", "1e30", "nan", "8 gigabytes", "GB", "inf"})
    EXPECT_EQ(parse_memory(text).error().code(), ErrorCode::kUsage) << text;
}

TEST(MemoryLeft, is_less_what_engines_were_promised_and_have_not_taken) {
  EXPECT_EQ(memory_left(1000, 0, {}), 1000U);
  const Held two = {{.name = "a", .planned = 300, .taken = 100}, {.name = "b", .planned = 500, .taken = 450}};
  EXPECT_EQ(memory_left(1000, 0, two), 750U);
  // One that took more than it was promised holds no promise.
  EXPECT_EQ(memory_left(1000, 0, Held{{.name = "c", .planned = 10, .taken = 400}}), 1000U);
  EXPECT_EQ(memory_left(200, 0, two), 1U);
}

TEST(MemoryLeft, is_within_the_limit_less_all_that_engines_have) {
  const Held two = {{.name = "a", .planned = 300, .taken = 100}, {.name = "b", .planned = 500, .taken = 600}};
  EXPECT_EQ(memory_left(100'000, 2000, two), 1100U);
  EXPECT_EQ(memory_left(1000, 2000, two), 800U);
  EXPECT_EQ(memory_left(100'000, 900, two), 1U);
}

TEST(MemoryLeft, is_unknown_only_where_nothing_is_known) {
  EXPECT_EQ(memory_left(0, 0, {}), 0U);
  EXPECT_EQ(memory_left(0, 500, {}), 500U);
}

TEST(Refusal, names_what_others_hold_and_who_could_give_it_back) {
  const Held two = {{.name = "small", .planned = 30'000'000, .taken = 10'000'000, .in_use = true},
                    {.name = "large", .planned = 500'000'000, .taken = 450'000'000, .in_use = true}};
  const Error told = with_holders(Error::exhausted("900 MB are needed, 100 MB are free").hint("take a smaller model"),
                                  "new", 1'000'000'000, two);
  EXPECT_EQ(told.code(), ErrorCode::kExhausted);
  EXPECT_EQ(
      told.message(),
      "'new' does not fit into the memory: 900 MB are needed, 100 MB are free; the setting memory allows 1000 MB; "
      "loaded: 'small' with 30 MB, in use, 'large' with 500 MB, in use");
  EXPECT_THAT(told.hint(), HasSubstr("'large' gives 500 MB back"));
  EXPECT_THAT(told.hint(), HasSubstr("raise the setting memory"));
  EXPECT_THAT(told.hint(), HasSubstr("take a smaller model"));
}

TEST(Refusal, for_another_reason_stays_as_it_is) {
  const Error error = Error::corrupt("broken").hint("get it anew");
  EXPECT_EQ(with_holders(error, "new", 5, {}), error);
}

}  // namespace
}  // namespace ingle::app
