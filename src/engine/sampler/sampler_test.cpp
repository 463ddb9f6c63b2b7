#include "engine/sampler/sampler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/sampler/exponential.h"
#include "engine/sampler/logprobs.h"
#include "engine/testing/toy_executor.h"

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

RC_GTEST_PROP(Sampler, takes_the_same_token_from_the_largest_logits_as_from_all, ()) {
  auto settings = any_settings();
  settings.mirostat = false;
  settings.top_k = *rc::gen::inRange(1, static_cast<int>(kVocab));
  settings.repeat_penalty = 1;
  settings.presence_penalty = settings.frequency_penalty = settings.dry_multiplier = 0;
  if (*rc::gen::arbitrary<bool>()) settings.temperature = 0;
  const auto wanted = static_cast<size_t>(settings.temperature <= 0 ? 1 : settings.top_k);
  const size_t n_biased = *rc::gen::inRange<size_t>(0, kVocab - wanted + 1);
  for (size_t i = 0; i < n_biased; ++i) {
    const float bias = *rc::gen::element(-kInf, -3.0F, -0.5F, 0.0F);
    settings.logit_bias.emplace_back(*rc::gen::inRange<int32_t>(0, kVocab), bias);
  }
  const Sampler sampler = sampler_of(settings);
  RC_ASSERT(sampler.top() == wanted + n_biased);
  SamplerScratch scratch;
  SamplerState state = sampler.initial_state();
  std::vector<backend::Scored> storage;
  std::vector<int32_t> history;
  for (size_t i = 0; i < 30; ++i) {
    const auto logits = logits_at(i);
    const auto expected = sampler.sample(logits, history, state, scratch);
    const auto of_best = sampler.sample_top(testing::top_of(logits, sampler.top(), storage), history, scratch);
    RC_ASSERT(of_best.has_value() == expected.has_value());
    if (!expected) {
      RC_ASSERT(of_best.error().message() == expected.error().message());
      break;
    }
    RC_ASSERT(*of_best == *expected);
    history.push_back(*expected);
  }
}

RC_GTEST_PROP(Sampler, under_a_mask_takes_the_token_that_bans_of_all_others_would_leave, ()) {
  auto settings = any_settings();
  if (*rc::gen::arbitrary<bool>()) settings.temperature = 0;
  if (*rc::gen::arbitrary<bool>()) {
    settings.mirostat = false;
    settings.repeat_penalty = 1;
    settings.presence_penalty = settings.frequency_penalty = settings.dry_multiplier = 0;
  }
  uint64_t allowed = *rc::gen::inRange<uint64_t>(1, uint64_t{1} << kVocab);
  auto banning = settings;
  for (size_t id = 0; id < kVocab; ++id) {
    if ((allowed >> id & 1) == 0) banning.logit_bias.emplace_back(static_cast<int32_t>(id), -kInf);
  }
  // As many as are left: a choice of so many is none.
  if (std::cmp_greater_equal(settings.top_k, std::popcount(allowed))) settings.top_k = banning.top_k = 0;
  const Sampler masked = sampler_of(settings);
  const Sampler banned = sampler_of(banning);
  SamplerScratch scratch;
  SamplerState state = masked.initial_state();
  SamplerState expected_state = state;
  std::vector<backend::Scored> storage;
  std::vector<int32_t> history;
  for (size_t i = 0; i < 30; ++i) {
    const auto logits = logits_at(i);
    backend::Output output{.values = logits};
    const uint32_t top = masked.top_under_mask();
    if (top > 0) output.top = testing::top_of(logits, std::min<uint32_t>(top, 6), storage).top;
    const auto id = masked.sample_allowed(output, history, state, scratch, {&allowed, 1});
    const auto expected = banned.sample(logits, history, expected_state, scratch);
    RC_ASSERT(id.has_value() && expected.has_value());
    RC_ASSERT((allowed >> *id & 1) == 1);
    RC_ASSERT(*id == *expected);
    RC_ASSERT(state == expected_state);
    history.push_back(*id);
  }
}

TEST(Sampler, needs_all_logits_where_more_than_the_largest_may_win) {
  chat::Sampling s;
  s.top_k = 20;
  EXPECT_EQ(sampler_of(s).top(), 20U);
  const auto with = [&](auto&& change) {
    chat::Sampling changed = s;
    change(changed);
    return sampler_of(changed).top();
  };
  EXPECT_EQ(with([](auto& c) { c.top_k = 0; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.top_k = kVocab; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.mirostat = true; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.repeat_penalty = 1.1F; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.presence_penalty = -1; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.dry_multiplier = 1; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.logit_bias = {{3, 1.0F}}; }), 0U);
  EXPECT_EQ(with([](auto& c) { c.logit_bias = {{3, -1.0F}, {4, -kInf}}; }), 22U);
  EXPECT_EQ(with([](auto& c) { c.temperature = 0; }), 1U);
  const auto large = Sampler::create(s, 100000, {});
  ASSERT_TRUE(large);
  EXPECT_EQ(large->top(), 20U);
  s.top_k = static_cast<int32_t>(backend::kMaxTop) + 1;
  EXPECT_EQ(Sampler::create(s, 100000, {})->top(), 0U);
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
  chat::Sampling greedy;
  greedy.temperature = 0;
  const Sampler of_best = sampler_of(greedy);
  std::vector<backend::Scored> storage;
  auto damaged = logits_at(0);
  damaged[3] = damaged[30] = std::numeric_limits<float>::quiet_NaN();
  for (const auto& logits : {damaged, std::vector<float>(kVocab, -kInf)}) {
    const auto all = of_best.sample(logits, {}, state, scratch);
    const auto best = of_best.sample_top(testing::top_of(logits, 1, storage), {}, scratch);
    ASSERT_FALSE(best.has_value());
    EXPECT_EQ(best.error().message(), all.error().message());
  }
  const std::vector<float> none(kVocab, -kInf);
  EXPECT_FALSE(sampler.sample(none, {}, state, scratch).has_value());
}

TEST(Sampler, does_not_blame_the_request_for_a_mask_without_tokens) {
  const std::vector<uint64_t> nothing((kVocab + 63) / 64, 0);
  SamplerScratch scratch;
  SamplerState state;
  const auto id = sampler_of({}).sample(logits_at(0), {}, state, scratch, nothing);
  ASSERT_FALSE(id.has_value());
  EXPECT_EQ(id.error().code(), ErrorCode::kInternal);
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

  // All that the model thinks possible, which is less than the vocabulary.
  settings.temperature = 0;
  settings.logit_bias = {{4, -kInf}, {9, -kInf}};
  std::vector<float> logits(kVocab, -kInf);
  logits[4] = logits[9] = 1;
  std::vector<backend::Scored> storage;
  const Sampler greedy = sampler_of(settings);
  ASSERT_EQ(greedy.top(), 3U);
  const auto of_best = greedy.sample_top(testing::top_of(logits, 3, storage), {}, scratch);
  ASSERT_FALSE(of_best.has_value());
  EXPECT_EQ(of_best.error().message(), greedy.sample(logits, {}, state, scratch).error().message());
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
