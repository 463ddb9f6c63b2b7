#include "engine/step_cost.h"

#include <gtest/gtest.h>

namespace ingle::engine {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

/// A model that reads its weights in 10 ms, multiplies a row in 0.5 ms where there are more than 16, and reads 20 keys in
/// a microsecond.
std::chrono::nanoseconds truth(const StepCost::Work& work, int slower = 1) {
  const auto rows = microseconds(std::max<uint32_t>(10'000, work.n_rows * 500));
  return slower * (rows + microseconds(work.n_keys / 20));
}

StepCost learned() {
  StepCost cost;
  for (int i = 0; i < 20; ++i) {
    for (const uint32_t rows : {1, 4, 40, 200, 500})
      cost.learn(StepCost::of_prompt(0, rows), truth(StepCost::of_prompt(0, rows)));
    cost.learn(StepCost::of_prompt(4000, 100), truth(StepCost::of_prompt(4000, 100)));
  }
  return cost;
}

void expect_near(std::chrono::nanoseconds found, std::chrono::nanoseconds wanted, double part) {
  const auto n = static_cast<double>(wanted.count());
  EXPECT_NEAR(static_cast<double>(found.count()), n, n * part);
}

TEST(StepCost, knows_nothing_at_first_and_allows_everything) {
  const StepCost cost;
  EXPECT_EQ(cost.expected({1, 1}), std::chrono::nanoseconds::max());
  EXPECT_EQ(cost.rows_within({}, 0, milliseconds(1), 16, 512), 512U);
  EXPECT_LT(cost.reach(), 512U);
}

TEST(StepCost, learns_the_rows_and_the_keys_of_a_model) {
  const StepCost cost = learned();
  for (const uint32_t rows : {1, 4, 40, 200, 500})
    expect_near(cost.expected(StepCost::of_prompt(0, rows)), truth(StepCost::of_prompt(0, rows)), 0.25);
  expect_near(cost.expected(StepCost::of_prompt(0, 120)), truth(StepCost::of_prompt(0, 120)), 0.35);
  expect_near(cost.expected(StepCost::of_prompt(4000, 100)), truth(StepCost::of_prompt(4000, 100)), 0.35);
}

TEST(StepCost, a_chunk_ends_about_when_it_should) {
  const StepCost cost = learned();
  const StepCost::Work answers{4, 4 * 1000};
  const uint32_t n = cost.rows_within(answers, 0, milliseconds(100), 16, 512);
  EXPECT_GT(n, 120U);
  EXPECT_LT(n, 280U);
  // Later in a prompt a row costs more, so there are fewer.
  EXPECT_LT(cost.rows_within(answers, 4000, milliseconds(100), 16, 512), n);
  EXPECT_GT(cost.rows_within({}, 0, milliseconds(200), 16, 512), n);
}

TEST(StepCost, the_least_and_the_most_hold_whatever_the_target_is) {
  const StepCost cost = learned();
  EXPECT_EQ(cost.rows_within({4, 4000}, 0, milliseconds(1), 16, 512), 16U);
  EXPECT_EQ(cost.rows_within({}, 0, std::chrono::hours(1), 16, 512), 512U);
  EXPECT_EQ(cost.rows_within({}, 0, milliseconds(1), 16, 5), 5U);
}

TEST(StepCost, follows_a_machine_that_becomes_slower_and_quick_again) {
  StepCost cost = learned();
  const auto work = StepCost::of_prompt(0, 200);
  for (int i = 0; i < 40; ++i)
    cost.learn(work, truth(work, 3));
  expect_near(cost.expected(work), truth(work, 3), 0.2);
  const uint32_t slow = cost.rows_within({}, 0, milliseconds(100), 16, 512);
  // Only small chunks are tried now: what is known of large ones fades.
  for (int i = 0; i < 300; ++i)
    cost.learn(StepCost::of_prompt(0, slow), truth(StepCost::of_prompt(0, slow)));
  EXPECT_GT(cost.rows_within({}, 0, milliseconds(100), 16, 512), slow + slow / 2);
}

TEST(StepCost, an_interrupted_step_changes_little) {
  StepCost cost = learned();
  const auto work = StepCost::of_prompt(0, 200);
  const auto before = cost.expected(work);
  cost.learn(work, std::chrono::seconds(60));
  EXPECT_LT(cost.expected(work), before * 3);
}

TEST(StepCost, more_rows_are_never_expected_to_take_less_time) {
  StepCost cost;
  cost.learn({64, 0}, milliseconds(90));
  cost.learn({200, 0}, milliseconds(50));
  EXPECT_GE(cost.expected({200, 0}), cost.expected({64, 0}));
  EXPECT_GE(cost.reach(), 400U);
}

}  // namespace
}  // namespace ingle::engine
