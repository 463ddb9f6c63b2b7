// Drafts change when an answer comes, never what it says: everything here is compared with an engine that makes none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <limits>
#include <mutex>
#include <thread>

#include "engine/batch_engine.h"
#include "engine/testing/toy_engine.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using testing::ToyExecutor;

constexpr size_t kPeriod = 13;

/// Repeats what stood kPeriod tokens ago, but for a surprise every dozen tokens.
void parrot(std::span<const int32_t> text, std::span<float> logits) {
  testing::babble(text, logits);
  if (text.size() < kPeriod || text.size() % 12 == 7) return;
  logits[static_cast<size_t>(text[text.size() - kPeriod])] = 6;
}

testing::ToyEngine make_toy(bool speculate, uint32_t n_pages = 256, uint32_t max_sequences = 6,
                            uint32_t context = 400) {
  return testing::make_toy_engine({.logits = parrot,
                                   .n_pages = n_pages,
                                   .context = context,
                                   .max_sequences = max_sequences,
                                   .speculate = speculate});
}

chat::CompleteRequest request_for(std::string text, int32_t max_tokens = 120) {
  chat::CompleteRequest request;
  request.prompt = chat::RawPrompt{chat::Private(std::move(text))};
  request.sampling.temperature = 0;
  request.max_tokens = max_tokens;
  request.logprobs = 2;
  request.ignore_eos = true;
  return request;
}

const std::string kPrompt = "abcdefghijklmabcdefghijklmabc";

struct Answer {
  std::string text;
  std::vector<float> logprobs;
  std::string stop_text;
  std::string error;
  chat::FinishReason reason{};
  chat::Usage usage;
  // What a client can tell apart.
  friend bool operator==(const Answer& a, const Answer& b) {
    return a.text == b.text && a.logprobs == b.logprobs && a.stop_text == b.stop_text && a.error == b.error &&
           a.reason == b.reason && a.usage.completion_tokens == b.usage.completion_tokens;
  }
};

Answer run(BatchEngine& engine, const chat::CompleteRequest& request) {
  Answer answer;
  const auto finished = chat::complete_and_wait(engine, request, [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    answer.text += delta->text;
    for (const chat::TokenInfo& token : delta->tokens)
      answer.logprobs.push_back(token.chosen.logprob);
  });
  if (finished) {
    answer.stop_text = finished->stop_text;
    answer.reason = finished->reason;
    answer.usage = finished->usage;
  } else {
    answer.error = finished.error().message();
  }
  return answer;
}

TEST(Speculation, gives_the_same_answer_in_fewer_steps) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  const Answer expected = run(*plain.engine, request_for(kPrompt));
  const Answer answer = run(*guessing.engine, request_for(kPrompt));
  EXPECT_EQ(answer, expected);
  EXPECT_EQ(expected.usage.drafted_tokens, 0U);
  EXPECT_GT(answer.usage.accepted_tokens, 60U);
  EXPECT_GT(answer.usage.drafted_tokens, answer.usage.accepted_tokens);  // the surprises
  EXPECT_LT(guessing.executor->seen().steps * 2, plain.executor->seen().steps);
}

TEST(Speculation, draws_the_same_tokens_whatever_the_settings_are) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  uint32_t accepted = 0;
  for (uint64_t seed = 0; seed < 24; ++seed) {
    auto request = request_for(kPrompt);
    request.sampling.seed = seed;
    request.sampling.temperature = seed % 4 == 0 ? 0.0F : 0.7F;
    request.sampling.top_k = seed % 3 == 0 ? 5 : 0;
    request.sampling.top_p = seed % 5 == 0 ? 0.9F : 1.0F;
    request.sampling.repeat_penalty = seed % 2 == 0 ? 1.05F : 1.0F;
    request.sampling.frequency_penalty = seed % 7 == 0 ? 0.02F : 0.0F;
    request.sampling.dry_multiplier = seed % 6 == 5 ? 0.1F : 0.0F;
    request.sampling.mirostat = seed % 8 == 3;
    const Answer answer = run(*guessing.engine, request);
    EXPECT_EQ(answer, run(*plain.engine, request)) << seed;
    accepted += answer.usage.accepted_tokens;
  }
  EXPECT_GT(accepted, 100U);
}

TEST(Speculation, an_answer_ends_within_a_draft_where_it_would_have_ended) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  const std::string whole = run(*plain.engine, request_for(kPrompt, 60)).text;
  for (int32_t n = 0; n <= 60; ++n)
    EXPECT_EQ(run(*guessing.engine, request_for(kPrompt, n)), run(*plain.engine, request_for(kPrompt, n))) << n;
  for (size_t at = 0; at + 3 <= whole.size(); ++at) {
    auto request = request_for(kPrompt, 60);
    request.stop = {whole.substr(at, 3)};
    const Answer answer = run(*guessing.engine, request);
    EXPECT_EQ(answer, run(*plain.engine, request)) << at;
    EXPECT_EQ(answer.stop_text, request.stop[0]);
  }
}

TEST(Speculation, an_answer_ends_within_a_draft_at_the_model_s_end_token) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  int n_stopped = 0;
  for (size_t at = 0; at < kPeriod; ++at) {
    // The end is what the period says, so the guess goes on beyond it.
    std::vector<int32_t> prompt;
    for (size_t i = 0; i < 3 * kPeriod + at; ++i)
      prompt.push_back(i % kPeriod == 4 ? 258 : static_cast<int32_t>('a' + i % kPeriod));
    auto request = request_for("");
    request.prompt = chat::TokenPrompt{prompt};
    request.ignore_eos = false;
    const Answer answer = run(*guessing.engine, request);
    EXPECT_EQ(answer, run(*plain.engine, request)) << at;
    n_stopped += answer.reason == chat::FinishReason::kStop ? 1 : 0;  // a surprise may take the end's place
  }
  EXPECT_GE(n_stopped, 6);
}

TEST(Speculation, fills_the_context_to_the_last_token) {
  for (uint32_t context = 40; context < 60; ++context) {
    const auto plain = make_toy(false, 256, 1, context);
    const auto guessing = make_toy(true, 256, 1, context);
    const Answer answer = run(*guessing.engine, request_for(kPrompt, -1));
    EXPECT_EQ(answer, run(*plain.engine, request_for(kPrompt, -1))) << context;
    EXPECT_EQ(answer.reason, chat::FinishReason::kContextFull);
  }
}

TEST(Speculation, rejected_tokens_leave_nothing_behind_in_the_cache) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  for (int32_t n = 20; n < 60; ++n) {
    auto first = request_for(kPrompt, n);
    first.id = "first";
    const Answer beginning = run(*guessing.engine, first);
    const auto handle = guessing.engine->fork("first");
    ASSERT_TRUE(handle.has_value());
    auto more = request_for(" ", 30);
    more.continue_from = *handle;
    auto whole = request_for(kPrompt + beginning.text + " ", 30);
    const Answer expected = run(*plain.engine, whole);
    const Answer forked = run(*guessing.engine, more);
    const Answer cached = run(*guessing.engine, whole);
    EXPECT_EQ(forked, expected) << n;
    EXPECT_EQ(cached, expected) << n;
    EXPECT_GE(cached.usage.cached_tokens + 2 * ToyExecutor::kPageTokens, kPrompt.size() + beginning.text.size());
    guessing.engine->release(*handle);
  }
}

TEST(Speculation, a_sequence_forked_while_it_runs_goes_on_like_the_original) {
  const auto guessing = make_toy(true, 2048, 4, 4000);
  std::mutex mutex;
  std::condition_variable changed;
  std::string text;
  bool ended = false;
  auto request = request_for(kPrompt, 2000);
  request.id = "story";
  ASSERT_TRUE(guessing.engine
                  ->complete(request,
                             [&](const chat::Event& event) {
                               const std::lock_guard lock(mutex);
                               if (const auto* delta = std::get_if<chat::Delta>(&event)) text += delta->text;
                               ended |= std::holds_alternative<chat::Finished>(event);
                               changed.notify_one();
                             })
                  .has_value());
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return text.size() > 40; });
  }
  const auto handle = guessing.engine->fork("story");
  ASSERT_TRUE(handle.has_value());
  auto more = request_for("", 40);
  more.continue_from = *handle;
  const Answer rest = run(*guessing.engine, more);
  guessing.engine->cancel("story");
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return ended; });
  ASSERT_EQ(rest.error, "");
  const size_t before = rest.usage.prompt_tokens - kPrompt.size();
  const auto plain = make_toy(false, 2048, 4, 4000);
  const std::string whole = run(*plain.engine, request_for(kPrompt, static_cast<int32_t>(before) + 40)).text;
  EXPECT_EQ(rest.text, whole.substr(before));
}

TEST(Speculation, a_cancelled_answer_is_a_beginning_of_the_whole_one) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  const std::string whole = run(*plain.engine, request_for(kPrompt)).text;
  auto request = request_for(kPrompt);
  request.id = "one";
  std::string text;
  const auto finished = chat::complete_and_wait(*guessing.engine, request, [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    text += delta->text;
    if (text.size() > 30) guessing.engine->cancel("one");
  });
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->reason, chat::FinishReason::kCancelled);
  EXPECT_EQ(finished->usage.completion_tokens, text.size());
  EXPECT_TRUE(whole.starts_with(text));
  EXPECT_EQ(run(*guessing.engine, request_for(kPrompt)).text, whole);
}

TEST(Speculation, tokens_before_logits_that_are_not_numbers_are_still_told) {
  const auto logits = [](std::span<const int32_t> text, std::span<float> row) {
    parrot(text, row);
    if (text.size() > 50) std::ranges::fill(row, std::numeric_limits<float>::quiet_NaN());
  };
  std::vector<Answer> answers;
  for (const bool speculate : {false, true}) {
    const auto toy =
        testing::make_toy_engine({.logits = logits, .n_pages = 256, .context = 400, .speculate = speculate});
    answers.push_back(run(*toy.engine, request_for(kPrompt)));
  }
  EXPECT_EQ(answers[0], answers[1]);
  EXPECT_EQ(answers[0].text.size(), 51 - kPrompt.size());
  EXPECT_NE(answers[1].error, "");
}

TEST(Speculation, keeps_to_a_schema) {
  const auto plain = make_toy(false);
  const auto guessing = make_toy(true);
  uint32_t accepted = 0;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    auto request = request_for(kPrompt, seed == 3 ? 70 : 150);
    request.ignore_eos = false;
    request.sampling.temperature = 0.3F;
    request.sampling.seed = seed;
    request.json_schema =
        R"({"type":"array","items":{"type":"string","minLength":40,"maxLength":50},"minItems":1,"maxItems":2})";
    const Answer answer = run(*guessing.engine, request);
    EXPECT_EQ(answer, run(*plain.engine, request)) << seed;
    EXPECT_EQ(answer.error, "");
    accepted += answer.usage.accepted_tokens;
  }
  EXPECT_GT(accepted, 20U);
}

TEST(Speculation, a_crowd_that_is_turned_out_of_the_cache_answers_as_each_does_alone) {
  constexpr size_t kRequests = 24;
  std::vector<chat::CompleteRequest> requests;
  for (size_t i = 0; i < kRequests; ++i) {
    auto request = request_for(kPrompt.substr(i % 5) + std::string(i % 3, 'z'), 40);
    request.sampling.seed = i;
    request.sampling.temperature = i % 2 == 0 ? 0.0F : 0.6F;
    requests.push_back(std::move(request));
  }
  const auto plain = make_toy(false, 256, 1);
  std::vector<Answer> alone;
  for (const auto& request : requests)
    alone.push_back(run(*plain.engine, request));
  const auto crowd = make_toy(true, 44, 6, 80);  // pages for two and a half of them
  std::vector<Answer> together(kRequests);
  {
    std::vector<std::jthread> clients;
    clients.reserve(6);
    for (size_t c = 0; c < 6; ++c) {
      clients.emplace_back([&, c] {
        for (size_t i = c; i < kRequests; i += 6)
          together[i] = run(*crowd.engine, requests[i]);
      });
    }
  }
  uint32_t accepted = 0;
  for (size_t i = 0; i < kRequests; ++i) {
    EXPECT_EQ(together[i], alone[i]) << i;
    accepted += together[i].usage.accepted_tokens;
  }
  EXPECT_GT(accepted, 0U);
  EXPECT_LE(crowd.executor->seen().rows, 16U);
}

}  // namespace
}  // namespace ingle::engine
