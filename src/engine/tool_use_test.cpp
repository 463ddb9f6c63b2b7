#include "engine/tool_use.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/batch_engine.h"
#include "engine/testing/toy_engine.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::engine {
namespace {

using testing::anything;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::ToyExecutor;
using Json = nlohmann::json;
using Mode = chat::ToolChoice::Mode;

// Of the Hermes kind: definitions and calls in the template's own words.
constexpr std::string_view kTemplate =
    "{% if tools %}<tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools>"
    "in <tool_call></tool_call> XML tags{% endif %}"
    "{% for m in messages %}<|im_start|>{{ m.role }}:{{ m.content }}"
    "{% for c in m.tool_calls %}<tool_call>\n{\"name\": \"{{ c.function.name }}\", \"arguments\": "
    "{{ c.function.arguments | tojson }}}\n</tool_call>{% endfor %}<|im_end|>{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>{% endif %}";

constexpr std::string_view kTools =
    R"([{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{
        "a":{"type":"integer","minimum":0,"maximum":9},"b":{"enum":["x","y"]}},"required":["a","b"],"additionalProperties":false}}},
        {"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{},"additionalProperties":false}}}])";

constexpr std::string_view kOpening = "<tool_call>";

/// Wants to say nothing but the opening of a call, again and again.
void only_calls(std::span<const int32_t> text, std::span<float> logits) {
  size_t said = std::min(kOpening.size() - 1, text.size());
  const auto ends_with = [&](size_t n) {
    return std::ranges::equal(text.last(n), kOpening.substr(0, n),
                              [](int32_t token, char c) { return token == static_cast<uint8_t>(c); });
  };
  while (said > 0 && !ends_with(said))
    --said;
  anything(text, logits);
  logits[static_cast<uint8_t>(kOpening[said])] = 100;
}

std::unique_ptr<BatchEngine> make_engine(ToyExecutor::Logits logits = testing::anything) {
  return testing::make_toy_engine({.logits = std::move(logits),
                                   .n_pages = 2048,
                                   .context = 2048,
                                   .max_sequences = 4,
                                   .chat_template = kTemplate})
      .engine;
}

chat::CompleteRequest with_tools(chat::ToolChoice choice, uint64_t seed = 0, int32_t max_tokens = 300) {
  chat::CompleteRequest request;
  request.id = "request";
  request.prompt = chat::ChatPrompt{.messages = {{"user", chat::Private("go")}},
                                    .tools_json = chat::Private(std::string(kTools)),
                                    .tool_choice = std::move(choice)};
  request.sampling.temperature = 1.5F;
  request.sampling.seed = seed;
  request.max_tokens = max_tokens;
  return request;
}

struct Answer {
  std::string text;
  std::vector<chat::ToolCallDelta> calls;  // whole
  Result<chat::Finished> finished = std::unexpected(Error::internal("no end"));
};

Answer run(BatchEngine& engine, chat::CompleteRequest request) {
  Answer answer;
  answer.finished = chat::complete_and_wait(engine, std::move(request), [&](const chat::Event& event) {
    const auto* delta = std::get_if<chat::Delta>(&event);
    if (delta == nullptr) return;
    answer.text += delta->text;
    for (const chat::ToolCallDelta& piece : delta->tool_calls) {
      if (!piece.name.empty()) {
        EXPECT_EQ(piece.index, answer.calls.size());
        answer.calls.push_back(piece);
      } else {
        ASSERT_EQ(piece.index + 1, answer.calls.size());
        EXPECT_TRUE(piece.id.empty());
        answer.calls.back().arguments += piece.arguments;
      }
    }
  });
  return answer;
}

bool fits_its_schema(const chat::ToolCallDelta& call) {
  const Json json = Json::parse(call.arguments, nullptr, false);
  if (!json.is_object()) return false;
  if (call.name == "now") return json.empty();
  return call.name == "add" && json.size() == 2 && json["a"].is_number_integer() && json["a"] >= 0 && json["a"] <= 9 &&
         (json["b"] == "x" || json["b"] == "y");
}

TEST(ToolUse, a_demanded_answer_is_calls_that_fit_their_schemas_and_nothing_else) {
  const auto engine = make_engine();
  for (uint64_t seed = 0; seed < 10; ++seed) {
    const Answer answer = run(*engine, with_tools({.mode = Mode::kRequired}, seed));
    ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
    ASSERT_FALSE(answer.calls.empty());
    EXPECT_EQ(answer.text, "");
    for (const chat::ToolCallDelta& call : answer.calls)
      EXPECT_TRUE(fits_its_schema(call)) << call.name << call.arguments;
    EXPECT_TRUE(answer.finished->reason == chat::FinishReason::kToolCalls ||
                answer.finished->usage.completion_tokens >= 250);
  }
}

// The marker is text here, as in most vocabularies: it costs what its bytes cost, so every promised budget holds.
TEST(ToolUse, a_budget_that_is_taken_is_enough_for_whole_calls) {
  const auto engine = make_engine();
  const Answer least = run(*engine, with_tools({.mode = Mode::kNamed, .name = "now"}, 0, 1));
  ASSERT_FALSE(least.finished.has_value());
  EXPECT_THAT(least.finished.error().message(), HasSubstr("may take 57"));
  for (int32_t budget = 57; budget < 200; budget += 3) {
    for (const Mode mode : {Mode::kNamed, Mode::kRequired, Mode::kAuto}) {
      auto request = with_tools({.mode = mode, .name = "now"}, static_cast<uint64_t>(budget), budget);
      if (budget % 2 == 0) request.sampling.temperature = 0;
      const Answer answer = run(*engine, request);
      ASSERT_TRUE(answer.finished.has_value()) << budget << ": " << answer.finished.error().message();
      EXPECT_TRUE(mode == Mode::kAuto || !answer.calls.empty());
      for (const chat::ToolCallDelta& call : answer.calls)
        EXPECT_TRUE(fits_its_schema(call)) << budget << call.name << call.arguments;
    }
  }
}

TEST(ToolUse, a_named_function_is_called_once_and_no_other) {
  const auto engine = make_engine();
  for (const char* name : {"add", "now"}) {
    const Answer answer = run(*engine, with_tools({.mode = Mode::kNamed, .name = name}));
    ASSERT_EQ(answer.calls.size(), 1U);
    EXPECT_EQ(answer.calls[0].name, name);
    EXPECT_EQ(answer.finished->reason, chat::FinishReason::kToolCalls);
  }
  EXPECT_EQ(run(*engine, with_tools({.mode = Mode::kNamed, .name = "sub"})).finished.error().code(), ErrorCode::kUsage);
}

TEST(ToolUse, a_call_has_an_id_that_its_request_and_place_determine) {
  const auto engine = make_engine();
  const chat::ToolChoice one{.mode = Mode::kNamed, .name = "now", .parallel = false};
  const std::string id = run(*engine, with_tools(one)).calls.at(0).id;
  EXPECT_EQ(id.size(), 29U);
  EXPECT_TRUE(id.starts_with("call_"));
  EXPECT_EQ(run(*engine, with_tools(one, 7)).calls.at(0).id, id);
  auto other = with_tools(one);
  other.id = "another";
  EXPECT_NE(run(*engine, other).calls.at(0).id, id);
}

TEST(ToolUse, stop_strings_do_not_cut_calls) {
  const auto engine = make_engine();
  auto request = with_tools({.mode = Mode::kNamed, .name = "add", .parallel = false});
  request.stop = {"name", "a", "}"};
  const Answer answer = run(*engine, request);
  ASSERT_EQ(answer.calls.size(), 1U);
  EXPECT_TRUE(fits_its_schema(answer.calls[0]));
  EXPECT_EQ(answer.finished->reason, chat::FinishReason::kToolCalls);
  EXPECT_EQ(answer.finished->stop_text, "");
}

TEST(ToolUse, tools_that_may_not_be_called_are_not_shown) {
  const auto engine = make_engine();
  const auto prompt = [](Mode mode) { return std::get<chat::ChatPrompt>(with_tools({.mode = mode}).prompt); };
  EXPECT_THAT(engine->render(prompt(Mode::kAuto)).value(), HasSubstr("Adds."));
  EXPECT_THAT(engine->render(prompt(Mode::kNone)).value(), Not(HasSubstr("Adds.")));
  const Answer answer = run(*engine, with_tools({.mode = Mode::kNone}, 0, 50));
  EXPECT_TRUE(answer.calls.empty());
  EXPECT_FALSE(answer.text.empty());
}

TEST(ToolUse, a_call_that_is_ruled_out_cannot_be_begun_although_the_conversation_has_one) {
  const auto engine = make_engine(only_calls);
  auto request = with_tools({.mode = Mode::kNone});
  auto& prompt = std::get<chat::ChatPrompt>(request.prompt);
  prompt.messages.push_back({.role = "assistant", .tool_calls = {{"c", "now", chat::Private("{}")}}});
  prompt.messages.push_back({.role = "tool", .content = chat::Private("noon"), .tool_call_id = "c", .name = "now"});
  request.sampling.temperature = 0;
  request.max_tokens = 50;
  const Answer answer = run(*engine, request);
  ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
  EXPECT_THAT(answer.text, HasSubstr("<tool_call"));
  EXPECT_THAT(answer.text, Not(HasSubstr(kOpening)));
  request.prompt = chat::RawPrompt{chat::Private("go")};
  EXPECT_THAT(run(*engine, request).text, HasSubstr(kOpening));  // as it would
}

TEST(ToolUse, with_a_schema_an_answer_is_a_call_or_a_document) {
  const auto engine = make_engine();
  bool called = false;
  bool written = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    auto request = with_tools({.parallel = false}, seed);
    request.json_schema =
        R"({"type":"object","properties":{"n":{"enum":[1,2]}},"required":["n"],"additionalProperties":false})";
    const Answer answer = run(*engine, request);
    ASSERT_TRUE(answer.finished.has_value()) << answer.finished.error().message();
    if (answer.calls.empty()) {
      written = true;
      EXPECT_TRUE(Json::parse(answer.text, nullptr, false).is_object()) << answer.text;
    } else {
      called = true;
      EXPECT_TRUE(fits_its_schema(answer.calls[0]));
    }
  }
  EXPECT_TRUE(called || written);
}

TEST(ToolUse, broken_tools_are_refused_before_anything_starts) {
  const auto engine = make_engine();
  auto odd = with_tools({});
  std::get<chat::ChatPrompt>(odd.prompt).tools_json = chat::Private(
      R"([{"type":"function","function":{"name":"f","parameters":{"$ref":"https://elsewhere.example/s"}}}])");
  EXPECT_EQ(run(*engine, odd).finished.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(run(*engine, odd).finished.error().message(), HasSubstr("'f'"));
  auto request = with_tools({});
  std::get<chat::ChatPrompt>(request.prompt).tools_json = chat::Private("{}");
  EXPECT_EQ(run(*engine, request).finished.error().code(), ErrorCode::kUsage);
}

const text::tools::Format& hermes() {
  return text::tools::format_of(kTemplate);
}

Offer one_tool(std::string schema) {
  Offer offer;
  offer.tools.push_back({.name = "f", .description = "", .parameters_json = std::move(schema)});
  return offer;
}

TEST(CallReader, pieces_are_whole_characters_however_the_bytes_are_cut) {
  const std::string text =
      "Hm.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"v\": \"\xC3\xA4\xE2\x82\xAC\"}}\n</tool_call>";
  CallReader reader = CallReader::create("r", hermes(), one_tool(R"({"type":"object"})")).value();
  std::string content;
  std::string arguments;
  for (const char c : text) {
    std::vector<chat::ToolCallDelta> calls;
    content += reader.read(std::string_view(&c, 1), calls).value();
    for (const chat::ToolCallDelta& piece : calls) {
      EXPECT_NE(piece.arguments, "\xC3");
      arguments += piece.arguments;
    }
  }
  std::vector<chat::ToolCallDelta> calls;
  content += reader.finish(calls).value();
  EXPECT_THAT(content, HasSubstr("Hm."));
  EXPECT_THAT(content, Not(HasSubstr("tool_call")));
  EXPECT_EQ(Json::parse(arguments)["v"], "\xC3\xA4\xE2\x82\xAC");
  EXPECT_TRUE(reader.has_calls());
}

TEST(CallReader, arguments_that_break_what_could_not_be_enforced_are_an_error) {
  CallReader reader =
      CallReader::create("r", hermes(),
                         one_tool(R"({"type":"object","properties":{"v":{"type":"array","uniqueItems":true}}})"))
          .value();
  std::vector<chat::ToolCallDelta> calls;
  const auto read = reader.read("<tool_call>\n{\"name\": \"f\", \"arguments\": {\"v\": [1, 1]}}\n</tool_call>", calls);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code(), ErrorCode::kRefused);
  EXPECT_THAT(read.error().message(), HasSubstr("uniqueItems"));
}

}  // namespace
}  // namespace ingle::engine
