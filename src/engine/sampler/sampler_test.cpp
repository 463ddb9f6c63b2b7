#include "engine/sampler/sampler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>

#include "engine/sampler/exponential.h"
#include "engine/sampler/logprobs.h"

namespace ingle::engine {
namespace {

constexpr size_t kVocab = 32;
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<float> logits_at(size_t position) {
  std::vector<float> logits;
  logits.reserve(kVocab);
  for (size_t i = 0; i < kVocab; ++i) {
    logits.push_back(static_cast<float>((i * 2654435761U + position * 40503U) % 97) / 12.0F);
  }
  return logits;
}

Sampler sampler_of(const chat::Sampling& settings) {
  auto sampler = Sampler::create(settings, kVocab, {});
  EXPECT_TRUE(sampler.has_value());
  return *sampler;
}

/// `n` tokens after `history`, with toy logits that depend on the position.
std::vector<int32_t> generate(const Sampler& sampler, std::vector<int32_t> history, SamplerState& state, size_t n) {
  SamplerScratch scratch;
  for (size_t i = 0; i < n; ++i) {
    const auto id = sampler.sample(logits_at(history.size()), history, state, scratch);
    EXPECT_TRUE(id.has_value());
    history.push_back(*id);
  }
  return history;
}

chat::Sampling any_settings() {
  const auto percent = [] { return static_cast<float>(*rc::gen::inRange(0, 101)) / 100.0F; };
  chat::Sampling s;
  s.temperature = percent() * 2;
  s.top_k = *rc::gen::inRange(-1, 40);
  s.top_p = percent();
  s.min_p = percent();
  s.typical_p = percent();
  s.repeat_last_n = *rc::gen::inRange(-1, 10);
  s.repeat_penalty = 0.5F + percent();
  s.presence_penalty = percent() - 0.5F;
  s.frequency_penalty = percent() - 0.5F;
  s.dry_multiplier = percent();
  s.xtc_probability = percent();
  s.xtc_threshold = percent();
  s.mirostat = *rc::gen::arbitrary<bool>();
  s.mirostat_tau = percent() * 10;
  s.seed = *rc::gen::arbitrary<uint64_t>();
  return s;
}

RC_GTEST_PROP(Sampler, never_picks_a_banned_token, ()) {
  auto settings = any_settings();
  const auto allowed = *rc::gen::inRange<int32_t>(0, kVocab);
  for (int32_t id = 0; id < static_cast<int32_t>(kVocab); ++id) {
    if (id % 5 != allowed % 5) settings.logit_bias.emplace_back(id, -kInf);
  }
  const Sampler sampler = sampler_of(settings);
  SamplerState state = sampler.initial_state();
  for (const int32_t id : generate(sampler, {}, state, 20))
    RC_ASSERT(id % 5 == allowed % 5);
}

RC_GTEST_PROP(Sampler, gives_the_same_bits_for_the_same_seed, ()) {
  const Sampler sampler = sampler_of(any_settings());
  SamplerState a = sampler.initial_state();
  SamplerState b = sampler.initial_state();
  RC_ASSERT(generate(sampler, {1, 2}, a, 30) == generate(sampler, {1, 2}, b, 30));
  RC_ASSERT(a == b);
}

RC_GTEST_PROP(Sampler, a_fork_and_a_rollback_continue_as_the_original_did, ()) {
  const Sampler sampler = sampler_of(any_settings());
  SamplerState state = sampler.initial_state();
  const auto half = generate(sampler, {}, state, 15);
  SamplerState forked = state;
  const auto whole = generate(sampler, half, state, 15);
  RC_ASSERT(generate(sampler, half, forked, 15) == whole);
  RC_ASSERT(forked == state);
}

TEST(Sampler, greedy_takes_the_lowest_id_among_equals) {
  chat::Sampling settings;
  settings.temperature = 0;
  std::vector<float> logits(kVocab, 1.0F);
  logits[7] = logits[9] = 2.0F;
  SamplerScratch scratch;
  SamplerState state;
  EXPECT_EQ(sampler_of(settings).sample(logits, {}, state, scratch), 7);
}

TEST(Sampler, draws_with_the_frequencies_of_the_softmax) {
  chat::Sampling settings;
  settings.temperature = 1;
  settings.seed = 11;
  const Sampler sampler = sampler_of(settings);
  std::vector<float> logits(kVocab, -kInf);
  logits[3] = std::log(0.7F);
  logits[4] = std::log(0.2F);
  logits[5] = std::log(0.1F);
  std::array<int, kVocab> counts{};
  SamplerScratch scratch;
  SamplerState state;
  std::vector<int32_t> history;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    const auto id = sampler.sample(logits, history, state, scratch);
    ASSERT_TRUE(id.has_value());
    ++counts[static_cast<size_t>(*id)];
    history.push_back(*id);
  }
  // Six standard deviations of the binomial.
  EXPECT_NEAR(counts[3], 2800, 174);
  EXPECT_NEAR(counts[4], 800, 152);
  EXPECT_NEAR(counts[5], 400, 114);
}

TEST(Sampler, reports_logits_that_are_not_numbers_as_the_models_fault) {
  const Sampler sampler = sampler_of({});
  SamplerScratch scratch;
  SamplerState state;
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), kInf}) {
    auto logits = logits_at(0);
    logits[3] = bad;
    const auto id = sampler.sample(logits, {}, state, scratch);
    ASSERT_FALSE(id.has_value());
    EXPECT_EQ(id.error().code(), ErrorCode::kCorrupt);
  }
  const std::vector<float> none(kVocab, -kInf);
  EXPECT_FALSE(sampler.sample(none, {}, state, scratch).has_value());
}

TEST(Sampler, says_so_when_everything_is_banned) {
  chat::Sampling settings;
  for (int32_t id = 0; id < static_cast<int32_t>(kVocab); ++id)
    settings.logit_bias.emplace_back(id, -kInf);
  SamplerScratch scratch;
  SamplerState state;
  const auto id = sampler_of(settings).sample(logits_at(0), {}, state, scratch);
  ASSERT_FALSE(id.has_value());
  EXPECT_EQ(id.error().code(), ErrorCode::kRefused);
}

TEST(Sampler, refuses_settings_that_are_not_numbers) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  chat::Sampling s;
  s.top_p = nan;
  EXPECT_EQ(Sampler::create(s, kVocab, {}).error().code(), ErrorCode::kUsage);
  s = {};
  s.repeat_penalty = 0;
  EXPECT_EQ(Sampler::create(s, kVocab, {}).error().code(), ErrorCode::kUsage);
  s = {};
  s.logit_bias = {{static_cast<int32_t>(kVocab), 1.0F}};
  EXPECT_EQ(Sampler::create(s, kVocab, {}).error().code(), ErrorCode::kUsage);
  s.logit_bias = {{0, nan}};
  EXPECT_EQ(Sampler::create(s, kVocab, {}).error().code(), ErrorCode::kUsage);
}

TEST(Logprobs, are_the_log_softmax_with_ties_by_lower_id) {
  const std::vector<float> logits = {std::log(0.2F), std::log(0.4F), std::log(0.2F), std::log(0.2F)};
  const double sum = log_sum_exp(logits);
  EXPECT_NEAR(sum, 0, 1e-6);
  const auto top = top_logprobs(logits, sum, 3);
  ASSERT_EQ(top.size(), 3U);
  EXPECT_EQ(top[0].first, 1);
  EXPECT_NEAR(top[0].second, std::log(0.4), 1e-6);
  EXPECT_EQ(top[1].first, 0);
  EXPECT_EQ(top[2].first, 2);
  EXPECT_EQ(top_logprobs(logits, sum, 100).size(), 4U);
  EXPECT_TRUE(top_logprobs(logits, sum, 0).empty());
}

RC_GTEST_PROP(Exponentials, sum_like_the_library_function, (const std::vector<int16_t>& hundredths)) {
  RC_PRE(!hundredths.empty());
  std::vector<float> values;
  for (const int16_t h : hundredths)
    values.push_back(static_cast<float>(h) / 100.0F);
  const float largest = *std::max_element(values.begin(), values.end());
  double expected = 0;
  for (const float v : values)
    expected += std::exp(static_cast<double>(v) - static_cast<double>(largest));
  RC_ASSERT(std::abs(sum_of_exponentials(values, largest) / expected - 1) < 1e-9);
}

TEST(Exponentials, leave_out_what_is_impossible) {
  const std::vector<float> values = {0.0F, -kInf, -1e30F, 0.0F};
  EXPECT_DOUBLE_EQ(sum_of_exponentials(values, 0.0F), 2.0);
}

}  // namespace
}  // namespace ingle::engine
