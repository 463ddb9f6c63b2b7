#include "app/memory_budget.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "chat/errors.h"

namespace ingle::app {
namespace {

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

uint64_t left(uint64_t available, uint64_t limit, const Held& held) {
  return memory_room({.available = available, .total = 200'000}, limit, held).now;
}

TEST(MemoryRoom, is_less_what_engines_were_promised_and_have_not_taken) {
  EXPECT_EQ(left(1000, 0, {}), 1000U);
  const Held two = {{.name = "a", .planned = 300, .taken = 100}, {.name = "b", .planned = 500, .taken = 450}};
  EXPECT_EQ(left(1000, 0, two), 750U);
  // One that took more than it was promised holds no promise.
  EXPECT_EQ(left(1000, 0, Held{{.name = "c", .planned = 10, .taken = 400}}), 1000U);
  EXPECT_EQ(left(200, 0, two), 1U);
}

TEST(MemoryRoom, is_within_the_limit_less_all_that_engines_have) {
  const Held two = {{.name = "a", .planned = 300, .taken = 100}, {.name = "b", .planned = 500, .taken = 600}};
  EXPECT_EQ(left(100'000, 2000, two), 1100U);
  EXPECT_EQ(left(1000, 2000, two), 800U);
  EXPECT_EQ(left(100'000, 900, two), 1U);
}

TEST(MemoryRoom, is_unknown_only_where_nothing_is_known) {
  EXPECT_EQ(memory_room({}, 0, {}).now, 0U);
  EXPECT_EQ(memory_room({}, 0, {}).ever, 0U);
  EXPECT_EQ(memory_room({}, 500, {}).now, 500U);
  EXPECT_EQ(memory_room({}, 500, {}).ever, 500U);
}

TEST(MemoryRoom, that_there_can_ever_be_is_what_the_setting_or_the_machine_allows_whatever_is_loaded) {
  const Held one = {{.name = "a", .planned = 300, .taken = 100}};
  EXPECT_EQ(memory_room({.available = 1000, .total = 4000}, 0, one).ever, 4000U);
  EXPECT_EQ(memory_room({.available = 1000, .total = 4000}, 900, one).ever, 900U);
  EXPECT_EQ(memory_room({.available = 1000, .total = 4000}, 9000, one).ever, 4000U);
}

constexpr uint64_t kMega = 1'000'000;

TEST(Refusal, names_what_others_hold_and_who_could_give_it_back) {
  const Held two = {{.name = "small", .planned = 30 * kMega, .taken = 10 * kMega, .in_use = true},
                    {.name = "large", .planned = 500 * kMega, .taken = 450 * kMega, .in_use = true}};
  const auto refused = Error::exhausted("900 MB are needed, 470 MB are free").hint("take a smaller model");
  const Error limited = explained(
      refused, "new", memory_room({.available = 9000 * kMega, .total = 9000 * kMega}, 1000 * kMega, two), two);
  EXPECT_EQ(limited.code(), ErrorCode::kExhausted);
  EXPECT_EQ(
      limited.message(),
      "'new' does not fit into the memory: 900 MB are needed, 470 MB are free; the setting memory allows 1000 MB; "
      "loaded: 'small' with 30 MB, in use, 'large' with 500 MB, in use");
  EXPECT_EQ(limited.hint(),
            "wait for 'large', which gives 500 MB back when its answers have ended, or raise the setting memory "
            "(INGLE_MEMORY), or take a smaller model");
  // Where the machine is short, the setting is no help.
  const Error full =
      explained(refused, "new", memory_room({.available = 500 * kMega, .total = 9000 * kMega}, 8000 * kMega, two), two);
  EXPECT_EQ(full.hint(),
            "wait for 'large', which gives 500 MB back when its answers have ended, or end other programs, or take a "
            "smaller model");
}

TEST(Refusal, for_good_names_the_setting_alone_that_forbids_it) {
  const auto never = chat::out_of_reach("900 MB are needed", "300 MB").hint("take a smaller model");
  const Held held = {{.name = "small", .planned = 30 * kMega, .taken = 0, .in_use = true}};
  const Error limited =
      explained(never, "new", memory_room({.available = 9000 * kMega, .total = 9000 * kMega}, 300 * kMega, held), held);
  EXPECT_EQ(limited.code(), ErrorCode::kRefused);
  EXPECT_EQ(limited.message(),
            "'new' does not fit into the memory: 900 MB are needed, 300 MB are all that there can be; the setting "
            "memory allows 300 MB");
  EXPECT_EQ(limited.hint(), "raise the setting memory (INGLE_MEMORY), or take a smaller model");
  const Error machine =
      explained(never, "new", memory_room({.available = 200 * kMega, .total = 300 * kMega}, 0, held), held);
  EXPECT_EQ(machine.message(),
            "'new' does not fit into the memory: 900 MB are needed, 300 MB are all that there can be");
  EXPECT_EQ(machine.hint(), "take a smaller model");
}

TEST(Refusal, for_another_reason_stays_as_it_is) {
  const Error error = Error::corrupt("broken").hint("get it anew");
  EXPECT_EQ(explained(error, "new", {}, {}), error);
}

}  // namespace
}  // namespace ingle::app
