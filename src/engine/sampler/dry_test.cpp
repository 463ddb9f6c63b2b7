#include "engine/sampler/dry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>

namespace ingle::engine {
namespace {

constexpr size_t kVocab = 8;

std::vector<float> penalties_of(const Dry& dry, const DryBreakers& breakers, const std::vector<int32_t>& history) {
  std::vector<float> logits(kVocab, 0.0F);
  DryScratch scratch;
  apply_dry(dry, breakers, history, scratch, logits);
  for (float& l : logits)
    l = -l;
  return logits;
}

// The example of the proposal: after "a b c ... a b" the token c would make a repetition of two into three.
TEST(Dry, penalises_the_token_that_continues_a_repetition) {
  const auto p = penalties_of({0.8F, 1.75F, 2, -1}, {}, {1, 2, 3, 0, 1, 2});
  EXPECT_FLOAT_EQ(p[3], 0.8F);
  EXPECT_EQ(p[0], 0);
  EXPECT_EQ(p[1], 0);
}

TEST(Dry, grows_with_the_length_of_the_repetition) {
  const auto p = penalties_of({0.8F, 1.75F, 2, -1}, {}, {1, 2, 3, 4, 5, 0, 1, 2, 3, 4});
  EXPECT_NEAR(p[5], 0.8F * 1.75F * 1.75F, 1e-6);
}

TEST(Dry, a_breaker_ends_the_repetition) {
  const DryBreakers breaker = {{3, {{}}}};
  const auto p = penalties_of({0.8F, 1.75F, 2, -1}, breaker, {1, 2, 3, 4, 5, 0, 1, 2, 3, 4});
  EXPECT_EQ(p[5], 0);
}

TEST(Dry, a_breaker_itself_is_not_penalised) {
  const DryBreakers breaker = {{3, {{}}}};
  const auto p = penalties_of({0.8F, 1.75F, 2, -1}, breaker, {1, 2, 3, 0, 1, 2});
  EXPECT_EQ(p[3], 0);
}

TEST(Dry, a_breaker_of_several_tokens_counts_when_it_is_complete) {
  const std::vector<int32_t> history = {6, 7, 1, 2, 3, 0, 6, 7, 1, 2};
  const DryBreakers complete = {{6, {{7}}}};
  const DryBreakers other = {{6, {{5}}}};
  EXPECT_NEAR(penalties_of({1, 2, 2, -1}, complete, history)[3], 1, 1e-6);  // only "1 2" counts
  EXPECT_NEAR(penalties_of({1, 2, 2, -1}, other, history)[3], 4, 1e-6);     // "6 7 1 2" does
}

TEST(Dry, sees_only_its_window) {
  EXPECT_EQ(penalties_of({0.8F, 1.75F, 2, 5}, {}, {1, 2, 3, 0, 1, 2})[3], 0);
}

TEST(Dry, stays_finite_over_thousands_of_repetitions) {
  const std::vector<int32_t> history(4096, 1);
  const auto p = penalties_of({0.8F, 1.75F, 2, -1}, {}, history);
  EXPECT_TRUE(std::isfinite(p[1]));
  EXPECT_GT(p[1], 1e20F);
}

RC_GTEST_PROP(Dry, equals_the_quadratic_definition, (const std::vector<uint8_t>& bytes)) {
  std::vector<int32_t> history;
  history.reserve(bytes.size());
  for (const uint8_t b : bytes)
    history.push_back(b % 3);
  const int allowed = *rc::gen::inRange(1, 4);
  const bool with_breaker = *rc::gen::arbitrary<bool>();
  DryBreakers breakers;
  size_t limit = history.size();
  if (with_breaker) {
    breakers[2] = {{}};
    limit = 0;
    while (limit < history.size() && history[history.size() - 1 - limit] != 2)
      ++limit;
  }
  std::vector<float> expected(kVocab, 0.0F);
  for (size_t next = 1; next < history.size(); ++next) {  // history[next] continues what ends before it
    size_t length = 0;
    while (length < next && history[next - 1 - length] == history[history.size() - 1 - length])
      ++length;
    length = std::min(length, limit);
    const auto id = static_cast<size_t>(history[next]);
    if (length < static_cast<size_t>(allowed) || (with_breaker && id == 2)) continue;
    expected[id] = std::max(expected[id], std::pow(2.0F, static_cast<float>(static_cast<int>(length) - allowed)));
  }
  RC_ASSERT(penalties_of({1.0F, 2.0F, allowed, -1}, breakers, history) == expected);
}

}  // namespace
}  // namespace ingle::engine
