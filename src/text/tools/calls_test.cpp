#include "text/tools/calls.h"

#include <gtest/gtest.h>

#include "text/grammar/automaton.h"
#include "text/tools/formats.h"
#include "text/tools/parser.h"

namespace ingle::text::tools {
namespace {

using grammar::Automaton;
using grammar::ByteSet;

const std::string kFF(1, '\xFF');

std::vector<Tool> weather() {
  return {
      {.name = "get_weather",
       .description = "",
       .parameters_json =
           R"({"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer"}},"required":["city"]})"},
      {.name = "get_time", .description = "", .parameters_json = R"({"type":"object","properties":{}})"}};
}

ByteSet all_bytes() {
  ByteSet set;
  set.set();
  return set.reset(0xFF);
}

const grammar::ControlSpellings& all_controls() {
  static const grammar::ControlSpellings kControls = {"<tool_call>",   "</tool_call>",   "[TOOL_CALLS]", "[ARGS]",
                                                      "<|tool_call|>", "<|/tool_call|>", "[INST]"};
  return kControls;
}

struct Verdict {
  bool alive = false;
  bool accepts = false;
};

/// How far `text` gets: alive when it may go on or end, accepts when it may end here.
Verdict walk(const Format& format, const CallRules& rules, std::string_view text,
             const std::vector<Tool>& tools = weather()) {
  const auto compiled = compile_calls(format, tools, rules, all_bytes(), all_controls());
  EXPECT_TRUE(compiled.has_value()) << compiled.error().message();
  if (!compiled) return {};
  Automaton automaton(compiled->program);
  auto state = automaton.intern(automaton.start());
  for (const char c : text) {
    state = automaton.step(state, static_cast<uint8_t>(c));
    if (state == Automaton::kDead) return {};
  }
  return {.alive = true, .accepts = automaton.accepts(state)};
}

bool accepts(const Format& format, const CallRules& rules, std::string_view text) {
  return walk(format, rules, text).accepts;
}
bool alive(const Format& format, const CallRules& rules, std::string_view text) {
  return walk(format, rules, text).alive;
}

TEST(CallGrammar, lets_free_text_be_until_a_call_begins) {
  for (const Format* format : formats()) {
    for (const std::string_view text :
         {"", "Hello.", "{", "{\"name\": \"Anna\"}", "```json\n{\"title\": 1}\n```", "a <tool b", "\xC3\xA9\xF0"}) {
      EXPECT_TRUE(accepts(*format, {}, text)) << format->name << ": " << text;
    }
  }
}

TEST(CallGrammar, constrains_what_follows_the_marker) {
  EXPECT_TRUE(alive(kHermes, {}, "Sure.\n<tool_call>\n{\"name\": \"get_"));
  EXPECT_FALSE(accepts(kHermes, {}, "Sure.\n<tool_call>"));
  EXPECT_FALSE(alive(kHermes, {}, "<tool_call>\n{\"name\": \"other"));
  EXPECT_FALSE(alive(kHermes, {}, "<tool_call>hm"));
  EXPECT_FALSE(alive(kHermes, {}, "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"days\""));
  EXPECT_TRUE(accepts(kHermes, {},
                      "<tool_call>\n{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\", \"days\": 2}}\n"
                      "</tool_call>"));
}

TEST(CallGrammar, constrains_a_bare_call_of_a_known_tool) {
  EXPECT_FALSE(accepts(kHermes, {}, "{\"name\": \"get_weather\""));
  EXPECT_FALSE(alive(kHermes, {}, "{\"name\": \"get_weather\", \"x"));
  EXPECT_FALSE(alive(kHermes, {}, "```json\n{\"name\": \"get_weather\",\n"));
  EXPECT_TRUE(accepts(kHermes, {}, "```json\n{\"name\": \"get_time\", \"arguments\": {}}\n```"));
  EXPECT_TRUE(accepts(kHermes, {}, "{\"name\":\"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}"));
  EXPECT_TRUE(accepts(kHermes, {}, "say {\"name\": \"get_weather\", \"x"));  // not at the start of a line
}

TEST(CallGrammar, leaves_json_that_is_no_call_its_line_breaks) {
  for (const std::string_view text :
       {"{\n  \"a\": 1\n}", "[\n 1 ]", "```json\n{\n  \"name\": \"Anna\"\n}\n```", "<tools>\n{\n", "int main()\n{\n",
        "{\n  \"name\": \"other\",\n  \"arguments\": 1\n}"})
    EXPECT_TRUE(accepts(kHermes, {}, text)) << text;
}

TEST(CallGrammar, a_bare_call_that_begins_with_white_space_may_have_more) {
  const std::string spaced =
      "{\n  \"name\": \"get_weather\",\n  \"arguments\": {\n    \"city\": \"Oslo\",\n    \"days\": 2\n  }\n}";
  const std::string empty = "{ \"name\": \"get_time\", \"arguments\": {\n} }";
  for (const std::string& text : {spaced, empty, "```json\n" + spaced + "\n```", "[\n" + spaced + "\n]"}) {
    EXPECT_TRUE(accepts(kHermes, {}, text)) << text;
    CallParser parser(kHermes, weather());
    std::vector<CallEvent> events;
    parser.feed(text, events);
    parser.finish(events);
    EXPECT_EQ(parser.n_calls(), 1U) << text;
    EXPECT_FALSE(parser.is_broken()) << text;
  }
  EXPECT_FALSE(alive(kHermes, {}, "{\n  \"name\": \"get_weather\",\n  \"x"));
  EXPECT_FALSE(alive(kHermes, {}, "{\n  \"name\": \"get_weather\",\n  \"arguments\": {\n    \"days\""));
  EXPECT_FALSE(alive(kHermes, {}, "{\n" + std::string(65, ' ') + "\"name\": \"get_weather\"," + std::string(65, ' ')));
  EXPECT_FALSE(alive(kHermes, {}, "{\"name\": \"get_time\", \"arguments\": {\n"));
}

TEST(CallGrammar, takes_control_tokens_and_their_spelling) {
  const std::string call = " [{\"name\": \"get_time\", \"arguments\": {}, \"id\": \"abcdefghi\"}]";
  EXPECT_TRUE(accepts(kMistralList, {}, kFF + "[TOOL_CALLS]" + call));
  EXPECT_TRUE(accepts(kMistralList, {}, "Well. [TOOL_CALLS]" + call));
  EXPECT_TRUE(accepts(kMistralNamed, {.required = true}, kFF + "[TOOL_CALLS]get_time" + kFF + "[ARGS]{}"));
  EXPECT_FALSE(alive(kMistralList, {}, kFF + "[INST]"));
  EXPECT_TRUE(
      accepts(kPhi, {}, kFF + "<|tool_call|>[{\"name\": \"get_time\", \"arguments\": {}}]" + kFF + "<|/tool_call|>"));
}

TEST(CallGrammar, promises_no_control_token_that_the_vocabulary_has_not) {
  const std::string call = "<tool_call>{\"name\": \"get_time\", \"arguments\": {}}</tool_call>";
  const auto compiled = compile_calls(kGeneric, weather(), {.only = "get_time"}, all_bytes(), {});
  ASSERT_TRUE(compiled.has_value()) << compiled.error().message();
  Automaton automaton(compiled->program);
  const auto start = automaton.intern(automaton.start());
  EXPECT_EQ(automaton.distance(start), call.size());
  EXPECT_EQ(automaton.step(start, 0xFF), Automaton::kDead);
  EXPECT_TRUE(accepts(kGeneric, {.only = "get_time"}, kFF + call));  // where the vocabulary has them
}

TEST(CallGrammar, makes_required_and_named_calls_the_whole_answer) {
  const std::string time = "<tool_call>{\"name\": \"get_time\", \"arguments\": {}}</tool_call>";
  EXPECT_TRUE(accepts(kGeneric, {.required = true}, time));
  EXPECT_FALSE(accepts(kGeneric, {.required = true}, ""));
  EXPECT_FALSE(alive(kGeneric, {.required = true}, "Hi"));
  EXPECT_FALSE(alive(kGeneric, {.required = true}, time + " and"));
  EXPECT_TRUE(accepts(kGeneric, {.only = "get_time"}, time));
  EXPECT_FALSE(alive(kGeneric, {.only = "get_weather"}, "<tool_call>{\"name\": \"get_t"));
  const auto unknown = compile_calls(kGeneric, weather(), {.only = "nothing"}, all_bytes(), all_controls());
  EXPECT_EQ(unknown.error().code(), ErrorCode::kUsage);
}

TEST(CallGrammar, allows_several_calls_only_in_parallel) {
  for (const Format* format : formats()) {
    const bool list = format->syntax.wrappings.front().list;
    const auto call = std::string(format->syntax.head) + "get_time" + std::string(format->syntax.middle) + "{}" +
                      std::string(format->syntax.foot);
    const Wrapping& form = format->syntax.wrappings.front();
    const auto group = [&](const std::string& calls) {
      return std::string(form.open) + std::string(form.lead) + (list ? "[" + calls + "]" : calls) +
             std::string(form.tail) + std::string(form.close);
    };
    const std::string two =
        list ? group(call + ", " + call) : group(call) + std::string(format->syntax.between) + group(call);
    EXPECT_TRUE(accepts(*format, {.required = true}, group(call))) << format->name;
    EXPECT_TRUE(accepts(*format, {.required = true}, two)) << format->name;
    EXPECT_FALSE(alive(*format, {.required = true, .parallel = false}, two)) << format->name;
    EXPECT_TRUE(accepts(*format, {}, two)) << format->name;
    CallParser parser(*format, weather());
    std::vector<CallEvent> events;
    parser.feed(two, events);
    EXPECT_EQ(parser.n_calls(), 2U) << format->name;
  }
}

TEST(CallGrammar, offers_a_document_beside_calls) {
  const CallRules rules{.document = R"({"type":"object","properties":{"a":{"type":"integer"}},"required":["a"]})"};
  EXPECT_TRUE(accepts(kHermes, rules, "{\"a\": 1}"));
  EXPECT_TRUE(accepts(kHermes, rules, "<tool_call>\n{\"name\": \"get_time\", \"arguments\": {}}\n</tool_call>"));
  EXPECT_FALSE(alive(kHermes, rules, "Hello"));
}

TEST(CallGrammar, closes_objects_that_name_their_properties) {
  EXPECT_FALSE(alive(kGeneric, {}, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\""));
  std::vector<Tool> open = weather();
  open[1].parameters_json = R"({"type":"object"})";
  EXPECT_TRUE(
      walk(kGeneric, {}, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"x\": 1}}</tool_call>", open).accepts);
  open[1].parameters_json = R"({"properties":{"a":{}},"additionalProperties":{"type":"integer"}})";
  EXPECT_TRUE(
      walk(kGeneric, {}, "<tool_call>{\"name\": \"get_time\", \"arguments\": {\"x\": 1}}</tool_call>", open).accepts);
}

TEST(CallGrammar, many_tools_may_cost_no_more_than_one_schema) {
  const auto compiled = [](size_t n) {
    std::vector<Tool> tools;
    for (size_t i = 0; i < n; ++i) {
      const std::string number = std::to_string(i);
      tools.push_back({.name = "t" + number,
                       .parameters_json =
                           R"({"properties":{"a":{"type":"string","pattern":"^[ab]*a[ab]{11}x{)" + number + R"(}$"}}})",
                       .strict = true});
    }
    return compile_calls(kGeneric, tools, {}, ByteSet().set(), {});
  };
  EXPECT_TRUE(compiled(1).has_value());
  const auto refused = compiled(kMaxTools);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(refused.error().message().contains("too large")) << refused.error().message();
}

TEST(CallGrammar, leaves_objects_open_that_need_more_than_they_name) {
  for (const char* schema :
       {R"({"type":"object","properties":{"a":{}},"required":["a","b"]})",
        R"({"properties":{"a":{}},"minProperties":2})", R"({"properties":{"a":false},"minProperties":1})",
        R"({"properties":{"a":{}},"required":["a"],"dependentRequired":{"a":["b"]}})",
        R"({"properties":{"a":{}},"minProperties":2,"propertyNames":{"maxLength":1}})"}) {
    for (const bool nested : {false, true}) {
      const std::string inner = schema;
      const std::string outer = R"({"type":"object","properties":{"o":)" + inner + R"(},"required":["o"]})";
      const std::vector<Tool> tools = {{.name = "f", .description = "", .parameters_json = nested ? outer : inner}};
      const std::string value = R"({"a": 1, "b": 2})";
      const bool has_a = inner.find("false") == std::string::npos;
      const std::string object = has_a ? value : R"({"b": 2})";
      const std::string call =
          "<tool_call>{\"name\": \"f\", \"arguments\": " + (nested ? "{\"o\": " + object + "}" : object) +
          "}</tool_call>";
      EXPECT_TRUE(walk(kGeneric, {.required = true}, call, tools).accepts) << call << schema;
    }
  }
}

TEST(CallGrammar, arguments_are_objects_whatever_else_their_schema_takes) {
  const auto tool = [](const char* schema) {
    return std::vector<Tool>{{.name = "f", .description = "", .parameters_json = schema}};
  };
  const std::string begin = "<tool_call>{\"name\": \"f\", \"arguments\": ";
  for (const char* schema :
       {R"({"type":["object","null"],"properties":{"a":{"type":"integer"}}})",
        R"({"anyOf":[{"type":"string"},{"type":"object","properties":{"a":{"type":"integer"}}}]})",
        R"({"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/x","definitions":{
            "x":{"type":["array","object"],"properties":{"a":{"type":"integer"}}}}})",
        R"({"type":["string","object"],"properties":{"a":{"$ref":"#"}}})", "{}"}) {
    const bool recursive = std::string_view(schema).contains("\"#\"");
    EXPECT_TRUE(
        walk(kGeneric, {}, begin + (recursive ? R"({"a": "s"}})" : R"({"a": 1}})") + "</tool_call>", tool(schema))
            .accepts)
        << schema;
    for (const char* other : {"[", "\"", "n", "1"})
      EXPECT_FALSE(walk(kGeneric, {}, begin + other, tool(schema)).alive) << schema << other;
  }
  for (const char* schema : {R"({"type":"string"})", R"({"type":["array","null"]})", R"({"enum":[1,"x"]})",
                             R"({"anyOf":[{"type":"string"},{"type":"null"}]})"}) {
    const auto compiled = compile_calls(kGeneric, tool(schema), {}, all_bytes(), all_controls());
    ASSERT_FALSE(compiled.has_value()) << schema;
    EXPECT_EQ(compiled.error().code(), ErrorCode::kUsage);
    EXPECT_NE(compiled.error().message().find("'f'"), std::string::npos);
  }
}

TEST(CallGrammar, names_the_tool_whose_arguments_cannot_be_written) {
  std::vector<Tool> tools = weather();
  tools[1].parameters_json =
      R"({"properties":{"a":{"type":"array","uniqueItems":true,"items":{"type":"boolean"},"minItems":4}},"required":["a"]})";
  for (const CallRules& rules : {CallRules{}, CallRules{.required = true}, CallRules{.only = "get_time"}}) {
    const auto compiled = compile_calls(kGeneric, tools, rules, all_bytes(), all_controls());
    ASSERT_FALSE(compiled.has_value());
    EXPECT_NE(compiled.error().message().find("'get_time'"), std::string::npos) << compiled.error().message();
  }
  EXPECT_TRUE(compile_calls(kGeneric, tools, {.only = "get_weather"}, all_bytes(), all_controls()).has_value());
}

TEST(CallGrammar, refuses_a_strict_tool_that_it_cannot_enforce) {
  std::vector<Tool> tools = weather();
  tools[0].parameters_json = R"({"type":"object","properties":{"a":{"type":"array","uniqueItems":true}}})";
  const auto loose = compile_calls(kHermes, tools, {}, all_bytes(), all_controls());
  ASSERT_TRUE(loose.has_value()) << loose.error().message();
  EXPECT_TRUE(loose->needs_check);
  tools[0].strict = true;
  const auto strict = compile_calls(kHermes, tools, {}, all_bytes(), all_controls());
  ASSERT_FALSE(strict.has_value());
  EXPECT_EQ(strict.error().code(), ErrorCode::kRefused);
  EXPECT_NE(strict.error().message().find("get_weather"), std::string::npos);
  EXPECT_NE(strict.error().message().find("uniqueItems"), std::string::npos);
}

TEST(CallGrammar, takes_as_many_tools_as_may_be) {
  std::vector<Tool> tools;
  for (size_t i = 0; i < kMaxTools; ++i)
    tools.push_back({.name = std::string(kMaxNameBytes - 4, 'n') + std::to_string(1000 + i),
                     .description = "",
                     .parameters_json = R"({"type":"object","properties":{"a":{"type":"string"}}})"});
  EXPECT_TRUE(compile_calls(kHermes, tools, {}, all_bytes(), all_controls()).has_value());
}

}  // namespace
}  // namespace ingle::text::tools
