#include "text/tools/format.h"

#include <gtest/gtest.h>

#include <set>

#include "text/tools/formats.h"
#include "text/tools/prompt.h"

namespace ingle::text::tools {
namespace {

constexpr std::string_view kWeather =
    R"([{"type":"function","function":{"name":"get_weather","description":"Weather now","parameters":{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}}}])";

std::string error_of(std::string_view tools) {
  const auto read = read_tools(tools);
  return read ? std::string() : read.error().message();
}

TEST(ReadTools, takes_the_shape_of_openai_and_bare_functions) {
  const auto tools = read_tools(
      R"([{"type":"function","function":{"name":"a.b","description":"d","parameters":{"type":"object"},"strict":true}},{"name":"c"}])");
  ASSERT_TRUE(tools.has_value());
  ASSERT_EQ(tools->size(), 2U);
  EXPECT_EQ((*tools)[0], (Tool{"a.b", "d", R"({"type":"object"})", true}));
  EXPECT_EQ((*tools)[1].name, "c");
  EXPECT_FALSE((*tools)[1].strict);
  EXPECT_TRUE(read_tools("")->empty());
  EXPECT_TRUE(read_tools("null")->empty());
  EXPECT_TRUE(read_tools("[]")->empty());
}

TEST(ReadTools, takes_a_keyword_that_is_null_for_none) {
  const auto tools = read_tools(
      R"([{"name":"a","parameters":{"type":"object","required":null,"properties":{"b":{"enum":null,"const":null}},"$defs":null}}])");
  ASSERT_TRUE(tools.has_value());
  EXPECT_EQ((*tools)[0].parameters_json, R"({"type":"object","properties":{"b":{"const":null}}})");
}

TEST(ReadTools, says_which_tool_is_wrong) {
  EXPECT_EQ(error_of("{}"), "tools is not an array");
  EXPECT_EQ(error_of("[1]"), "tools[0] is not an object");
  EXPECT_EQ(error_of(R"([{"name":"a"},{"name":"b c"}])"), "tools[1] has no usable name");
  EXPECT_EQ(error_of(R"([{"name":"a"},{"name":"a"}])"), "there are two tools with the name 'a'");
  EXPECT_EQ(error_of(R"([{"name":"a","parameters":[]}])"), "tools[0]: the parameters of 'a' are no schema");
  EXPECT_EQ(error_of(R"([{"name":3}])"), "tools[0].name is not a text");
  EXPECT_EQ(error_of(R"([{"type":"web_search"}])"), "tools[0].type is not \"function\"");
  EXPECT_NE(error_of("[" + std::string(200, '[')), "");
  std::string many = "[";
  for (size_t i = 0; i <= kMaxTools; ++i)
    many += (i == 0 ? "" : ",") + ("{\"name\":\"t" + std::to_string(i) + "\"}");
  EXPECT_EQ(read_tools(many + "]").error().code(), ErrorCode::kRefused);
  EXPECT_EQ(read_tools(std::string(kMaxToolsBytes + 1, ' ')).error().code(), ErrorCode::kRefused);
}

TEST(Formats, are_chosen_by_the_template) {
  const auto name = [](std::string_view source) { return format_of(source).name; };
  EXPECT_EQ(name("{{ '<tool_call>' }}{{ tool_call.arguments | tojson }}"), "hermes");
  EXPECT_EQ(name("<tool_call>{{ name }}<arg_key> arguments"), "generic");
  EXPECT_EQ(name("<|start_header_id|>ipython<|end_header_id|>"), "llama3");
  EXPECT_EQ(name("<|start_header_id|>user<|end_header_id|>"), "generic");
  EXPECT_EQ(name("[AVAILABLE_TOOLS][TOOL_CALLS]"), "mistral");
  EXPECT_EQ(name("[TOOL_CALLS]f[ARGS]{}"), "mistral-args");
  EXPECT_EQ(name("<|tool|>{{ message.tools }}<|/tool|>"), "phi");
  EXPECT_EQ(name("<start_of_turn>user"), "gemma");
  EXPECT_EQ(name("<|im_start|>user"), "generic");
  EXPECT_EQ(name(""), "generic");
}

TEST(Formats, have_a_name_and_wrappings_each) {
  std::set<std::string_view> names;
  for (const Format* format : formats()) {
    EXPECT_TRUE(names.insert(format->name).second) << format->name;
    ASSERT_FALSE(format->syntax.wrappings.empty());
    for (const Wrapping& wrapping : format->syntax.wrappings)
      EXPECT_TRUE(wrapping.sure ? !wrapping.open.empty() : !format->syntax.head.empty()) << format->name;
  }
}

constexpr std::string_view kPlainTemplate = "{% for m in messages %}[{{ m.role }}]{{ m.content }}\n{% endfor %}";
constexpr std::string_view kAlternating =
    "{% for m in messages %}{% if m.role not in ['user', 'assistant'] %}{{ raise_exception('no') }}{% endif %}"
    "{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('turns') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}\n{% endfor %}";
constexpr std::string_view kKnowing =
    "{% if tools %}TOOLS {{ tools | tojson }}\n{% endif %}"
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}"
    "{% for c in m.tool_calls %}CALL {{ c.function.name }} {{ c.function.arguments | tojson }}{% endfor %}{{ '\n' }}{% endfor %}";
constexpr std::string_view kSingle =
    "{% if tools %}TOOLS {{ tools | tojson }}\n{% endif %}"
    "{% for m in messages %}{% if m.tool_calls and m.tool_calls | length > 1 %}{{ raise_exception('one') }}{% endif %}"
    "[{{ m.role }}]{{ m.content }}{% for c in m.tool_calls %}CALL {{ c.function.arguments | tojson }}{% endfor %}{{ '\n' }}"
    "{% endfor %}";

constexpr std::string_view kConversation =
    R"([{"role":"system","content":"Be brief."},{"role":"user","content":"Oslo?"},
        {"role":"assistant","content":"","tool_calls":[{"id":"call_1","type":"function","function":{"name":"get_weather","arguments":{"city":"Oslo"}}}]},
        {"role":"tool","content":"rain","tool_call_id":"call_1"},{"role":"user","content":"And now?"}])";

std::string rendered(std::string_view source, const Format& format, std::string_view messages, std::string_view tools) {
  const auto chat_template = ChatTemplate::compile(source);
  EXPECT_TRUE(chat_template.has_value());
  const auto prepared = prepare_prompt(format, probe_template(**chat_template), messages, *read_tools(tools), {});
  EXPECT_TRUE(prepared.has_value());
  const auto segments = (*chat_template)
                            ->render({.messages_json = prepared->messages_json,
                                      .tools_json = prepared->tools_json,
                                      .extra_json = {},
                                      .bos_token = "",
                                      .eos_token = ""});
  if (!segments) return "failed: " + segments.error().message();
  std::string text;
  for (const auto& segment : *segments)
    text += segment.text;
  return text;
}

TEST(PreparePrompt, leaves_a_template_that_knows_tools_to_itself) {
  EXPECT_EQ(
      rendered(kKnowing, kHermes, kConversation, kWeather),
      "TOOLS [{\"type\": \"function\", \"function\": {\"name\": \"get_weather\", \"description\": \"Weather now\", "
      "\"parameters\": {\"type\": \"object\", \"properties\": {\"city\": {\"type\": \"string\"}}, \"required\": "
      "[\"city\"]}}}]\n[system]Be brief.\n[user]Oslo?\n[assistant]CALL get_weather {\"city\": \"Oslo\"}\n[tool]rain\n"
      "[user]And now?\n");
}

TEST(PreparePrompt, writes_definitions_calls_and_results_for_a_template_that_does_not) {
  const std::string text = rendered(kPlainTemplate, kGeneric, kConversation, kWeather);
  EXPECT_NE(text.find("[system]Be brief.\n\n"), std::string::npos) << text;
  EXPECT_NE(text.find("{\"name\": \"get_weather\", \"description\": \"Weather now\", \"parameters\""),
            std::string::npos);
  EXPECT_NE(
      text.find("[assistant]<tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Oslo\"}}</tool_call>\n"
                "[user]<tool_response>rain</tool_response>\nAnd now?\n"),
      std::string::npos)
      << text;
}

TEST(PreparePrompt, satisfies_a_template_that_raises_on_system_and_tool_messages) {
  const std::string text = rendered(kAlternating, kGemma, R"([{"role":"user","content":"Oslo?"},
        {"role":"assistant","content":"","tool_calls":[{"id":"1","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\"}"}}]},
        {"role":"tool","content":"rain","tool_call_id":"1"},{"role":"user","content":"And now?"}])",
                                    kWeather);
  EXPECT_TRUE(text.starts_with("[user]You have access to functions")) << text;
  EXPECT_NE(text.find("\n\nOslo?\n[assistant]{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\"}}\n"
                      "[user]```tool_output\nget_weather: rain\n```\nAnd now?\n"),
            std::string::npos)
      << text;
}

TEST(PreparePrompt, writes_several_calls_as_text_where_the_template_takes_one) {
  const std::string text = rendered(kSingle, kLlama3, R"([{"role":"user","content":"x"},
        {"role":"assistant","content":"","tool_calls":[
          {"id":"1","type":"function","function":{"name":"get_weather","arguments":{"city":"Oslo"}}},
          {"id":"2","type":"function","function":{"name":"get_weather","arguments":{"city":"Rome"}}}]}])",
                                    kWeather);
  EXPECT_NE(text.find("[assistant]{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Oslo\"}}; "
                      "{\"name\": \"get_weather\", \"parameters\": {\"city\": \"Rome\"}}\n"),
            std::string::npos)
      << text;
}

TEST(PreparePrompt, gives_ids_the_length_that_the_template_demands) {
  const auto prepared = prepare_prompt(
      kMistralList, {.lists_tools = true, .writes_calls = true, .writes_results = true}, kConversation, {}, {});
  ASSERT_TRUE(prepared.has_value());
  EXPECT_NE(prepared->messages_json.find(R"("id":"000000000")"), std::string::npos);
  EXPECT_NE(prepared->messages_json.find(R"("tool_call_id":"000000000")"), std::string::npos);
}

TEST(PreparePrompt, puts_definitions_into_the_system_message_for_phi) {
  const auto prepared =
      prepare_prompt(kPhi, {.takes_system = true}, R"([{"role":"user","content":"x"}])", *read_tools(kWeather), {});
  ASSERT_TRUE(prepared.has_value());
  EXPECT_TRUE(
      prepared->messages_json.starts_with(R"([{"role":"system","content":"","tools":"[{\"name\": \"get_weather\")"))
      << prepared->messages_json;
  EXPECT_EQ(prepared->tools_json, "");
}

TEST(PreparePrompt, changes_nothing_without_tools_and_calls) {
  const std::string messages = R"([{"role":"user","content":"hi"},{"role":"user","content":"there"}])";
  const auto prepared = prepare_prompt(kGeneric, {}, messages, {}, {});
  ASSERT_TRUE(prepared.has_value());
  EXPECT_EQ(prepared->messages_json, messages);
}

}  // namespace
}  // namespace ingle::text::tools
