// Every filter against a plain computation of its definition over sorted probabilities in double.
#include "engine/sampler/filters.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

namespace ingle::engine {
namespace {

using Ids = std::set<int32_t>;

std::vector<float> logits_of(const std::vector<int>& tenths) {
  std::vector<float> logits;
  logits.reserve(tenths.size());
  for (const int t : tenths)
    logits.push_back(static_cast<float>(t % 200) * 0.1F);
  return logits;
}

Candidates all_of(const std::vector<float>& logits) {
  Candidates c;
  select_top_k(logits, 0, c);
  return c;
}

Ids ids_of(const Candidates& candidates) {
  Ids ids;
  for (const Candidate& c : candidates.items)
    ids.insert(c.id);
  return ids;
}

std::vector<double> probabilities(const std::vector<float>& logits) {
  double total = 0;
  std::vector<double> p;
  p.reserve(logits.size());
  for (const float l : logits)
    total += std::exp(static_cast<double>(l));
  for (const float l : logits)
    p.push_back(std::exp(static_cast<double>(l)) / total);
  return p;
}

std::vector<int32_t> by_probability(const std::vector<float>& logits) {
  std::vector<int32_t> order(logits.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](int32_t a, int32_t b) {
    const float la = logits[static_cast<size_t>(a)];
    const float lb = logits[static_cast<size_t>(b)];
    return la > lb || (la == lb && a < b);
  });
  return order;
}

RC_GTEST_PROP(TopK, keeps_the_most_likely_with_ties_by_lower_id, (const std::vector<int>& tenths)) {
  RC_PRE(!tenths.empty());
  const auto logits = logits_of(tenths);
  const auto order = by_probability(logits);
  const auto k = *rc::gen::inRange<int32_t>(1, static_cast<int32_t>(logits.size()) + 3);
  Candidates c;
  select_top_k(logits, k, c);
  const auto n = std::min<size_t>(static_cast<size_t>(k), logits.size());
  RC_ASSERT(ids_of(c) == Ids(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(n)));
  if (c.sorted) {
    for (size_t i = 0; i < n; ++i)
      RC_ASSERT(c.items[i].id == order[i]);
  }
}

RC_GTEST_PROP(TopP, keeps_the_shortest_prefix_that_reaches_p, (const std::vector<int>& tenths)) {
  RC_PRE(!tenths.empty());
  const auto logits = logits_of(tenths);
  const float p = static_cast<float>(*rc::gen::inRange(0, 100)) / 100.0F + 0.00371F;
  auto c = all_of(logits);
  filter_top_p(c, p);
  const auto probs = probabilities(logits);
  double sum = 0;
  Ids expected;
  for (const int32_t id : by_probability(logits)) {
    // Rounding may decide a tie at the border; such cases say nothing.
    if (std::abs(sum - static_cast<double>(p)) < 1e-6) RC_DISCARD();
    if (!expected.empty() && sum >= static_cast<double>(p)) break;
    sum += probs[static_cast<size_t>(id)];
    expected.insert(id);
  }
  RC_ASSERT(ids_of(c) == expected);
}

TEST(TopP, sorts_no_more_than_it_needs_and_still_finds_a_long_nucleus) {
  const std::vector<float> flat(5000, 1.0F);
  auto c = all_of(flat);
  filter_top_p(c, 0.5F);
  EXPECT_NEAR(static_cast<double>(c.items.size()), 2500, 2);
  EXPECT_EQ(*ids_of(c).begin(), 0);
}

RC_GTEST_PROP(MinP, keeps_what_is_likely_enough_beside_the_best, (const std::vector<int>& tenths)) {
  RC_PRE(!tenths.empty());
  const auto logits = logits_of(tenths);
  const float p = static_cast<float>(*rc::gen::inRange(1, 100)) / 100.0F + 0.00371F;
  auto c = all_of(logits);
  filter_min_p(c, p);
  const auto probs = probabilities(logits);
  const double best = *std::max_element(probs.begin(), probs.end());
  Ids expected;
  for (size_t i = 0; i < probs.size(); ++i) {
    if (std::abs(probs[i] / best - static_cast<double>(p)) < 1e-5) RC_DISCARD();
    if (probs[i] >= static_cast<double>(p) * best) expected.insert(static_cast<int32_t>(i));
  }
  RC_ASSERT(ids_of(c) == expected);
}

RC_GTEST_PROP(MinP, keeps_fewer_the_higher_it_is, (const std::vector<int>& tenths)) {
  RC_PRE(!tenths.empty());
  const auto logits = logits_of(tenths);
  const int low = *rc::gen::inRange(0, 100);
  const int high = *rc::gen::inRange(low, 101);
  auto loose = all_of(logits);
  auto strict = all_of(logits);
  filter_min_p(loose, static_cast<float>(low) / 100.0F);
  filter_min_p(strict, static_cast<float>(high) / 100.0F);
  const auto a = ids_of(loose);
  const auto b = ids_of(strict);
  RC_ASSERT(!b.empty());
  RC_ASSERT(std::includes(a.begin(), a.end(), b.begin(), b.end()));
}

RC_GTEST_PROP(Typical, keeps_the_least_surprising_surprises, (const std::vector<int>& tenths)) {
  RC_PRE(!tenths.empty());
  const auto logits = logits_of(tenths);
  const std::set<float> distinct(logits.begin(), logits.end());
  RC_PRE(distinct.size() == logits.size());  // order among equals is not part of the definition
  const float p = static_cast<float>(*rc::gen::inRange(1, 100)) / 100.0F - 0.00371F;
  const auto probs = probabilities(logits);
  double entropy = 0;
  for (const double q : probs)
    entropy -= q * std::log(q);
  std::vector<std::pair<double, int32_t>> order;
  order.reserve(probs.size());
  for (size_t i = 0; i < probs.size(); ++i) {
    order.emplace_back(std::abs(-std::log(probs[i]) - entropy), static_cast<int32_t>(i));
  }
  std::sort(order.begin(), order.end());
  for (size_t i = 1; i < order.size(); ++i) {
    if (order[i].first - order[i - 1].first < 1e-4) RC_DISCARD();
  }
  double sum = 0;
  Ids expected;
  for (const auto& [distance, id] : order) {
    if (std::abs(sum - static_cast<double>(p)) < 1e-5) RC_DISCARD();
    if (sum > static_cast<double>(p)) break;
    sum += probs[static_cast<size_t>(id)];
    expected.insert(id);
  }
  auto c = all_of(logits);
  filter_typical(c, p);
  RC_ASSERT(ids_of(c) == expected);
}

TEST(Xtc, removes_all_top_choices_but_the_least_likely) {
  // 0.4, 0.3, 0.2, 0.1
  const std::vector<float> logits = {std::log(0.2F), std::log(0.4F), std::log(0.1F), std::log(0.3F)};
  auto c = all_of(logits);
  filter_xtc(c, 0.15F);
  EXPECT_EQ(ids_of(c), (Ids{0, 2}));
  c = all_of(logits);
  filter_xtc(c, 0.25F);
  EXPECT_EQ(ids_of(c), (Ids{0, 2, 3}));
}

TEST(Xtc, does_nothing_when_one_choice_or_none_reaches_the_threshold) {
  const std::vector<float> logits = {std::log(0.6F), std::log(0.2F), std::log(0.2F)};
  for (const float threshold : {0.45F, 0.3F, 0.51F}) {
    auto c = all_of(logits);
    filter_xtc(c, threshold);
    EXPECT_EQ(c.items.size(), 3U) << threshold;
  }
  const std::vector<float> flat(10, 0.0F);
  auto c = all_of(flat);
  filter_xtc(c, 0.2F);
  EXPECT_EQ(c.items.size(), 10U);
}

TEST(Xtc, never_leaves_only_banned_tokens) {
  const std::vector<float> logits = {1.0F, -std::numeric_limits<float>::infinity(), 0.0F};
  auto c = all_of(logits);
  filter_xtc(c, 0.0F);
  EXPECT_TRUE(ids_of(c).contains(2));
}

TEST(Temperature, scales_distances_from_the_best) {
  auto c = all_of({1, 3, 2});
  apply_temperature(c, 0.5F);
  EXPECT_EQ(c.items[0].logit, -4);
  EXPECT_EQ(c.items[1].logit, 0);
  EXPECT_EQ(c.items[2].logit, -2);
}

TEST(Temperature, as_small_as_a_float_can_be_leaves_the_best_token_only) {
  auto c = all_of({1, 3, 2});
  apply_temperature(c, std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(draw(c, 0.999999), 1);
  EXPECT_EQ(draw(c, 0), 1);
}

TEST(Mirostat, keeps_tokens_of_at_most_mu_bits) {
  // 2, 2, 3 and 4 bits and the rest
  const std::vector<float> logits = {std::log(0.25F), std::log(0.25F), std::log(0.125F), std::log(0.0625F),
                                     std::log(0.3125F)};
  auto c = all_of(logits);
  filter_mirostat(c, 3.01F);
  EXPECT_EQ(ids_of(c), (Ids{0, 1, 2, 4}));
  c = all_of(logits);
  filter_mirostat(c, 0.5F);
  EXPECT_EQ(ids_of(c), (Ids{4}));
}

TEST(Mirostat, moves_mu_against_the_surprise_among_what_was_left) {
  auto c = all_of({std::log(0.25F), std::log(0.25F), std::log(0.5F)});
  EXPECT_NEAR(updated_mu(c, 0, 10.0F, 5.0F, 0.1F), 10.0F - 0.1F * (2.0F - 5.0F), 1e-5);
}

RC_GTEST_PROP(Draw, follows_the_probabilities, ()) {
  const auto tenths = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<int>>());
  const auto logits = logits_of(tenths);
  const auto probs = probabilities(logits);
  const double u = static_cast<double>(*rc::gen::inRange(0, 1000000)) / 1e6;
  const auto c = all_of(logits);
  const int32_t id = draw(c, u);
  double before = 0;
  for (int32_t i = 0; i < id; ++i)
    before += probs[static_cast<size_t>(i)];
  RC_ASSERT(u >= before - 1e-9);
  RC_ASSERT(u <= before + probs[static_cast<size_t>(id)] + 1e-9);
}

}  // namespace
}  // namespace ingle::engine
