// The engine over real model files: the tiny models of every architecture, with random weights.
#include "engine/engine.h"
#include "chat/errors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "engine/testing/embed.h"
#include "models/testing/tiny.h"

namespace ingle::engine {
namespace {

using models::testing::TinyCase;

std::vector<TinyCase> all_cases() {
  return models::testing::read_tiny_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "tiny");
}

Result<std::unique_ptr<chat::Completer>> load_tiny(const TinyCase& tiny, const Options& options) {
  std::vector<base::FileDescriptor> parts;
  INGLE_TRY(auto part, base::FileDescriptor::open_read(tiny.model));
  parts.push_back(std::move(part));
  return load(parts, tiny.name, options);
}

struct Answer {
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::string error;
  uint32_t cached = 0;
  friend bool operator==(const Answer& a, const Answer& b) {
    return a.tokens == b.tokens && a.logprobs == b.logprobs && a.error == b.error;
  }
};

Answer run(chat::Completer& engine, const chat::CompleteRequest& request) {
  Answer answer;
  const auto finished = chat::complete_and_wait(engine, request, [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    for (const chat::TokenInfo& info : delta->tokens) {
      answer.tokens.push_back(info.chosen.id);
      answer.logprobs.push_back(info.chosen.logprob);
      for (const auto& top : info.top)
        answer.logprobs.push_back(top.logprob);
    }
  });
  if (finished) {
    answer.cached = finished->usage.cached_tokens;
  } else {
    answer.error = finished.error().message();
  }
  return answer;
}

/// Prompts of about a hundred tokens: half of them share their first seventy.
std::vector<chat::CompleteRequest> requests_for(const TinyCase& tiny) {
  std::vector<chat::CompleteRequest> requests;
  for (size_t i = 0; i < 6; ++i) {
    std::vector<int32_t> prompt;
    for (size_t t = 0; t < 85 + 7 * i; ++t) {
      const size_t shift = t < 70 && i % 2 == 0 ? 0 : i;
      prompt.push_back(tiny.tokens[(t * 5 + shift) % tiny.tokens.size()]);
    }
    chat::CompleteRequest request;
    request.prompt = chat::TokenPrompt{std::move(prompt)};
    request.sampling.temperature = i == 0 ? 0.0F : 1.0F;
    request.sampling.seed = i;
    request.max_tokens = 24;
    request.logprobs = 3;
    request.ignore_eos = true;
    requests.push_back(std::move(request));
  }
  return requests;
}

class EngineOverTinyModel : public ::testing::TestWithParam<TinyCase> {};

TEST_P(EngineOverTinyModel, answers_the_same_bits_alone_in_a_crowd_on_other_threads_and_from_the_cache) {
  const auto requests = requests_for(GetParam());
  std::vector<Answer> alone;
  for (const auto& request : requests) {
    const auto engine = load_tiny(GetParam(), {.threads = 1, .max_sequences = 1});
    ASSERT_TRUE(engine.has_value()) << engine.error().message();
    alone.push_back(run(**engine, request));
    ASSERT_EQ(alone.back().error, "");
    ASSERT_FALSE(alone.back().tokens.empty());
  }
  const auto crowd = load_tiny(GetParam(), {.threads = 3, .max_sequences = 4, .prefill_chunk = 13});
  ASSERT_TRUE(crowd.has_value());
  for (const char* round : {"first", "cached"}) {
    std::vector<Answer> together(requests.size());
    {
      std::vector<std::jthread> clients;
      clients.reserve(requests.size());
      for (size_t i = 0; i < requests.size(); ++i) {
        clients.emplace_back([&, i] { together[i] = run(**crowd, requests[i]); });
      }
    }
    for (size_t i = 0; i < requests.size(); ++i)
      EXPECT_EQ(together[i], alone[i]) << round << " " << i;
    if (round == std::string_view("cached")) {
      EXPECT_GT(together[0].cached, 0U);
    }
  }
}

TEST_P(EngineOverTinyModel, answers_the_same_bits_whoever_else_asks_and_gives_way) {
  auto requests = requests_for(GetParam());
  std::vector<Answer> alone;
  for (const auto& request : requests)
    alone.push_back(run(**load_tiny(GetParam(), {.threads = 1, .max_sequences = 1}), request));
  // Few places for several clients, some of whom may wait: requests give way in the middle of answers and go on.
  const auto crowd = load_tiny(GetParam(), {.threads = 2, .max_sequences = 2, .prefill_chunk = 29, .token_gap_ms = 1});
  ASSERT_TRUE(crowd.has_value());
  std::vector<Answer> together(requests.size());
  {
    std::vector<std::jthread> clients;
    for (size_t i = 0; i < requests.size(); ++i) {
      requests[i].client = i < 3 ? "many" : std::to_string(i);
      requests[i].priority = i % 3 == 1 ? chat::Priority::kBackground : chat::Priority::kInteractive;
      clients.emplace_back([&, i] { together[i] = run(**crowd, requests[i]); });
    }
  }
  for (size_t i = 0; i < requests.size(); ++i)
    EXPECT_EQ(together[i], alone[i]) << i;
}

TEST_P(EngineOverTinyModel, answers_the_same_bits_with_pages_that_an_engine_before_left_on_disk) {
  const base::FileDescriptor file(::memfd_create("pages", MFD_CLOEXEC));
  const auto with_pages = [&](const std::string& identity) {
    // Room for all of them to wait for the disk: none is let go of because it is slow.
    Options options{.threads = 2, .max_sequences = 8, .prefill_chunk = 13};
    options.pages_on_disk = {std::make_shared<base::FileDescriptor>(::dup(file.get())), 64 << 20, identity};
    return load_tiny(GetParam(), options);
  };
  const auto ask_all = [&](const std::string& identity, const std::string& client) {
    const auto engine = with_pages(identity);
    EXPECT_TRUE(engine.has_value());
    std::vector<Answer> answers;
    for (auto request : requests_for(GetParam())) {
      request.client = client;
      answers.push_back(run(**engine, request));
    }
    return answers;
  };
  const auto first = ask_all("model", "anna");
  ASSERT_EQ(first[0].error, "");
  const auto after = ask_all("model", "anna");
  for (size_t i = 0; i < first.size(); ++i) {
    EXPECT_EQ(after[i], first[i]) << i;
    EXPECT_GE(after[i].cached, 64U) << i;
  }
  const auto of_another = ask_all("model", "ben");
  EXPECT_EQ(of_another[0], first[0]);
  EXPECT_EQ(of_another[0].cached, 0U);
  const auto of_another_model = ask_all("model 2", "anna");
  EXPECT_EQ(of_another_model[0], first[0]);
  EXPECT_EQ(of_another_model[0].cached, 0U);
}

TEST_P(EngineOverTinyModel, scores_agree_with_the_independent_implementation) {
  const TinyCase& tiny = GetParam();
  const auto engine = load_tiny(tiny, {.isa = "scalar", .threads = 1, .reference = true, .context = tiny.context});
  ASSERT_TRUE(engine.has_value());
  const auto scores = (*engine)->score({tiny.tokens, 1});
  ASSERT_TRUE(scores.has_value());
  for (const auto& [position, logits] : tiny.logits) {
    if (position + 1 >= tiny.tokens.size()) continue;
    double sum = 0;
    for (const float logit : logits)
      sum += std::exp(static_cast<double>(logit));
    const auto logit = static_cast<double>(logits[static_cast<size_t>(tiny.tokens[position + 1])]);
    EXPECT_NEAR((*scores)[position], logit - std::log(sum), 1e-3) << position;
  }
}

INSTANTIATE_TEST_SUITE_P(Tiny, EngineOverTinyModel, ::testing::ValuesIn(all_cases()),
                         [](const ::testing::TestParamInfo<TinyCase>& param) {
                           std::string name = param.param.name;
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                           return name;
                         });

TEST(Engine, describes_what_it_loaded) {
  const TinyCase tiny = all_cases().front();
  const auto engine = load_tiny(tiny, {.isa = "scalar", .threads = 2, .context = 100});
  ASSERT_TRUE(engine.has_value());
  const auto description = (*engine)->describe();
  EXPECT_EQ(description->name, tiny.name);
  EXPECT_EQ(description->context_length, tiny.context);
  EXPECT_EQ(description->context_limit, 100U);
  EXPECT_EQ(description->isa, "scalar");
  EXPECT_EQ(description->threads, 2U);
  EXPECT_GT(description->vocab_size, 0U);
  EXPECT_EQ(description->file_bytes, std::filesystem::file_size(tiny.model));
  const auto embedding = testing::embed(**engine, {tiny.tokens});
  ASSERT_TRUE(embedding.has_value());
  EXPECT_EQ(embedding->size(), description->embedding_size);
}

TEST(Engine, refuses_options_that_make_no_sense_by_name) {
  const TinyCase tiny = all_cases().front();
  const auto error_with = [&](const Options& options) { return load_tiny(tiny, options).error(); };
  EXPECT_THAT(error_with({.context = tiny.context + 1}).message(), ::testing::HasSubstr(std::to_string(tiny.context)));
  EXPECT_EQ(error_with({.kv_type = "q1"}).code(), ErrorCode::kUsage);
  EXPECT_TRUE(load_tiny(tiny, {.threads = 1, .kv_type = "q8_0"}).has_value());
  EXPECT_EQ(error_with({.max_sequences = 0}).code(), ErrorCode::kUsage);
  EXPECT_EQ(error_with({.prefill_chunk = 0}).code(), ErrorCode::kUsage);
}

TEST(Engine, shortens_a_context_that_the_model_was_not_made_for_when_it_may) {
  const TinyCase tiny = all_cases().front();
  const auto engine = load_tiny(tiny, {.threads = 1, .context = tiny.context + 1, .clamp_context = true});
  ASSERT_TRUE(engine.has_value());
  EXPECT_EQ((*engine)->describe()->context_limit, tiny.context);
}

TEST(Engine, holds_what_the_request_needs_for_which_it_is_loaded_or_refuses_with_both_numbers) {
  const TinyCase tiny = all_cases().front();
  const auto limit_with = [&](const Options& options) {
    return (*load_tiny(tiny, options))->describe()->context_limit;
  };
  EXPECT_EQ(limit_with({.threads = 1, .context = 8, .least_context = 16}), 16U);
  EXPECT_EQ(limit_with({.threads = 1, .context = 16, .least_context = 8}), 16U);
  const auto refused =
      load_tiny(tiny, {.threads = 1, .context = 9999, .clamp_context = true, .least_context = tiny.context + 1});
  ASSERT_FALSE(refused);
  const auto counts = chat::as_context_too_large(refused.error());
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->asked_tokens, tiny.context + 1);
  EXPECT_EQ(counts->model_tokens, tiny.context);
}

TEST(Engine, refuses_to_take_more_memory_than_it_may_and_says_how_much_it_needs) {
  const TinyCase tiny = all_cases().front();
  const auto refused = load_tiny(tiny, {.threads = 1, .max_memory_bytes = 1000});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_THAT(refused.error().message(), ::testing::HasSubstr("1 MB are free"));
  const uint64_t plenty = uint64_t{1} << 30;
  EXPECT_TRUE(load_tiny(tiny, {.threads = 1, .max_memory_bytes = plenty}).has_value());
}

TEST(Engine, tells_what_it_may_take_and_takes_a_shorter_context_only_when_none_was_named) {
  const TinyCase tiny = all_cases().front();
  const auto description_with = [&](const Options& options) { return (*load_tiny(tiny, options))->describe().value(); };
  const auto plenty = description_with({.threads = 1, .max_sequences = 1});
  EXPECT_GT(plenty.memory.weights, 0U);
  EXPECT_GT(plenty.memory.cache, 0U);
  EXPECT_EQ(plenty.memory.wanted_context, 0U);
  const uint64_t just = plenty.memory.total();
  EXPECT_TRUE(load_tiny(tiny, {.threads = 1, .max_sequences = 1, .max_memory_bytes = just}));
  const auto short_of_it = load_tiny(tiny, {.threads = 1,
                                            .context = plenty.context_limit,
                                            .max_sequences = 1,
                                            .max_memory_bytes = just - 1,
                                            .may_shorten = true});
  ASSERT_FALSE(short_of_it);
  EXPECT_EQ(short_of_it.error().code(), ErrorCode::kExhausted);
}

TEST(Engine, of_a_vocabulary_alone_reads_text_as_the_whole_model_does_and_computes_nothing) {
  const TinyCase tiny = all_cases().front();
  const auto whole = load_tiny(tiny, {.threads = 1});
  const auto vocabulary = load_tiny(tiny, {.threads = 1, .vocabulary_only = true});
  ASSERT_TRUE(whole && vocabulary);
  const chat::TokenizeRequest request{.text = chat::Private("Some text, 123."), .add_bos = true};
  const auto tokens = (*vocabulary)->tokenize(request);
  EXPECT_EQ(*tokens, *(*whole)->tokenize(request));
  EXPECT_EQ(*(*vocabulary)->detokenize(*tokens), *(*whole)->detokenize(*tokens));
  EXPECT_EQ((*vocabulary)->describe()->vocab_size, (*whole)->describe()->vocab_size);
  EXPECT_EQ(testing::embed(**vocabulary, {*tokens}).error().code(), ErrorCode::kUnsupported);
  EXPECT_EQ((*vocabulary)->complete({}, {}).error().code(), ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ingle::engine
