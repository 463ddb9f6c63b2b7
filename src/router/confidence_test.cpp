#include "router/confidence.h"

#include <gtest/gtest.h>

#include <cmath>

#include "router/testing/fakes.h"

namespace ingle::router {
namespace {

chat::TokenInfo step(const std::vector<std::pair<std::string, double>>& outcomes) {
  chat::TokenInfo info;
  for (const auto& [text, p] : outcomes)
    info.top.push_back({0, text, static_cast<float>(std::log(p))});
  info.chosen = info.top.front();
  return info;
}

double score_after(const std::vector<chat::TokenInfo>& steps, std::optional<double> verdict = {}) {
  Confidence confidence;
  for (const chat::TokenInfo& one : steps)
    confidence.add(one);
  if (verdict) confidence.add_verdict(*verdict);
  return confidence.score({});
}

TEST(Confidence, is_higher_the_surer_each_step_was) {
  const auto sure = step({{"Paris", 0.98}, {"Lyon", 0.01}});
  const auto unsure = step({{"Paris", 0.3}, {"Lyon", 0.25}, {"Nice", 0.2}});
  EXPECT_GT(score_after({sure, sure}), score_after({sure, unsure}));
  EXPECT_GE(score_after({sure, unsure}), score_after({unsure, unsure}));
}

TEST(Confidence, follows_the_model_s_own_verdict) {
  const auto token = step({{"Paris", 0.7}, {"Lyon", 0.2}});
  EXPECT_GT(score_after({token}, 0.95), score_after({token}, 0.5));
  EXPECT_GT(score_after({token}, 0.5), score_after({token}, 0.05));
}

TEST(Confidence, of_nothing_is_none) {
  EXPECT_EQ(score_after({}), 0);
  EXPECT_EQ(score_after({chat::TokenInfo{}}), 0);
}

TEST(Confidence, compares_a_word_with_words_of_its_kind_that_say_something_else) {
  Confidence letters;
  letters.add(step({{"B", 0.3}, {"The", 0.4}, {" B", 0.1}, {"**B", 0.1}, {"To", 0.1}}));
  EXPECT_NEAR(letters.features().first_alike, 0, 1e-6) << "B against B, and sentences that begin otherwise";
  EXPECT_GT(letters.features().first_entropy, 1);
  Confidence torn;
  torn.add(step({{"B", 0.4}, {"A", 0.4}, {"The", 0.2}}));
  EXPECT_NEAR(torn.features().first_alike, std::log(2), 1e-6);
}

TEST(Confidence, passes_over_what_says_nothing) {
  Confidence confidence;
  confidence.add(step({{"**", 0.5}, {"(", 0.5}}));
  EXPECT_EQ(confidence.features().first_alike, 0);
  confidence.add(step({{"12", 0.5}, {"13", 0.5}}));
  EXPECT_NEAR(confidence.features().first_alike, std::log(2), 1e-6);
}

TEST(Confidence, stays_a_probability_whatever_comes) {
  const double inf = std::numeric_limits<double>::infinity();
  for (const double p : {0.0, 1.0, 1e-30, 0.5}) {
    chat::TokenInfo odd = step({{"x", 0.5}});
    odd.top.front().logprob = static_cast<float>(p == 0.0 ? -inf : std::log(p));
    const double score = score_after(std::vector<chat::TokenInfo>(50, odd), p);
    EXPECT_GE(score, 0);
    EXPECT_LE(score, 1);
  }
}

TEST(Verdict, is_yes_against_no_in_any_spelling) {
  testing::FakeModel model;
  model.words = {" Yes"};
  model.logprob = std::log(0.75F);
  chat::ChatPrompt prompt;
  prompt.messages = {{"user", chat::Private("q"), {}, {}, {}}};
  chat::CompleteRequest request;
  request.prompt = std::move(prompt);
  EXPECT_EQ(ask_verdict(model, request, "a")->value(), 1) << "nothing said no";
  model.words = {"Perhaps"};
  EXPECT_FALSE(ask_verdict(model, request, "a")->has_value());
  request.prompt = chat::RawPrompt{};
  EXPECT_FALSE(ask_verdict(model, request, "a")->has_value());
}

}  // namespace
}  // namespace ingle::router
