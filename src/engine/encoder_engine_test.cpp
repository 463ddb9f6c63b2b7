// The engine over tiny encoders, from the file to the answers.
#include "engine/encoder_engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <future>
#include <thread>

#include "engine/engine.h"
#include "engine/testing/embed.h"
#include "models/testing/tiny.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using models::testing::EncoderCase;
using testing::embed;
using testing::embed_all;
using ::testing::HasSubstr;

std::vector<EncoderCase> all_cases() {
  return models::testing::read_encoder_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "encoders");
}

EncoderCase the_case(std::string_view name) {
  for (EncoderCase& tiny : all_cases())
    if (tiny.name == name) return std::move(tiny);
  ADD_FAILURE() << "there is no " << name;
  return {};
}

Result<std::unique_ptr<chat::Completer>> load_tiny(const EncoderCase& tiny, const Options& options) {
  std::vector<base::FileDescriptor> parts;
  INGLE_TRY(auto part, base::FileDescriptor::open_read(tiny.model));
  parts.push_back(std::move(part));
  return load(parts, tiny.name, options);
}

std::unique_ptr<chat::Completer> open_tiny(const EncoderCase& tiny, const Options& options = {.threads = 2}) {
  auto engine = load_tiny(tiny, options);
  EXPECT_TRUE(engine) << engine.error().message();
  return *std::move(engine);
}

std::vector<chat::EmbedTokens> requests_of(const EncoderCase& tiny) {
  std::vector<chat::EmbedTokens> requests;
  for (const auto& text : tiny.texts)
    requests.push_back({text.tokens, text.second_from});
  return requests;
}

double length_of(const std::vector<float>& vector) {
  double squares = 0;
  for (const float x : vector)
    squares += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(squares);
}

TEST(EncoderEngine, answers_with_vectors_of_length_one_and_with_scores_as_they_are) {
  for (const EncoderCase& tiny : all_cases()) {
    const auto engine = open_tiny(tiny, {.threads = 2, .reference = true});
    const auto answers = embed_all(*engine, requests_of(tiny));
    ASSERT_TRUE(answers.has_value()) << answers.error().message();
    const bool is_rank = engine->describe()->pooling == chat::Pooling::kRank;
    for (size_t i = 0; i < tiny.texts.size(); ++i) {
      const std::vector<float>& expected = tiny.texts[i].answer;
      const double length = is_rank ? 1 : length_of(expected);
      ASSERT_EQ((*answers)[i].size(), expected.size());
      for (size_t k = 0; k < expected.size(); ++k)
        EXPECT_NEAR(static_cast<double>((*answers)[i][k]), static_cast<double>(expected[k]) / length, 5e-5)
            << tiny.name;
      EXPECT_EQ(embed(*engine, requests_of(tiny)[i]), (*answers)[i]);
    }
  }
}

TEST(EncoderEngine, describes_itself) {
  const EncoderCase tiny = the_case("bert-cls-f16");
  const auto description = open_tiny(tiny)->describe();
  EXPECT_EQ(description->architecture, "bert");
  EXPECT_FALSE(description->generates);
  EXPECT_EQ(description->pooling, chat::Pooling::kCls);
  EXPECT_EQ(description->embedding_size, 64U);
  EXPECT_EQ(description->context_length, tiny.context);
  EXPECT_EQ(description->max_embed_tokens, tiny.context);
  EXPECT_EQ(open_tiny(the_case("bert-mean"))->describe()->pooling, chat::Pooling::kMean);
  EXPECT_EQ(open_tiny(the_case("bert-last-q8_0"))->describe()->pooling, chat::Pooling::kLast);
  EXPECT_EQ(open_tiny(the_case("cross-encoder"))->describe()->pooling, chat::Pooling::kRank);
}

TEST(EncoderEngine, reads_pairs_that_begin_with_the_first_text_alone) {
  const auto engine = open_tiny(the_case("cross-encoder"));
  chat::TokenizeRequest request{.text = chat::Private("Who is the man?"), .add_bos = true};
  const auto alone = engine->tokenize(request);
  request.second = chat::Private("a man eats bread");
  const auto pair = engine->tokenize(request);
  ASSERT_TRUE(alone && pair);
  ASSERT_GT(pair->size(), alone->size());
  EXPECT_TRUE(std::ranges::equal(*alone, std::span(*pair).first(alone->size())));
  EXPECT_EQ(alone->back(), pair->back());
  EXPECT_EQ(*engine->detokenize(*pair), "[CLS] who is the man? [SEP] a man eats bread [SEP]");
  // The second text of a pair is told from the first.
  const auto second_from = static_cast<uint32_t>(alone->size());
  EXPECT_NE(embed(*engine, {*pair, second_from}), embed(*engine, {*pair}));
}

TEST(EncoderEngine, many_callers_at_once_get_the_same_bits_as_one) {
  const EncoderCase tiny = the_case("bert-mean");
  const auto engine = open_tiny(tiny, {.threads = 3});
  const std::vector<chat::EmbedTokens> requests = requests_of(tiny);
  const auto expected = embed_all(*engine, requests);
  ASSERT_TRUE(expected.has_value());
  const uint64_t steps_before = engine->stats()->steps;
  constexpr size_t kCallers = 6;
  constexpr size_t kCalls = 5;
  {
    std::vector<std::jthread> callers;
    for (size_t caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&, caller] {
        for (size_t i = 0; i < kCalls; ++i) {
          if (caller % 2 == 0) {
            EXPECT_EQ(embed_all(*engine, requests), expected);
          } else {
            EXPECT_EQ(embed(*engine, requests[caller]), (*expected)[caller]);
          }
        }
      });
    }
  }
  const auto stats = engine->stats();
  EXPECT_EQ(stats->requests, 1 + kCallers * kCalls);
  EXPECT_EQ(stats->running + stats->waiting, 0U);
  EXPECT_GT(stats->steps, steps_before);
}

TEST(EncoderEngine, takes_many_texts_in_few_steps) {
  const EncoderCase tiny = the_case("bert-mean");
  const auto engine = open_tiny(tiny, {.threads = 2, .prefill_chunk = 512});
  const std::vector<chat::EmbedTokens> requests(200, {tiny.texts[1].tokens, 0});
  ASSERT_TRUE(embed_all(*engine, requests).has_value());
  const auto stats = engine->stats();
  EXPECT_EQ(stats->prompt_tokens, 200 * tiny.texts[1].tokens.size());
  EXPECT_EQ(stats->rows, stats->prompt_tokens);
  EXPECT_LE(stats->steps, 4U);
}

TEST(EncoderEngine, refuses_texts_that_do_not_fit_with_both_counts) {
  const EncoderCase tiny = the_case("bert-mean");
  const auto engine = open_tiny(tiny, {.threads = 1, .context = 100});
  EXPECT_TRUE(embed(*engine, {std::vector<int32_t>(100, 5)}).has_value());
  const auto refused = embed_all(*engine, std::vector<chat::EmbedTokens>{{{5}}, {std::vector<int32_t>(101, 5)}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(refused.error().message(), HasSubstr("101"));
  EXPECT_THAT(refused.error().message(), HasSubstr("100"));
  EXPECT_EQ(embed(*engine, {{}}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(embed(*engine, {{1 << 20}}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(embed(*engine, {{-1}}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(embed(*engine, {{1, 2}, 2}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(load_tiny(tiny, {.threads = 1, .context = tiny.context + 1}).error().code(), ErrorCode::kRefused);
}

TEST(EncoderEngine, generates_nothing_and_says_what_to_do) {
  const auto engine = open_tiny(the_case("bert-mean"));
  chat::CompleteRequest request;
  request.prompt = chat::RawPrompt{chat::Private("Hello")};
  const Error error = engine->complete(request, {}).error();
  EXPECT_EQ(error.code(), ErrorCode::kRefused);
  EXPECT_THAT(error.message(), HasSubstr("encoder"));
  EXPECT_FALSE(error.hint().empty());
  EXPECT_EQ(engine->score({{1, 2}, 1}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(engine->render({}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(engine->fork("a").error().code(), ErrorCode::kRefused);
}

TEST(EncoderEngine, refuses_to_take_more_memory_than_it_may) {
  const EncoderCase tiny = the_case("bert-mean");
  const auto refused = load_tiny(tiny, {.threads = 1, .max_memory_bytes = 1000});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(refused.error().message(), HasSubstr("are free"));
  EXPECT_TRUE(load_tiny(tiny, {.threads = 1, .max_memory_bytes = uint64_t{1} << 30}).has_value());
}

/// An executor that waits until it may answer, so that a test knows what is in a step.
class SlowExecutor final : public backend::Executor {
 public:
  uint32_t page_tokens() const override { return 4; }
  uint32_t n_pages() const override { return 4; }
  uint64_t page_bytes() const override { return 0; }
  uint64_t weight_bytes() const override { return 0; }
  uint32_t max_rows() const override { return 8; }
  std::string_view isa() const override { return "slow"; }
  uint32_t threads() const override { return 1; }
  void use_threads(uint32_t /*n*/) override {}
  Result<std::span<const backend::Output>> run(const backend::Step& /*step*/) override {
    return std::unexpected(Error::internal(""));
  }
  void copy_page(uint32_t /*from*/, uint32_t /*to*/) override {}
  Result<std::span<const backend::Output>> encode(std::span<const backend::Text> texts) override {
    std::unique_lock lock(mutex_);
    std::vector<int32_t>& step = steps_.emplace_back();
    values_.clear();
    for (const backend::Text& text : texts) {
      step.push_back(text.tokens.front());
      values_.push_back(text.tokens.front() == kBad ? std::nanf("") : static_cast<float>(text.tokens.front()));
    }
    changed_.notify_all();
    changed_.wait(lock, [this] { return allowed_ >= steps_.size(); });
    outputs_.clear();
    for (const float& value : values_)
      outputs_.push_back({.values = {&value, 1}});
    return std::span<const backend::Output>(outputs_);
  }

  static constexpr int32_t kBad = 7;
  void allow(size_t n_steps) {
    const std::lock_guard lock(mutex_);
    allowed_ = n_steps;
    changed_.notify_all();
  }
  void wait_for_steps(size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return steps_.size() >= n; });
  }
  std::vector<std::vector<int32_t>> steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t allowed_ = 0;
  std::vector<std::vector<int32_t>> steps_;
  std::vector<float> values_;
  std::vector<backend::Output> outputs_;
};

struct Slow {
  std::unique_ptr<EncoderEngine> engine;
  SlowExecutor* executor = nullptr;

  explicit Slow(uint32_t max_queue = 512) {
    auto owned = std::make_unique<SlowExecutor>();
    executor = owned.get();
    EngineParts parts;
    parts.tokenizer = text::Tokenizer::create(text::testing::byte_vocab("gpt-2", {})).value();
    parts.executor = std::move(owned);
    parts.description.name = "slow";
    parts.description.vocab_size = 100;
    parts.description.max_embed_tokens = 8;
    parts.description.pooling = chat::Pooling::kRank;
    parts.max_queue = max_queue;
    engine = std::make_unique<EncoderEngine>(std::move(parts));
  }
};

std::vector<chat::EmbedTokens> texts_of(const std::vector<int32_t>& tokens) {
  std::vector<chat::EmbedTokens> requests;
  for (const int32_t token : tokens)
    requests.push_back({{token, 1}});
  return requests;
}

void wait_until_waiting(EncoderEngine& engine, uint32_t n) {
  while (engine.stats()->waiting < n)
    std::this_thread::yield();
}

TEST(EncoderEngine, a_short_call_does_not_wait_for_all_of_a_long_one) {
  Slow slow;
  const auto answer = [&](const std::vector<int32_t>& tokens) {
    return std::jthread([&slow, tokens] {
      const auto scores = embed_all(*slow.engine, texts_of(tokens));
      ASSERT_TRUE(scores.has_value());
      for (size_t i = 0; i < tokens.size(); ++i)
        EXPECT_EQ((*scores)[i], (std::vector<float>{static_cast<float>(tokens[i])}));
    });
  };
  const auto long_call = answer({10, 11, 12, 13, 14, 15, 16, 17, 18, 19});
  slow.executor->wait_for_steps(1);
  const auto short_call = answer({50});
  wait_until_waiting(*slow.engine, 1);
  slow.executor->allow(100);
  slow.executor->wait_for_steps(3);
  const auto steps = slow.executor->steps();
  EXPECT_EQ(steps[0], (std::vector<int32_t>{10, 11, 12, 13}));
  EXPECT_THAT(steps[1], ::testing::Contains(50));
  EXPECT_EQ(steps[1].size(), 4U);
}

chat::EmbedRequest request_of(std::string id, std::string client, const std::vector<int32_t>& tokens) {
  const auto texts = texts_of(tokens);
  return {.id = std::move(id), .inputs = {texts.begin(), texts.end()}, .client = std::move(client)};
}

TEST(EncoderEngine, what_a_client_that_has_gone_asked_for_is_not_computed) {
  Slow slow;
  std::promise<chat::FinishReason> reason;
  ASSERT_TRUE(slow.engine->embed(request_of("gone", "", std::vector<int32_t>(100, 20)), [&](const chat::Event& event) {
    if (const auto* finished = std::get_if<chat::Finished>(&event)) reason.set_value(finished->reason);
  }));
  slow.executor->wait_for_steps(1);
  slow.engine->cancel("gone");
  slow.executor->allow(1000);
  EXPECT_EQ(reason.get_future().get(), chat::FinishReason::kCancelled);
  EXPECT_TRUE(embed(*slow.engine, {{30}}));
  EXPECT_EQ(slow.executor->steps().size(), 2U);
}

TEST(EncoderEngine, clients_have_their_turns_however_many_requests_they_have) {
  Slow slow;
  std::vector<std::promise<void>> ended(3);
  const auto ask = [&](size_t i, std::string client, const std::vector<int32_t>& tokens) {
    ASSERT_TRUE(slow.engine->embed(request_of(std::to_string(i), std::move(client), tokens),
                                   [&ended, i](const chat::Event& event) {
                                     if (std::holds_alternative<chat::Finished>(event)) ended[i].set_value();
                                   }));
  };
  ask(0, "a", std::vector<int32_t>(12, 10));
  slow.executor->wait_for_steps(1);
  ask(1, "a", std::vector<int32_t>(12, 11));
  ask(2, "b", std::vector<int32_t>(12, 20));
  slow.executor->allow(1000);
  for (auto& one : ended)
    one.get_future().wait();
  EXPECT_THAT(slow.executor->steps().at(1), ::testing::UnorderedElementsAre(10, 11, 20, 20));
}

TEST(EncoderEngine, a_text_that_loses_its_end_keeps_the_mark_that_closes_it) {
  const EncoderCase tiny = the_case("bert-mean");
  const auto engine = open_tiny(tiny, {.threads = 1, .context = 6});
  std::string words;
  for (int i = 0; i < 20; ++i)
    words += "a man ";
  const chat::EmbedInput text = chat::EmbedText{chat::Private(words)};
  EXPECT_EQ(chat::embed_and_wait(*engine, {.inputs = {text}}).error().input, 0);
  const auto cut = chat::embed_and_wait(*engine, {.inputs = {text}, .cut = true});
  ASSERT_TRUE(cut);
  EXPECT_TRUE(cut->front().is_cut);
  const auto framed = engine->tokenize({.text = chat::Private("a man a man"), .add_bos = true});
  ASSERT_EQ(framed->size(), 6U);
  EXPECT_EQ(cut->front().values, *embed(*engine, {*framed}));
}

TEST(EncoderEngine, a_text_that_fills_a_step_gets_its_turn_among_short_ones) {
  Slow slow;
  const std::jthread short_calls([&] { EXPECT_TRUE(embed_all(*slow.engine, texts_of(std::vector<int32_t>(40, 20)))); });
  slow.executor->wait_for_steps(1);
  const std::jthread long_text([&] { EXPECT_TRUE(embed(*slow.engine, {std::vector<int32_t>(8, 60)})); });
  wait_until_waiting(*slow.engine, 1);
  slow.executor->allow(100);
  slow.executor->wait_for_steps(4);
  const auto steps = slow.executor->steps();
  EXPECT_TRUE(steps[1] == std::vector<int32_t>{60} || steps[2] == std::vector<int32_t>{60});
}

TEST(EncoderEngine, a_text_whose_answer_is_no_number_fails_its_own_call) {
  Slow slow;
  slow.executor->allow(1000);
  EXPECT_EQ(embed_all(*slow.engine, texts_of({1, 2, SlowExecutor::kBad, 4, 5, 6})).error().code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(embed_all(*slow.engine, texts_of({1, 2})).has_value());
  EXPECT_EQ(slow.engine->stats()->requests, 2U);
}

TEST(EncoderEngine, answers_at_once_when_too_many_wait) {
  Slow slow(1);
  std::vector<std::jthread> callers;
  callers.emplace_back([&] { EXPECT_TRUE(embed(*slow.engine, {{1}})); });
  slow.executor->wait_for_steps(1);
  callers.emplace_back([&] { EXPECT_TRUE(embed(*slow.engine, {{2}})); });
  wait_until_waiting(*slow.engine, 1);
  EXPECT_EQ(embed(*slow.engine, {{3}}).error().code(), ErrorCode::kExhausted);
  slow.executor->allow(1000);
}

}  // namespace
}  // namespace ingle::engine
