#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "engine/batch_engine.h"
#include "engine/testing/toy_executor.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using ::testing::HasSubstr;
using testing::ToyExecutor;
using Json = nlohmann::json;

// Of Qwen 3's kind: the model opens the thinking, the template closes it where it is told to.
constexpr std::string_view kSwitched =
    "{% for m in messages %}{{ m.role }}: {% if m.reasoning_content %}({{ m.reasoning_content }}){% endif %}"
    "{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: "
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}";
// Of DeepSeek R1's: the template opens it, whatever it is told.
constexpr std::string_view kAlways =
    "{% for m in messages %}{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}assistant: <think>\n{% endif %}";
constexpr std::string_view kNever = "{% for m in messages %}{{ m.content }}\n{% endfor %}assistant: ";

/// Says `words` after "assistant: ", byte by byte, then ends; elsewhere any token may come, by a hash of the text.
ToyExecutor::Logits says(std::string words) {
  return [words = std::move(words)](std::span<const int32_t> text, std::span<float> logits) {
    std::string so_far;
    uint64_t hash = 14695981039346656037ULL;
    for (const int32_t token : text) {
      so_far += token < 256 ? static_cast<char>(token) : '\x01';
      hash = (hash ^ static_cast<uint64_t>(token)) * 1099511628211ULL;
    }
    for (float& logit : logits) {
      hash = hash * 6364136223846793005ULL + 1442695040888963407ULL;
      logit = static_cast<float>(hash >> 40) / 4e6F;
    }
    const size_t begin = so_far.rfind("assistant: ");
    const size_t said = begin == std::string::npos ? 0 : so_far.size() - begin - 11;
    if (said < words.size()) logits[static_cast<uint8_t>(words[said])] = 100;
  };
}

std::unique_ptr<BatchEngine> make_engine(std::string_view source, std::string words) {
  EngineParts parts;
  parts.tokenizer = text::Tokenizer::create(text::testing::byte_vocab("gpt-2", {})).value();
  parts.chat_template = text::ChatTemplate::compile(source).value();
  parts.executor = std::make_unique<ToyExecutor>(1024, 16, says(std::move(words)));
  parts.description.name = "toy";
  parts.description.vocab_size = ToyExecutor::kVocab;
  parts.description.embedding_size = ToyExecutor::kEmbd;
  parts.description.context_limit = 1024;
  parts.max_sequences = 4;
  parts.prefill_chunk = 16;
  return std::make_unique<BatchEngine>(std::move(parts));
}

chat::CompleteRequest question(int32_t max_tokens, std::optional<bool> think = {}) {
  chat::CompleteRequest request;
  request.prompt = chat::ChatPrompt{.messages = {{"user", chat::Private("go")}}, .think = think};
  request.sampling.temperature = 0;
  request.max_tokens = max_tokens;
  return request;
}

struct Answer {
  std::string thinking;
  std::string text;
  size_t n_tokens = 0;  // with log-probabilities
  Result<chat::Finished> finished = std::unexpected(Error::internal("no end"));
};

Answer run(BatchEngine& engine, chat::CompleteRequest request) {
  Answer answer;
  answer.finished = chat::complete_and_wait(engine, std::move(request), [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    EXPECT_TRUE(delta->thinking.empty() || answer.text.empty()) << "thoughts come before the answer";
    answer.thinking += delta->thinking;
    answer.text += delta->text;
    answer.n_tokens += delta->tokens.size();
  });
  return answer;
}

TEST(EngineThinking, is_told_from_the_answer_and_counted) {
  const std::string words = "<think>\nhm \xC3\xA9\n</think>\n\nyes";
  const auto engine = make_engine(kSwitched, words);
  const Answer answer = run(*engine, question(static_cast<int32_t>(words.size())));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.thinking, "hm \xC3\xA9");
  EXPECT_EQ(answer.text, "yes");
  EXPECT_EQ(answer.finished->usage.completion_tokens, words.size());
  EXPECT_EQ(answer.finished->usage.thinking_tokens, words.size() - 3 - 6) << "a mark is begun before it is known";
}

TEST(EngineThinking, that_the_prompt_opened_needs_no_mark) {
  const auto engine = make_engine(kAlways, "<think>\nhm</think>yes");
  const Answer answer = run(*engine, question(21 - 8));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.thinking, "hm");
  EXPECT_EQ(answer.text, "yes");
}

TEST(EngineThinking, that_is_cut_leaves_no_answer) {
  const auto engine = make_engine(kSwitched, "<think>hm hm hm hm</think>yes");
  const Answer answer = run(*engine, question(12));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kLength);
  EXPECT_EQ(answer.thinking, "hm hm");
  EXPECT_EQ(answer.text, "");
}

TEST(EngineThinking, can_be_turned_off_whatever_the_template_knows) {
  const auto switched = make_engine(kSwitched, "<think>\n\n</think>\n\nyes");
  const auto always = make_engine(kAlways, "<think>\n\n</think>\n\nyes");
  for (BatchEngine* engine : {switched.get(), always.get()}) {
    const auto prompt = std::get<chat::ChatPrompt>(question(3, false).prompt);
    EXPECT_THAT(engine->render(prompt).value(), HasSubstr("</think>\n\n"));
    const Answer answer = run(*engine, question(3, false));
    EXPECT_EQ(answer.thinking, "");
    EXPECT_EQ(answer.text, "yes");
  }
}

TEST(EngineThinking, a_model_that_cannot_is_not_told_to) {
  const auto engine = make_engine(kNever, "<think>yes");
  const auto refused = run(*engine, question(3, true));
  ASSERT_FALSE(refused.finished.has_value());
  EXPECT_EQ(refused.finished.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(run(*engine, question(10, false)).text, "<think>yes");
  EXPECT_EQ(run(*engine, question(10)).text, "<think>yes");
}

TEST(EngineThinking, stop_strings_and_probabilities_are_of_the_answer) {
  const auto engine = make_engine(kSwitched, "<think>stop</think>go, stop, go");
  chat::CompleteRequest request = question(40);
  request.stop = {"stop"};
  request.logprobs = 1;
  const Answer answer = run(*engine, std::move(request));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.thinking, "stop");
  EXPECT_EQ(answer.text, "go, ");
  EXPECT_EQ(answer.finished->stop_text, "stop");
  EXPECT_EQ(answer.n_tokens, 4U);
}

TEST(EngineThinking, a_limit_of_its_own_ends_it) {
  const auto engine = make_engine(kAlways, std::string(400, 'x'));
  chat::CompleteRequest request = question(60);
  request.max_thinking_tokens = 20;
  const Answer answer = run(*engine, std::move(request));
  ASSERT_TRUE(answer.finished.has_value());
  EXPECT_EQ(answer.thinking, std::string(20, 'x'));
  EXPECT_EQ(answer.text.substr(0, 5), "xxxxx");
  EXPECT_EQ(answer.finished->usage.completion_tokens, 60U);
}

/// Whatever the model would do, an answer under a schema is a document, and what it thought stands beside it.
TEST(EngineThinking, a_schema_is_of_the_answer) {
  constexpr const char* kSchema =
      R"({"type":"object","properties":{"a":{"type":"integer","minimum":0,"maximum":9}},"required":["a"],"additionalProperties":false})";
  const std::pair<std::string_view, std::string> models[] = {
      {kSwitched, "<think>one {\"a\": 1}\n</think>\n\n{\"a\": 2}"},
      {kSwitched, "{\"a\": 2}"},
      {kSwitched, "<thought>"},
      {kSwitched, "\n\n\n\n\n"},
      {kSwitched, ""},
      {kAlways, "<think>\nhm</think>\n\n\n\n\n{"},
      {kAlways, "<think>\nhm</think>{\"a\": 3}"},
      {kAlways, "<think>\n" + std::string(900, 'x')},
      {kAlways, ""},
  };
  for (const auto& [source, words] : models) {
    const auto engine = make_engine(source, words);
    for (const int32_t logprobs : {-1, 0}) {
      for (const float temperature : {0.0F, 1.5F}) {
        for (uint64_t seed = 0; seed < 4; ++seed) {
          chat::CompleteRequest request = question(100);
          request.json_schema = kSchema;
          request.logprobs = logprobs;
          request.sampling.temperature = temperature;
          request.sampling.seed = seed;
          const Answer answer = run(*engine, std::move(request));
          ASSERT_TRUE(answer.finished.has_value()) << words << answer.finished.error().message();
          const Json json = Json::parse(answer.text, nullptr, false);
          EXPECT_TRUE(json.is_object() && json.contains("a")) << words << ": " << answer.text;
        }
      }
    }
  }
}

TEST(EngineThinking, earlier_thoughts_are_handed_to_the_template) {
  const auto engine = make_engine(kSwitched, "yes");
  chat::ChatPrompt prompt{
      .messages = {{"user", chat::Private("go")}, {"assistant", chat::Private("no")}, {"user", chat::Private("why")}}};
  prompt.messages[1].thinking = chat::Private("because");
  EXPECT_THAT(engine->render(prompt).value(), HasSubstr("(because)no"));
}

}  // namespace
}  // namespace ingle::engine
