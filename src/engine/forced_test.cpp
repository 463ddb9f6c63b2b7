// Text that a schema leaves no choice about is said without the model; what the model is asked, and what it answers, stays
// the same in company, with drafts, with log-probabilities and after preemption.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <nlohmann/json.hpp>

#include "engine/batch_engine.h"
#include "engine/testing/toy_engine.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using testing::anything;
using testing::ToyExecutor;
using Json = nlohmann::json;

// In the byte alphabet; 0x20 is spelled U+0120.
const std::vector<std::string> kMerges = {"a b", "ab c", "\" :", "\xC4\xA0 \"", "\xC4\xA0\" x"};
constexpr int32_t kAbc = 257;
constexpr int32_t kSpaceQuote = 259;
constexpr int32_t kSpaceQuoteX = 260;
constexpr uint32_t kVocab = ToyExecutor::kVocab + 5;

testing::ToyEngine make_toy(ToyExecutor::Logits logits = testing::anything, bool speculate = true,
                            uint32_t n_pages = 1024, uint32_t context = 2000) {
  return testing::make_toy_engine({.logits = std::move(logits),
                                   .n_pages = n_pages,
                                   .context = context,
                                   .max_sequences = 4,
                                   .speculate = speculate,
                                   .merges = kMerges,
                                   .n_vocab = kVocab});
}

constexpr const char* kRecord =
    R"({"type":"object","properties":{"abcabc":{"type":"string"},"a number that is long":{"type":"integer",
        "minimum":0,"maximum":9},"abc":{"enum":["abcabc","abcdef"]}},
        "required":["abcabc","a number that is long","abc"],"additionalProperties":false})";

chat::CompleteRequest request_for(std::string schema, uint64_t seed = 0, int32_t max_tokens = 150) {
  chat::CompleteRequest request;
  request.prompt = chat::RawPrompt{chat::Private("go")};
  request.sampling.temperature = 1.0F;
  request.sampling.seed = seed;
  request.max_tokens = max_tokens;
  request.json_schema = std::move(schema);
  return request;
}

struct Answer {
  std::string text;
  std::vector<int32_t> ids;
  std::vector<float> logprobs;
  std::string stop_text;
  std::string error;
  chat::FinishReason reason{};
  bool looped = false;
  uint32_t completion_tokens = 0;
  uint32_t prompt_tokens = 0;
  friend bool operator==(const Answer&, const Answer&) = default;
};

Answer run(BatchEngine& engine, const chat::CompleteRequest& request) {
  Answer answer;
  const auto finished = chat::complete_and_wait(engine, request, [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    answer.text += delta->text;
    for (const chat::TokenInfo& token : delta->tokens) {
      answer.ids.push_back(token.chosen.id);
      answer.logprobs.push_back(token.chosen.logprob);
    }
  });
  if (finished) {
    answer.stop_text = finished->stop_text;
    answer.reason = finished->reason;
    answer.looped = finished->looped;
    answer.completion_tokens = finished->usage.completion_tokens;
    answer.prompt_tokens = finished->usage.prompt_tokens;
  } else {
    answer.error = finished.error().message();
  }
  return answer;
}

TEST(ForcedText, a_document_without_a_choice_needs_no_step) {
  const testing::ToyEngine toy = make_toy();
  const Answer answer = run(*toy.engine, request_for(R"({"const":"abc def"})"));
  EXPECT_EQ(answer.text, R"("abc def")");
  EXPECT_EQ(answer.reason, chat::FinishReason::kStop);
  EXPECT_EQ(answer.completion_tokens, 7U);  // " abc _ d e f "
  EXPECT_EQ(answer.prompt_tokens, 2U);
  EXPECT_EQ(toy.executor->seen().steps, 0U);
}

TEST(ForcedText, keys_take_no_step_and_are_part_of_the_count) {
  const testing::ToyEngine toy = make_toy();
  uint32_t n_tokens = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Answer answer = run(*toy.engine, request_for(kRecord, seed));
    ASSERT_EQ(answer.error, "");
    EXPECT_EQ(Json::parse(answer.text).size(), 3U) << answer.text;
    n_tokens += answer.completion_tokens;
  }
  EXPECT_LT(toy.executor->seen().steps * 4, n_tokens * 3);
}

TEST(ForcedText, is_written_as_the_tokenizer_writes_it) {
  const testing::ToyEngine toy = make_toy();
  auto request = request_for(R"({"const":"abcabc"})");
  request.logprobs = 0;
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.ids, (std::vector<int32_t>{'"', kAbc, kAbc, '"'}));
  for (const float logprob : answer.logprobs)
    EXPECT_LT(logprob, 0);
}

TEST(ForcedText, leaves_its_last_token_to_a_model_that_wants_a_longer_one) {
  const auto likes = [](int32_t token) {
    return [token](std::span<const int32_t> text, std::span<float> logits) {
      anything(text, logits);
      logits[static_cast<size_t>(token)] = 100;
    };
  };
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"abc":{"type":"string","minLength":2,"maxLength":2}},"required":["abc"],
          "additionalProperties":false})";
  for (const int32_t liked : {kSpaceQuoteX, kSpaceQuote}) {
    for (const bool speculate : {false, true}) {
      const testing::ToyEngine toy = make_toy(likes(liked), speculate);
      auto request = request_for(kSchema);
      request.sampling.temperature = 0;
      request.logprobs = 0;
      const Answer answer = run(*toy.engine, request);
      EXPECT_THAT(answer.ids, ::testing::Contains(liked));
      EXPECT_TRUE(Json::parse(answer.text)["abc"].is_string());
    }
  }
}

TEST(ForcedText, answers_are_the_same_with_and_without_drafts_and_log_probabilities) {
  const testing::ToyEngine plain = make_toy(anything, false);
  const testing::ToyEngine drafting = make_toy(anything, true);
  for (uint64_t seed = 0; seed < 30; ++seed) {
    auto request = request_for(kRecord, seed);
    request.sampling.temperature = seed % 4 == 0 ? 0.0F : 1.0F;
    request.sampling.top_k = seed % 3 == 0 ? 20 : 0;
    request.sampling.top_p = seed % 5 == 0 ? 0.9F : 1.0F;
    request.sampling.repeat_penalty = seed % 7 == 0 ? 1.2F : 1.0F;
    request.sampling.mirostat = seed % 11 == 5;
    const Answer expected = run(*plain.engine, request);
    EXPECT_EQ(run(*drafting.engine, request), expected) << seed;
    request.logprobs = 0;
    const Answer told = run(*plain.engine, request);
    EXPECT_EQ(told.text, expected.text) << seed;
    EXPECT_EQ(told.ids.size(), told.completion_tokens);
    EXPECT_EQ(told.completion_tokens, expected.completion_tokens);
    EXPECT_EQ(told.reason, expected.reason);
    EXPECT_EQ(run(*drafting.engine, request), told) << seed;
  }
}

TEST(ForcedText, log_probabilities_are_those_that_scoring_the_answer_gives) {
  const testing::ToyEngine toy = make_toy();
  auto request = request_for(kRecord, 3);
  request.logprobs = 0;
  const Answer answer = run(*toy.engine, request);
  std::vector<int32_t> all = {'g', 'o'};
  all.insert(all.end(), answer.ids.begin(), answer.ids.end());
  EXPECT_EQ(toy.engine->score({.tokens = all, .first = 2}).value(), answer.logprobs);
}

TEST(ForcedText, a_stop_string_and_the_limit_end_within_it) {
  const testing::ToyEngine toy = make_toy();
  for (const char* stop : {"abc", "number that", "long\":", "\"a"}) {
    for (const int32_t logprobs : {-1, 0}) {
      auto request = request_for(kRecord, 1);
      request.stop = {stop};
      request.logprobs = logprobs;
      const Answer answer = run(*toy.engine, request);
      EXPECT_EQ(answer.stop_text, stop);
      EXPECT_FALSE(answer.text.contains(stop));
      EXPECT_TRUE(answer.text.starts_with('{'));
    }
  }
  const Answer refused = run(*toy.engine, request_for(kRecord, 0, 30));
  EXPECT_NE(refused.error, "");
  for (int32_t most = 90; most < 110; ++most) {
    const Answer answer = run(*toy.engine, request_for(kRecord, static_cast<uint64_t>(most), most));
    ASSERT_EQ(answer.error, "");
    EXPECT_EQ(Json::parse(answer.text).size(), 3U);
    EXPECT_LE(answer.completion_tokens, static_cast<uint32_t>(most));
  }
}

TEST(ForcedText, a_banned_token_is_not_forced) {
  const testing::ToyEngine toy = make_toy();
  auto request = request_for(R"({"const":"abcabc"})");
  request.sampling.logit_bias = {{kAbc, -std::numeric_limits<float>::infinity()}};
  request.logprobs = 0;
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "\"abcabc\"");
  EXPECT_THAT(answer.ids, ::testing::Not(::testing::Contains(kAbc)));
}

TEST(ForcedText, answers_are_the_same_in_company_and_after_preemption) {
  const testing::ToyEngine roomy = make_toy();
  std::vector<chat::CompleteRequest> requests;
  for (uint64_t seed = 0; seed < 8; ++seed) {
    requests.push_back(request_for(seed % 3 == 0 ? "" : kRecord, seed, 100));
    requests.back().logprobs = seed % 4 == 1 ? 0 : -1;
  }
  std::vector<Answer> alone;
  for (const auto& request : requests)
    alone.push_back(run(*roomy.engine, request));
  const testing::ToyEngine crowded = make_toy(anything, true, 60, 150);
  std::vector<std::future<Answer>> answers;
  for (const auto& request : requests)
    answers.push_back(std::async(std::launch::async, [&crowded, &request] { return run(*crowded.engine, request); }));
  for (size_t i = 0; i < answers.size(); ++i)
    EXPECT_EQ(answers[i].get(), alone[i]) << i;
  EXPECT_GT(crowded.executor->seen().sequences, 1U);
}

TEST(ForcedText, a_cancelled_request_shows_what_it_had_said) {
  const testing::ToyEngine toy = make_toy();
  auto request = request_for(R"({"type":"object","properties":{"abc":{"type":"array","items":{"type":"string"},
                                 "minItems":50}},"required":["abc"],"additionalProperties":false})",
                             0, 1500);
  request.id = "mine";
  std::string text;
  const auto finished = chat::complete_and_wait(*toy.engine, request, [&](const chat::Event& event) {
    if (const auto* delta = std::get_if<chat::Delta>(&event)) {
      text += delta->text;
      toy.engine->cancel("mine");
    }
  });
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->reason, chat::FinishReason::kCancelled);
  EXPECT_TRUE(text.starts_with("{\"abc\":")) << text;
}

/// Says "xy" for ever where it may.
void stammer(std::span<const int32_t> text, std::span<float> logits) {
  anything(text, logits);
  logits[text.back() == 'x' ? 'y' : 'x'] = 50;
  logits['0'] = 40;
  logits[','] = 45;
}

TEST(Loops, an_answer_that_repeats_itself_is_led_to_its_end_and_called_cut) {
  for (const char* schema : {R"({"type":"string"})", R"({"type":"array","items":{"type":"integer"}})",
                             R"({"type":"object","properties":{"abc":{"type":"string"},"x":{"type":"integer"}},
                                 "required":["abc","x"],"additionalProperties":false})"}) {
    const testing::ToyEngine toy = make_toy(stammer);
    auto request = request_for(schema, 0, -1);
    request.sampling.temperature = 0;
    const Answer answer = run(*toy.engine, request);
    EXPECT_EQ(answer.error, "");
    EXPECT_EQ(answer.reason, chat::FinishReason::kLength) << schema;
    EXPECT_TRUE(answer.looped) << schema;
    EXPECT_TRUE(Json::accept(answer.text)) << answer.text;
    EXPECT_LT(answer.completion_tokens, 1200U);
  }
}

TEST(Loops, a_request_without_a_schema_may_repeat_itself) {
  const testing::ToyEngine toy = make_toy(stammer);
  auto request = request_for("", 0, 1000);
  request.sampling.temperature = 0;
  EXPECT_EQ(run(*toy.engine, request).completion_tokens, 1000U);
}

TEST(Loops, whatever_is_unbounded_ends_at_a_high_temperature_without_a_token_limit) {
  const testing::ToyEngine toy = make_toy(anything, true, 1024, 600);
  for (const char* schema : {R"({"type":"string"})", R"({"type":"number"})", R"({"type":"integer"})",
                             R"({"type":"array","items":{"type":"string"}})", R"({})"}) {
    for (uint64_t seed = 0; seed < 10; ++seed) {
      auto request = request_for(schema, seed, -1);
      request.sampling.temperature = 1.5F;
      const Answer answer = run(*toy.engine, request);
      EXPECT_EQ(answer.error, "");
      EXPECT_TRUE(Json::accept(answer.text)) << answer.text;
    }
  }
}

TEST(LoopGuard, counts_rounds_of_any_period_up_to_its_limit) {
  for (const uint32_t period : {1U, 2U, 7U, 64U}) {
    LoopGuard guard;
    uint32_t n = 0;
    for (; !guard.loops() && n < 5000; ++n)
      guard.see(static_cast<int32_t>(n % period));
    EXPECT_EQ(n, std::max(LoopGuard::kLeastTokens, LoopGuard::kRounds * period));
  }
  LoopGuard guard;
  for (int32_t i = 0; i < 5000; ++i)
    guard.see(i % 65);
  EXPECT_FALSE(guard.loops());
}

}  // namespace
}  // namespace ingle::engine
