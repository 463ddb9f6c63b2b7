#include "engine/batch_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <future>
#include <mutex>
#include <new>
#include <thread>

#include "base/utf8.h"
#include "chat/errors.h"
#include "engine/testing/toy_engine.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using ::testing::HasSubstr;
using testing::make_toy_engine;
using testing::ToyEngine;
using testing::ToyExecutor;

chat::CompleteRequest raw(std::string text, int32_t max_tokens = -1) {
  chat::CompleteRequest request;
  request.prompt = chat::RawPrompt{chat::Private(std::move(text))};
  request.sampling.temperature = 0;
  request.max_tokens = max_tokens;
  return request;
}

struct Answer {
  std::string text;
  std::string bytes;  // of the deltas whose text is not what was generated
  std::vector<chat::TokenInfo> tokens;
  std::vector<chat::Prefill> prefills;
  Result<chat::Finished> finished = std::unexpected(Error::internal("no end"));
};

Answer run(BatchEngine& engine, chat::CompleteRequest request) {
  Answer answer;
  answer.finished = chat::complete_and_wait(engine, std::move(request), [&](const chat::Event& event) {
    if (const auto* delta = std::get_if<chat::Delta>(&event)) {
      EXPECT_TRUE(base::is_valid_utf8(delta->text));
      answer.text += delta->text;
      answer.bytes += delta->bytes;
      answer.tokens.insert(answer.tokens.end(), delta->tokens.begin(), delta->tokens.end());
    } else if (const auto* prefill = std::get_if<chat::Prefill>(&event)) {
      answer.prefills.push_back(*prefill);
    }
  });
  return answer;
}

TEST(BatchEngine, completes_a_text_and_counts_its_tokens) {
  const auto toy = make_toy_engine();
  const Answer answer = run(*toy.engine, raw("abc", 5));
  EXPECT_EQ(answer.text, "defgh");
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kLength);
  EXPECT_EQ(answer.finished->usage.prompt_tokens, 3U);
  EXPECT_EQ(answer.finished->usage.completion_tokens, 5U);
}

TEST(BatchEngine, gives_the_tokens_of_prompt_and_answer_where_they_are_asked_for) {
  const ToyEngine toy = make_toy_engine();
  chat::CompleteRequest request = raw("ab", 2);
  EXPECT_TRUE(run(*toy.engine, request).finished->tokens.empty());
  request.return_tokens = true;
  EXPECT_EQ(run(*toy.engine, request).finished->tokens, (std::vector<int32_t>{'a', 'b', 'c', 'd'}));
}

TEST(BatchEngine, asks_for_all_logits_only_where_more_than_the_largest_decide) {
  const auto toy = make_toy_engine();
  auto request = raw("abc", 5);
  EXPECT_TRUE(run(*toy.engine, request).finished.has_value());
  request.sampling.temperature = 1;
  request.sampling.top_k = 40;
  EXPECT_TRUE(run(*toy.engine, request).finished.has_value());
  EXPECT_EQ(toy.executor->seen().whole_rows, 0U);
  request.logprobs = 0;
  EXPECT_TRUE(run(*toy.engine, request).finished.has_value());
  EXPECT_EQ(toy.executor->seen().whole_rows, 5U);
  request.logprobs = -1;
  request.sampling.top_k = 0;
  EXPECT_TRUE(run(*toy.engine, request).finished.has_value());
  EXPECT_EQ(toy.executor->seen().whole_rows, 10U);
}

TEST(BatchEngine, hands_on_the_bytes_of_an_answer_that_is_cut_within_a_code_point) {
  const auto toy = make_toy_engine();
  const Answer answer = run(*toy.engine, raw("\x7F", 1));
  EXPECT_EQ(answer.text, "\xEF\xBF\xBD");
  EXPECT_EQ(answer.bytes, "\x80");
}

TEST(BatchEngine, a_step_without_memory_ends_its_requests_and_not_the_engine) {
  bool full = true;
  const auto toy = make_toy_engine({.logits = [&full](std::span<const int32_t> text, std::span<float> logits) {
    if (full) throw std::bad_alloc();
    testing::count_up(text, logits);
  }});
  const Answer answer = run(*toy.engine, raw("abc", 2));
  ASSERT_FALSE(answer.finished.has_value());
  EXPECT_EQ(answer.finished.error().code(), ErrorCode::kExhausted);
  full = false;
  EXPECT_EQ(run(*toy.engine, raw("abc", 2)).text, "de");
}

TEST(BatchEngine, completes_the_plain_text_of_messages_when_there_is_no_template) {
  const auto toy = make_toy_engine();
  chat::ChatPrompt prompt;
  prompt.messages = {{"system", chat::Private("xy"), {}, "", ""}, {"user", chat::Private("ab"), {}, "", ""}};
  EXPECT_EQ(toy.engine->render(prompt), "xy\nab");
  auto request = raw("", 2);
  request.prompt = prompt;
  EXPECT_EQ(run(*toy.engine, request).text, "cd");
}

TEST(BatchEngine, ends_at_an_end_of_generation_token_without_showing_it) {
  const auto toy = make_toy_engine();
  auto request = raw("a !");
  request.logprobs = 0;
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kStop);
  ASSERT_EQ(answer.tokens.size(), 1U);
  EXPECT_EQ(answer.tokens[0].chosen.text, "<|im_end|>");
  EXPECT_EQ(answer.finished->usage.completion_tokens, 1U);
}

TEST(BatchEngine, never_ends_by_itself_when_told_to_ignore_the_end) {
  const auto toy = make_toy_engine();
  auto request = raw("a!", 3);
  request.ignore_eos = true;
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "+,-");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kLength);
}

TEST(BatchEngine, ends_before_a_stop_string_that_lies_over_two_tokens) {
  const auto toy = make_toy_engine();
  auto request = raw("abc");
  request.stop = {"xyz", "gh"};
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "def");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kStop);
  EXPECT_EQ(answer.finished->stop_text, "gh");
}

TEST(BatchEngine, sends_whole_code_points_only) {
  const auto toy = make_toy_engine({.logits = [](std::span<const int32_t> text, std::span<float> logits) {
    constexpr std::string_view kText = "\xE2\x82\xAC\xC3\xA9";
    std::ranges::fill(logits, 0.0F);
    logits[static_cast<uint8_t>(kText[(text.size() - 1) % kText.size()])] = 9;
  }});
  EXPECT_EQ(run(*toy.engine, raw("a", 5)).text, "\xE2\x82\xAC\xC3\xA9");
  EXPECT_EQ(run(*toy.engine, raw("a", 4)).text, "\xE2\x82\xAC\xEF\xBF\xBD");  // cut in the middle: marked as such
}

TEST(BatchEngine, ends_when_the_context_is_full) {
  const auto toy = make_toy_engine({.context = 8});
  const Answer answer = run(*toy.engine, raw("abcdef"));
  EXPECT_EQ(answer.text, "gh");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kContextFull);
  const Answer none = run(*toy.engine, raw("abcdefgh"));
  EXPECT_EQ(none.text, "");
  EXPECT_EQ(none.finished->reason, chat::FinishReason::kContextFull);
}

TEST(BatchEngine, a_request_s_own_context_bounds_its_prompt_and_answer_and_nobody_else_s) {
  const auto toy = make_toy_engine({.context = 32});
  auto request = raw("abcdef");
  request.context = 8;
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "gh");
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kContextFull);
  EXPECT_EQ(answer.finished->usage.prompt_tokens + answer.finished->usage.completion_tokens, 8U);
  request.prompt = chat::RawPrompt{chat::Private("abcdefghi")};
  const Answer refused = run(*toy.engine, request);
  ASSERT_FALSE(refused.finished.has_value());
  EXPECT_EQ(refused.finished.error().message(),
            "the prompt has 9 tokens, the context holds 8 of the 32 that the model was made for");
  EXPECT_EQ(run(*toy.engine, raw("abcdefghi", 3)).text, "jkl");
  request.context = 64;  // more than the engine holds
  EXPECT_EQ(run(*toy.engine, request).finished->usage.completion_tokens, 23U);
}

TEST(BatchEngine, refuses_a_prompt_that_cannot_fit_and_says_by_how_much) {
  const auto toy = make_toy_engine({.context = 8});
  const Answer answer = run(*toy.engine, raw("abcdefghi"));
  ASSERT_FALSE(answer.finished.has_value());
  EXPECT_EQ(answer.finished.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(answer.finished.error().message(), "the prompt has 9 tokens; at most 8 fit this model");
}

TEST(BatchEngine, refuses_what_it_cannot_honour_instead_of_dropping_it) {
  const auto toy = make_toy_engine();
  auto request = raw("a");
  request.json_schema = R"({"type": "array", "items": {"type": "integer"}, "uniqueItems": true})";
  EXPECT_EQ(run(*toy.engine, request).finished.error().code(), ErrorCode::kRefused);
  request = raw("a");
  request.grammar = "root ::= \"a\"";
  request.json_schema = "{}";
  EXPECT_EQ(run(*toy.engine, request).finished.error().code(), ErrorCode::kUsage);
  request = raw("a");
  request.logprobs = 101;
  EXPECT_EQ(run(*toy.engine, request).finished.error().code(), ErrorCode::kUsage);
  request = raw("a");
  request.stop = {""};
  EXPECT_EQ(run(*toy.engine, request).finished.error().code(), ErrorCode::kUsage);
  request = raw("a");
  request.prompt = chat::TokenPrompt{{1, 260}};
  EXPECT_EQ(run(*toy.engine, request).finished.error().code(), ErrorCode::kUsage);
  EXPECT_EQ(run(*toy.engine, raw("")).finished.error().code(), ErrorCode::kUsage);
  EXPECT_EQ(toy.engine->tag({{1}}).error().code(), ErrorCode::kUnsupported);
}

chat::CompleteRequest with_logprobs(std::string text, std::vector<std::string> stop, int32_t max_tokens) {
  chat::CompleteRequest request = raw(std::move(text), max_tokens);
  request.stop = std::move(stop);
  request.logprobs = 0;
  return request;
}

std::string text_of(const std::vector<chat::TokenInfo>& tokens) {
  std::string text;
  for (const chat::TokenInfo& token : tokens)
    text += token.is_end ? "" : token.chosen.text;
  return text;
}

TEST(BatchEngine, tells_the_tokens_of_the_text_alone_where_a_stop_string_cut_it) {
  const auto toy = make_toy_engine();
  const Answer answer = run(*toy.engine, with_logprobs("a", {"ef"}, 20));
  EXPECT_EQ(answer.text, "bcd");
  EXPECT_EQ(text_of(answer.tokens), "bcd");
  EXPECT_EQ(answer.finished->usage.completion_tokens, 5U);
}

TEST(BatchEngine, does_not_tell_a_token_that_reaches_into_a_stop_string) {
  constexpr size_t kDe = 256;
  const auto toy = make_toy_engine({.logits =
                                        [](std::span<const int32_t> text, std::span<float> logits) {
                                          testing::count_up(text, logits);
                                          if (text.back() == 'c') logits[kDe] = 40;
                                        },
                                    .merges = {"d e"},
                                    .n_vocab = ToyExecutor::kVocab + 1});
  const Answer answer = run(*toy.engine, with_logprobs("a", {"e"}, 20));
  EXPECT_EQ(answer.text, "bcd");
  EXPECT_EQ(text_of(answer.tokens), "bc");
}

TEST(BatchEngine, tells_a_token_with_the_end_of_its_text) {
  const auto toy = make_toy_engine();
  std::string text;
  std::string tokens;
  const auto finished =
      chat::complete_and_wait(*toy.engine, with_logprobs("a", {"cde!"}, 8), [&](const chat::Event& event) {
        const auto* delta = std::get_if<chat::Delta>(&event);
        if (delta == nullptr) return;
        text += delta->text;
        tokens += text_of(delta->tokens);
        EXPECT_EQ(tokens, text);
      });
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(tokens, "bcdefghi");
}

TEST(BatchEngine, tells_how_far_reading_a_long_prompt_has_come) {
  const auto toy = make_toy_engine();
  const Answer answer = run(*toy.engine, raw(std::string(40, 'a'), 1));
  std::vector<uint32_t> done;
  for (const auto& p : answer.prefills) {
    EXPECT_EQ(p.total, 40U);
    done.push_back(p.done);
  }
  EXPECT_EQ(done, (std::vector<uint32_t>{0, 16, 32, 40}));
}

TEST(BatchEngine, cancels_within_a_token) {
  const auto toy = make_toy_engine();
  auto request = raw("a");
  request.id = "one";
  int n_deltas = 0;
  const auto finished = chat::complete_and_wait(*toy.engine, request, [&](const chat::Event& event) {
    if (!std::holds_alternative<chat::Delta>(event)) return;
    ++n_deltas;
    toy.engine->cancel("one");
  });
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->reason, chat::FinishReason::kCancelled);
  EXPECT_EQ(n_deltas, 1);
  EXPECT_EQ(finished->usage.completion_tokens, 1U);
  toy.engine->cancel("one");  // has ended: ignored
  EXPECT_EQ(run(*toy.engine, raw("a", 1)).text, "b");
}

TEST(BatchEngine, logits_that_are_not_numbers_end_one_request_with_an_error) {
  const auto toy = make_toy_engine();
  const Answer bad = run(*toy.engine, raw("a?"));
  ASSERT_FALSE(bad.finished.has_value());
  EXPECT_EQ(bad.finished.error().code(), ErrorCode::kCorrupt);
  EXPECT_THAT(bad.finished.error().message(), HasSubstr("not numbers"));
  EXPECT_EQ(run(*toy.engine, raw("a", 1)).text, "b");
  EXPECT_EQ(toy.engine->score({{'a', '?', 'b'}, 1}).error().code(), ErrorCode::kCorrupt);
}

TEST(BatchEngine, gives_log_probabilities_of_the_raw_logits) {
  const auto toy = make_toy_engine();
  auto request = raw("a", 1);
  request.logprobs = 3;
  request.sampling.logit_bias = {{'b', -100.0F}, {'x', 5.0F}};
  const Answer answer = run(*toy.engine, request);
  EXPECT_EQ(answer.text, "x");
  ASSERT_EQ(answer.tokens.size(), 1U);
  const double log_sum = std::log(std::exp(20.0) + 259);
  EXPECT_NEAR(answer.tokens[0].chosen.logprob, -log_sum, 1e-5);
  ASSERT_EQ(answer.tokens[0].top.size(), 3U);
  EXPECT_EQ(answer.tokens[0].top[0].text, "b");
  EXPECT_NEAR(answer.tokens[0].top[0].logprob, 20 - log_sum, 1e-5);
  EXPECT_EQ(answer.tokens[0].top[1].id, 0);
  EXPECT_EQ(answer.tokens[0].top[2].id, 1);
}

TEST(BatchEngine, tells_nobody_what_another_client_has_asked) {
  const auto toy = make_toy_engine({.logits = testing::babble});
  auto request = raw("a system prompt of some length, then a question", 10);
  std::vector<std::string> texts;
  for (const std::string client : {"anna", "", "ben"}) {
    request.client = client;
    const Answer alone = run(*toy.engine, request);
    EXPECT_EQ(alone.finished->usage.cached_tokens, 0U) << client;
    EXPECT_EQ(run(*toy.engine, request).finished->usage.cached_tokens, 46U) << client;
    texts.push_back(alone.text);
  }
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(texts[0], texts[2]);
}

TEST(BatchEngine, nobody_continues_what_another_client_keeps) {
  const auto toy = make_toy_engine();
  auto request = raw("abc", 3);
  request.id = "mine";
  request.client = "anna";
  run(*toy.engine, request);
  const auto handle = toy.engine->fork("mine");
  ASSERT_TRUE(handle.has_value());
  auto more = raw("xyz", 2);
  more.continue_from = *handle;
  more.client = "ben";
  const Answer refused = run(*toy.engine, more);
  ASSERT_FALSE(refused.finished.has_value());
  EXPECT_EQ(refused.finished.error().code(), ErrorCode::kNotFound);
  more.client = "anna";
  EXPECT_TRUE(run(*toy.engine, more).finished.has_value());
}

TEST(BatchEngine, finds_a_prompt_again_and_answers_with_the_same_bits) {
  const auto toy = make_toy_engine({.logits = testing::babble});
  auto request = raw("a system prompt of some length, then a question", 10);
  request.sampling.temperature = 1;
  request.logprobs = 2;
  const Answer first = run(*toy.engine, request);
  const Answer second = run(*toy.engine, request);
  EXPECT_EQ(first.finished->usage.cached_tokens, 0U);
  EXPECT_EQ(second.finished->usage.cached_tokens, 46U);  // all before the last token
  EXPECT_EQ(first.text, second.text);
  ASSERT_EQ(first.tokens.size(), second.tokens.size());
  for (size_t i = 0; i < first.tokens.size(); ++i) {
    EXPECT_EQ(first.tokens[i].chosen.logprob, second.tokens[i].chosen.logprob);
  }
}

TEST(BatchEngine, a_fork_of_a_finished_request_goes_on_as_if_all_had_been_one_prompt) {
  const auto toy = make_toy_engine({.logits = testing::babble});
  auto first = raw("one two three", 6);
  first.id = "first";
  const Answer beginning = run(*toy.engine, first);
  const auto handle = toy.engine->fork("first");
  ASSERT_TRUE(handle.has_value());

  auto more = raw(" and then", 12);
  more.continue_from = *handle;
  const Answer forked = run(*toy.engine, more);
  const Answer again = run(*toy.engine, more);
  const auto fresh = make_toy_engine({.logits = testing::babble});
  const Answer whole = run(*fresh.engine, raw("one two three" + beginning.text + " and then", 12));
  EXPECT_EQ(forked.text, whole.text);
  EXPECT_EQ(again.text, whole.text);
  EXPECT_EQ(forked.finished->usage.prompt_tokens, 28U);

  toy.engine->release(*handle);
  EXPECT_EQ(run(*toy.engine, more).finished.error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(toy.engine->fork("nobody").error().code(), ErrorCode::kNotFound);
}

TEST(BatchEngine, forks_a_request_while_it_runs) {
  const auto toy = make_toy_engine({.logits = testing::babble, .n_pages = 2048, .context = 4000});
  std::promise<void> wrote;
  std::promise<void> ended;
  std::string text;
  auto request = raw("once upon");
  request.id = "story";
  request.ignore_eos = true;
  bool first = true;
  const auto started = toy.engine->complete(request, [&](const chat::Event& event) {
    if (const auto* delta = std::get_if<chat::Delta>(&event)) text += delta->text;
    if (!text.empty() && std::exchange(first, false)) wrote.set_value();
    if (std::holds_alternative<chat::Finished>(event)) ended.set_value();
  });
  ASSERT_TRUE(started.has_value());
  wrote.get_future().wait();
  const auto handle = toy.engine->fork("story");
  ASSERT_TRUE(handle.has_value());
  auto more = raw("", 3);
  more.continue_from = *handle;
  more.ignore_eos = true;
  const Answer rest = run(*toy.engine, more);  // beside the original, which may still run
  toy.engine->cancel("story");
  ended.get_future().wait();
  // Greedy: the fork says what the original went on to say.
  EXPECT_EQ(rest.text.size(), 3U);
  EXPECT_THAT(text, HasSubstr(rest.text));
}

TEST(BatchEngine, kept_sequences_that_fill_the_cache_give_an_error_not_a_wait) {
  const auto toy = make_toy_engine({.n_pages = 8, .context = 32});
  auto request = raw(std::string(28, 'a'), 1);
  request.id = "big";
  run(*toy.engine, request);
  const auto handle = toy.engine->fork("big");
  ASSERT_TRUE(handle.has_value());
  const Answer full = run(*toy.engine, raw("0123456789", 1));
  ASSERT_FALSE(full.finished.has_value());
  EXPECT_EQ(full.finished.error().code(), ErrorCode::kExhausted);
  toy.engine->release(*handle);
  EXPECT_TRUE(run(*toy.engine, raw("0123456789", 1)).finished.has_value());
}

TEST(BatchEngine, scores_each_token_under_those_before_it) {
  const auto toy = make_toy_engine({.logits = testing::babble, .prefill_chunk = 5});
  std::vector<int32_t> tokens;
  for (const char c : std::string("the quick brown fox"))
    tokens.push_back(c);
  for (const uint32_t first : {1U, 7U, 18U}) {
    const auto scores = toy.engine->score({tokens, first});
    ASSERT_TRUE(scores.has_value());
    ASSERT_EQ(scores->size(), tokens.size() - first);
    for (size_t i = first; i < tokens.size(); ++i) {
      std::vector<float> logits(ToyExecutor::kVocab);
      testing::babble(std::span(tokens).first(i), logits);
      double sum = 0;
      for (const float l : logits)
        sum += std::exp(static_cast<double>(l));
      const double expected = static_cast<double>(logits[static_cast<size_t>(tokens[i])]) - std::log(sum);
      EXPECT_NEAR((*scores)[i - first], expected, 1e-5) << i;
    }
  }
  EXPECT_EQ(toy.engine->score({tokens, 0}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(toy.engine->score({tokens, 19}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(toy.engine->score({std::vector<int32_t>(66, 1), 1}).error().code(), ErrorCode::kRefused);
}

TEST(BatchEngine, tells_an_unfinished_request_that_the_model_was_unloaded) {
  auto toy = make_toy_engine({.logits = testing::babble, .n_pages = 1024, .context = 4000});
  std::promise<Error> failed;
  std::promise<void> wrote;
  bool first = true;
  auto request = raw("a");
  request.ignore_eos = true;
  ASSERT_TRUE(toy.engine
                  ->complete(request,
                             [&](const chat::Event& event) {
                               if (std::holds_alternative<chat::Delta>(event) && std::exchange(first, false)) {
                                 wrote.set_value();
                               }
                               if (const auto* f = std::get_if<chat::Failed>(&event)) failed.set_value(f->error);
                             })
                  .has_value());
  wrote.get_future().wait();
  toy.engine.reset();
  EXPECT_EQ(failed.get_future().get().code(), ErrorCode::kCancelled);
}

TEST(BatchEngine, refuses_a_second_request_with_the_same_id) {
  const auto toy = make_toy_engine();
  auto request = raw("a", 1);
  request.id = "same";
  Status second;
  const auto first = chat::complete_and_wait(*toy.engine, request, [&](const chat::Event& event) {
    if (std::holds_alternative<chat::Prefill>(event) && second)
      second = toy.engine->complete(request, [](const auto&) {});
  });
  EXPECT_TRUE(first.has_value());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), ErrorCode::kUsage);
  EXPECT_TRUE(run(*toy.engine, request).finished.has_value());
}

// What a request answers must not depend on the company it keeps, nor on being turned out of the cache and let in again.
TEST(BatchEngine, many_requests_at_once_answer_what_each_answers_alone) {
  constexpr size_t kRequests = 40;
  std::vector<chat::CompleteRequest> requests;
  for (size_t i = 0; i < kRequests; ++i) {
    auto request = raw("a common beginning, then " + std::string(i % 7, 'x') + std::to_string(i % 11), 25);
    request.sampling.temperature = i % 3 == 0 ? 0.0F : 1.2F;
    request.sampling.top_k = i % 2 == 0 ? 12 : 0;
    request.sampling.repeat_penalty = 1.1F;
    request.sampling.seed = i;
    request.logprobs = 1;
    requests.push_back(request);
  }
  std::vector<Answer> alone;
  for (const auto& request : requests) {
    const auto toy = make_toy_engine({.logits = testing::babble, .max_sequences = 1});
    alone.push_back(run(*toy.engine, request));
  }
  // 20 pages: three full sequences at most, so that some must wait and some give way.
  std::promise<void> all_are_here;
  const auto begin = [until = all_are_here.get_future().share()](std::span<const int32_t> text,
                                                                 std::span<float> logits) {
    until.wait();
    testing::babble(text, logits);
  };
  const auto crowd = make_toy_engine({.logits = begin, .n_pages = 20, .max_sequences = 6, .prefill_chunk = 10});
  std::vector<Answer> together(kRequests);
  {
    std::vector<std::jthread> clients;
    clients.reserve(4);
    for (size_t c = 0; c < 4; ++c) {
      clients.emplace_back([&, c] {
        for (size_t i = c; i < kRequests; i += 4)
          together[i] = run(*crowd.engine, requests[i]);
      });
    }
    for (auto now = crowd.engine->stats(); now->running + now->waiting < 4; now = crowd.engine->stats())
      std::this_thread::yield();
    all_are_here.set_value();
  }
  EXPECT_GT(crowd.executor->seen().sequences, 1U);
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(together[i].finished.has_value()) << together[i].finished.error().message();
    EXPECT_EQ(together[i].text, alone[i].text) << i;
    ASSERT_EQ(together[i].tokens.size(), alone[i].tokens.size());
    for (size_t t = 0; t < alone[i].tokens.size(); ++t) {
      EXPECT_EQ(together[i].tokens[t].chosen.logprob, alone[i].tokens[t].chosen.logprob);
    }
  }
}

TEST(BatchEngine, says_before_a_long_step_and_before_it_waits_that_nothing_comes_soon) {
  constexpr auto kLong = std::chrono::nanoseconds::max();
  std::mutex pauses_mutex;
  std::vector<std::chrono::nanoseconds> pauses;
  std::promise<void> waits;
  {
    // The prompt takes three steps of 16, 16 and 8 tokens, the answer goes on with one token a step.
    auto toy = make_toy_engine({.on_pause = [&](std::chrono::nanoseconds until_next) {
      const std::lock_guard lock(pauses_mutex);
      pauses.push_back(until_next);
      if (pauses.size() == 8) waits.set_value();
    }});
    const Answer answer = run(*toy.engine, raw(std::string(40, 'a'), 4));
    EXPECT_EQ(answer.text, "bcde");
    waits.get_future().wait();
  }
  ASSERT_GE(pauses.size(), 8U);
  EXPECT_EQ(pauses[0], kLong);  // there is nothing to do yet
  EXPECT_EQ(pauses[1], kLong);  // a first step
  for (size_t decode = 4; decode <= 6; ++decode)
    EXPECT_LT(pauses[decode], kLong) << decode;
  EXPECT_EQ(pauses[7], kLong);  // it waits again
}

}  // namespace
}  // namespace ingle::engine
