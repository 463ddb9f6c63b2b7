#include "text/tools/parser.h"

#include <gtest/gtest.h>

#include "text/tools/formats.h"

namespace ingle::text::tools {
namespace {

using Kind = CallEvent::Kind;

const std::vector<Tool> kTools = {{.name = "get_weather"}, {.name = "get_time"}, {.name = "get"}};

/// Events as one text: content as it is, calls as <name>arguments</>.
struct Read {
  std::string text;
  uint32_t n_calls = 0;
  bool broken = false;
};

Read read(const Format& format, const std::vector<std::string>& pieces, const CallRules& rules = {}) {
  CallParser parser(format, kTools, rules);
  std::vector<CallEvent> events;
  for (const std::string& piece : pieces)
    parser.feed(piece, events);
  parser.finish(events);
  Read out{.text = {}, .n_calls = parser.n_calls(), .broken = parser.is_broken()};
  for (const CallEvent& event : events) {
    switch (event.kind) {
      case Kind::kContent:
      case Kind::kArguments:
        out.text += event.text;
        break;
      case Kind::kBegin:
        out.text += "<" + event.text + ">";
        break;
      case Kind::kEnd:
        out.text += "</>";
        break;
    }
  }
  return out;
}

struct Case {
  const Format* format;
  std::string answer;
  std::string wanted;
  uint32_t n_calls = 1;
};

std::vector<Case> cases() {
  const std::string control(1, '\xFF');
  return {
      {&kHermes, "", "", 0},
      {&kHermes, "Hello.", "Hello.", 0},
      {&kHermes, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}\n</tool_call>",
       "<get_weather>{\"city\": \"Oslo\"}</>"},
      {&kHermes, "I look.\n<tool_call>\n{\"name\": \"get\", \"arguments\": {}}\n</tool_call>", "I look.\n<get>{}</>"},
      {&kHermes,
       "<tool_call>\n{\"name\": \"get\", \"arguments\": {\"a\": [1, {\"b\": \"}\"}]}}\n</tool_call>\n"
       "<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>",
       "<get>{\"a\": [1, {\"b\": \"}\"}]}</><get_time>{}</>", 2},
      {&kHermes, "<tool_call>{\"name\":\"get\",\"arguments\":{\"q\":\"a\\\"}\\\\\"}}</tool_call> so be it",
       "<get>{\"q\":\"a\\\"}\\\\\"}</> so be it"},
      {&kHermes, "{\"name\": \"get_weather\", \"arguments\": {}}", "<get_weather>{}</>"},
      {&kHermes, "```json\n{\n  \"name\": \"get_time\",\n  \"arguments\": {\n    \"a\": 1\n  }\n}\n```",
       "<get_time>{\n    \"a\": 1\n  }</>"},
      {&kHermes, "```json\n[{\"name\": \"get\", \"arguments\": {}}, {\"name\": \"get_time\", \"arguments\": {}}]\n```",
       "<get>{}</><get_time>{}</>", 2},
      {&kHermes, "<tools>\n{\"name\": \"get\", \"arguments\": {}}\n</tools>", "<get>{}</>"},
      {&kHermes, "{\"name\": \"get\", \"arguments\": {}}\n{\"name\": \"get_time\", \"arguments\": {}}",
       "<get>{}</><get_time>{}</>", 2},
      // Nothing of these is a call.
      {&kHermes, "```json\n{\"name\": \"Anna\"}\n```", "```json\n{\"name\": \"Anna\"}\n```", 0},
      {&kHermes, "{\"name\": \"get_w\"}", "{\"name\": \"get_w\"}", 0},
      {&kHermes, "an <tool_ca and <<tool_cal", "an <tool_ca and <<tool_cal", 0},
      {&kHermes, "it is {\"name\": \"get\"} there", "it is {\"name\": \"get\"} there", 0},
      {&kHermes, "\n\n```json\n\n", "\n\n```json\n\n", 0},
      {&kLlama3, "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\"}}",
       "<get_weather>{\"city\": \"Oslo\"}</>"},
      {&kLlama3, control + "<|python_tag|>{\"name\": \"get\", \"parameters\": {}}", "<get>{}</>"},
      {&kLlama3, "<|python_tag|>{\"name\": \"get\", \"parameters\": {}}", "<get>{}</>"},
      {&kLlama3, "{\"name\": \"get\", \"parameters\": {}}; {\"name\": \"get_time\", \"parameters\": {}}",
       "<get>{}</><get_time>{}</>", 2},
      {&kMistralList, control + "[TOOL_CALLS] [{\"name\": \"get\", \"arguments\": {}, \"id\": \"a1b2c3d4e\"}]",
       "<get>{}</>"},
      {&kMistralList,
       "[TOOL_CALLS] [{\"name\": \"get\", \"arguments\": {}}, {\"name\": \"get_time\", \"arguments\": {\"z\": \"U\"}}]",
       "<get>{}</><get_time>{\"z\": \"U\"}</>", 2},
      {&kMistralNamed, control + "[TOOL_CALLS]get_weather" + control + "[ARGS]{\"city\": \"Oslo\"}",
       "<get_weather>{\"city\": \"Oslo\"}</>"},
      {&kMistralNamed, "Now: [TOOL_CALLS]get[ARGS]{}[TOOL_CALLS]get_time[ARGS]{}", "Now: <get>{}</><get_time>{}</>", 2},
      {&kPhi, control + "<|tool_call|>[{\"name\": \"get\", \"arguments\": {}}]" + control + "<|/tool_call|>",
       "<get>{}</>"},
      {&kPhi, "functools[{\"name\": \"get\", \"arguments\": {}}]", "<get>{}</>"},
      {&kGemma, "```tool_code\n{\"name\": \"get\", \"parameters\": {\"a\": 1}}\n```\n", "<get>{\"a\": 1}</>"},
      {&kGeneric, "Yes.\n<tool_call>{\"name\": \"get\", \"arguments\": {}}</tool_call>", "Yes.\n<get>{}</>"},
  };
}

TEST(CallParser, reads_content_and_calls_of_every_format) {
  for (const Case& row : cases()) {
    const Read got = read(*row.format, {row.answer});
    EXPECT_EQ(got.text, row.wanted) << row.answer;
    EXPECT_EQ(got.n_calls, row.n_calls) << row.answer;
    EXPECT_FALSE(got.broken) << row.answer;
  }
}

TEST(CallParser, reads_the_same_whatever_the_cut) {
  for (const Case& row : cases()) {
    for (size_t first = 0; first <= row.answer.size(); ++first) {
      for (size_t second = first; second <= row.answer.size(); second += 7) {
        EXPECT_EQ(read(*row.format, {row.answer.substr(0, first), row.answer.substr(first, second - first),
                                     row.answer.substr(second)})
                      .text,
                  row.wanted);
      }
    }
    std::vector<std::string> bytes;
    for (const char c : row.answer)
      bytes.emplace_back(1, c);
    EXPECT_EQ(read(*row.format, bytes).text, row.wanted);
  }
}

TEST(CallParser, tells_arguments_while_they_come) {
  CallParser parser(kHermes, kTools);
  std::vector<CallEvent> events;
  parser.feed("<tool_call>\n{\"name\": \"get\", \"arguments\": {\"a\": \"b", events);
  EXPECT_EQ(events, (std::vector<CallEvent>{{Kind::kBegin, "get"}, {Kind::kArguments, "{\"a\": \"b"}}));
  events.clear();
  parser.feed("c\"}", events);
  EXPECT_EQ(events, (std::vector<CallEvent>{{Kind::kArguments, "c\"}"}, {Kind::kEnd, ""}}));
}

TEST(CallParser, holds_back_only_what_may_begin_a_call) {
  CallParser parser(kHermes, kTools);
  std::vector<CallEvent> events;
  parser.feed("a < b <tool", events);
  EXPECT_EQ(events, (std::vector<CallEvent>{{Kind::kContent, "a < b "}}));
  parser.feed("s", events);
  parser.feed("!", events);
  EXPECT_EQ(events, (std::vector<CallEvent>{{Kind::kContent, "a < b <tools!"}}));
}

TEST(CallParser, loses_nothing_of_what_is_no_call_after_all) {
  for (const std::string text :
       {"<tool_call>\nno object", "<tool_call>\n{\"name\": \"unknown\", \"arguments\": {}}",
        "<tool_call>\n{\"name\": \"get\", \"arguments\": 3}", "<tool_call>\n{\"name\": \"get"}) {
    const Read got = read(kHermes, {text});
    EXPECT_EQ(got.text, text);
    EXPECT_TRUE(got.broken);
    EXPECT_EQ(got.n_calls, 0U);
  }
}

TEST(CallParser, ends_a_call_that_was_cut) {
  const Read got = read(kHermes, {"<tool_call>\n{\"name\": \"get\", \"arguments\": {\"a\": 1"});
  EXPECT_EQ(got.text, "<get>{\"a\": 1</>");
  EXPECT_TRUE(got.broken);
}

TEST(CallParser, tells_control_tokens_that_open_nothing_without_their_mark) {
  EXPECT_EQ(read(kPhi, {"a\xFF<|end|>b\xFF\xFF<|tool_\xFF"}).text, "a<|end|>b<|tool_");
}

TEST(CallParser, leaves_a_document_alone_that_looks_like_a_bare_call) {
  const std::string document = "{\"name\": \"get\", \"arguments\": {}}";
  EXPECT_EQ(read(kHermes, {document}, {.document = "{}"}).text, document);
  EXPECT_EQ(read(kHermes, {document}).n_calls, 1U);
}

TEST(CallParser, knows_no_call_but_the_named_one) {
  const std::string other = "{\"name\": \"get_time\", \"arguments\": {}}";
  EXPECT_EQ(read(kHermes, {other}, {.only = "get"}).text, other);
}

}  // namespace
}  // namespace ingle::text::tools
