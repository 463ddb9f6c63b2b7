#include <gtest/gtest.h>

#include "api/anthropic/encode.h"
#include "api/anthropic/parse.h"
#include "api/testing/fields.h"

namespace ingle::api::anthropic {
namespace {

MessagesCall parsed(std::string_view body) {
  auto call = parse_messages(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : MessagesCall{};
}

std::string with(std::string_view fields) {
  return R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"}],)" + std::string(fields) + "}";
}

const chat::ChatPrompt& prompt_of(const MessagesCall& call) {
  return std::get<chat::ChatPrompt>(call.request.prompt);
}

TEST(AnthropicParse, tables_say_what_is_read) {
  constexpr std::string_view kEverything = R"({"model":"m","max_tokens":1,"system":[{"type":"text","text":"s"}],
    "tools":[{"name":"f","input_schema":{}}],"tool_choice":{"type":"tool","name":"f"},"thinking":{"type":"disabled"},
    "output_config":{"format":{"type":"json_schema","schema":{}}},"output_format":{"type":"json_schema","schema":{}},
    "messages":[{"role":"user","content":[{"type":"text","text":"t"}]},
      {"role":"assistant","content":[{"type":"thinking","thinking":"t"},{"type":"tool_use","id":"i","name":"f","input":{}}]},
      {"role":"user","content":[{"type":"tool_result","tool_use_id":"i","content":[{"type":"text","text":"r"}]}]}]})";
  testing::expect_reads_its_fields(
      kMessagesFields, [](std::string_view body) { static_cast<void>(parse_messages(body)); }, {kEverything});
  testing::expect_reads_its_fields(
      kCountFields, [](std::string_view body) { static_cast<void>(parse_count_tokens(body)); }, {kEverything});
}

TEST(AnthropicParse, reads_a_whole_request) {
  const MessagesCall call = parsed(R"({
    "model": "m:1", "max_tokens": 7, "stream": true, "temperature": 0.25, "top_p": 0.5, "top_k": 3,
    "stop_sequences": ["a", "b"], "metadata": {"user_id": "me"}, "thinking": {"type": "enabled", "budget_tokens": 2},
    "system": [{"type": "text", "text": "be brief", "cache_control": {"type": "ephemeral"}}, {"type": "text", "text": "and kind"}],
    "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
    "messages": [{"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
                 {"role": "assistant", "content": "c"}, {"role": "user", "content": "d"}]})");
  EXPECT_EQ(call.model, "m:1");
  EXPECT_TRUE(call.stream);
  EXPECT_EQ(call.request.max_tokens, 7);
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0.25F);
  EXPECT_FLOAT_EQ(call.request.sampling.top_p, 0.5F);
  EXPECT_EQ(call.request.sampling.top_k, 3);
  EXPECT_EQ(call.request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(call.request.json_schema, R"({"type":"object"})");
  EXPECT_TRUE(call.request.check_schema);
  EXPECT_TRUE(call.ignored.empty());
  const auto& messages = prompt_of(call).messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0], (chat::Message{.role = "system", .content = chat::Private("be brief\nand kind")}));
  EXPECT_EQ(messages[1].content.reveal(), "a\nb");
  EXPECT_EQ(messages[2], (chat::Message{.role = "assistant", .content = chat::Private("c")}));
}

TEST(AnthropicParse, has_the_dialects_defaults) {
  const MessagesCall call = parsed(with(R"("system":"s")"));
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 1);
  EXPECT_FALSE(call.stream);
  EXPECT_TRUE(prompt_of(call).tools_json.empty());
  EXPECT_TRUE(parse_count_tokens(R"({"model":"m","messages":[{"role":"user","content":"x"}]})").has_value());
}

TEST(AnthropicParse, calls_and_results_become_messages_of_their_own) {
  const MessagesCall call = parsed(R"({"model":"m","max_tokens":5,"messages":[
    {"role":"user","content":"x"},
    {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"text","text":"I look."},
      {"type":"tool_use","id":"t1","name":"f","input":{"b":1,"a":[2]}},{"type":"tool_use","id":"t2","name":"g","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t2","content":[{"type":"text","text":"G"}]},
      {"type":"tool_result","tool_use_id":"t1","content":"no such file","is_error":true},{"type":"text","text":"and now?"}]}]})");
  const auto& messages = prompt_of(call).messages;
  ASSERT_EQ(messages.size(), 5U);
  EXPECT_EQ(messages[1].content.reveal(), "I look.");
  ASSERT_EQ(messages[1].tool_calls.size(), 2U);
  EXPECT_EQ(messages[1].tool_calls[0], (chat::ToolCall{"t1", "f", chat::Private(R"({"b":1,"a":[2]})")}));
  EXPECT_EQ(messages[2],
            (chat::Message{.role = "tool", .content = chat::Private("G"), .tool_call_id = "t2", .name = "g"}));
  EXPECT_EQ(messages[3].content.reveal(), "Error: no such file");
  EXPECT_EQ(messages[3].name, "f");
  EXPECT_EQ(messages[4], (chat::Message{.role = "user", .content = chat::Private("and now?")}));
  EXPECT_TRUE(call.ignored.empty());
}

TEST(AnthropicParse, a_result_answers_a_call_of_an_earlier_message) {
  const auto call = parse_messages(R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"},
    {"role":"assistant","content":[{"type":"tool_use","id":"t1","name":"f","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t1"},{"type":"tool_result","tool_use_id":"nope"}]}]})");
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(call.error().status, 400);
  EXPECT_EQ(call.error().param, "messages[2].content[1].tool_use_id");
}

TEST(AnthropicParse, turns_of_one_side_become_one) {
  const MessagesCall call = parsed(R"({"model":"m","max_tokens":0,"messages":[
    {"role":"user","content":"a"},{"role":"user","content":"b"},{"role":"assistant","content":"c"},
    {"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{}}]},
    {"role":"user","content":[{"type":"tool_result","tool_use_id":"t"}]},{"role":"user","content":"d"}]})");
  const auto& messages = prompt_of(call).messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].content.reveal(), "a\nb");
  EXPECT_EQ(messages[1].content.reveal(), "c");
  EXPECT_EQ(messages[1].tool_calls.size(), 1U);
  EXPECT_EQ(messages[2].role, "tool");
  EXPECT_EQ(call.request.max_tokens, 0);
}

TEST(AnthropicParse, every_form_of_choosing_a_tool_is_read) {
  using Mode = chat::ToolChoice::Mode;
  const auto choice = [](std::string_view json) {
    const MessagesCall call = parsed(with(
        R"("tools":[{"name":"f","description":"d","input_schema":{"type":"object"},"strict":true}],"tool_choice":)" +
        std::string(json)));
    EXPECT_EQ(
        prompt_of(call).tools_json.reveal(),
        R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"},"strict":true}}])");
    return prompt_of(call).tool_choice;
  };
  EXPECT_EQ(choice(R"({"type":"auto"})"), chat::ToolChoice{});
  EXPECT_EQ(choice(R"({"type":"any","disable_parallel_tool_use":true})"),
            (chat::ToolChoice{.mode = Mode::kRequired, .parallel = false}));
  EXPECT_EQ(choice(R"({"type":"tool","name":"f"})"), (chat::ToolChoice{.mode = Mode::kNamed, .name = "f"}));
  EXPECT_EQ(choice(R"({"type":"none"})").mode, Mode::kNone);
}

TEST(AnthropicParse, a_fault_names_its_field) {
  const std::pair<std::string, const char*> cases[] = {
      {R"({"model":"m","messages":[{"role":"user","content":"x"}]})", "max_tokens"},
      {R"({"model":"m","max_tokens":5,"messages":[]})", "messages"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"system","content":"x"}]})", "messages[0].role"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user"}]})", "messages[0].content"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"image"}]}]})",
       "messages[0].content[0].type"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_use"}]}]})",
       "messages[0].content[0].type"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"tool_result"}]}]})",
       "messages[0].content[0].tool_use_id"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"i","name":"f"}]}]})",
       "messages"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":""}]})", "messages[0].content"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":[]}]})", "messages[0].content"},
      {R"({"model":"m","max_tokens":5,"messages":[{"role":"user","content":[{"type":"text"}]}]})",
       "messages[0].content[0].text"},
      {with(R"("system":[{"type":"text","text":null}])"), "system[0].text"},
      {with(R"("temperature":1.5)"), "temperature"},
      {with(R"("max_tokens":-1)"), "max_tokens"},
      {with(R"("stop_sequences":[1])"), "stop_sequences"},
      {with(R"("system":[{"type":"image"}])"), "system[0].type"},
      {with(R"("tools":[{"type":"web_search_20260101","name":"w"}])"), "tools[0].type"},
      {with(R"("tools":[{"name":"f"}])"), "tools[0].input_schema"},
      {with(R"("tools":[{"name":"f g","input_schema":{}}])"), "tools[0].name"},
      {with(R"("tool_choice":{"type":"any"})"), "tool_choice.type"},
      {with(R"("tool_choice":{"type":"tool","name":"f"})"), "tool_choice.name"},
      {with(R"("tool_choice":{"type":"some"})"), "tool_choice.type"},
      {with(R"("mcp_servers":[{}])"), "mcp_servers"},
      {with(R"("compaction":{"type":"compaction"})"), "compaction"},
      {with(R"("output_config":{"format":{"type":"xml"}})"), "output_config.format.type"},
  };
  for (const auto& [body, param] : cases) {
    const auto call = parse_messages(body);
    ASSERT_FALSE(call.has_value()) << body;
    EXPECT_EQ(call.error().status, 400) << body;
    EXPECT_EQ(call.error().param, param) << body;
  }
}

Outcome outcome(chat::FinishReason reason, std::string stop_text = "") {
  Outcome outcome;
  outcome.finished.reason = reason;
  outcome.finished.stop_text = std::move(stop_text);
  outcome.finished.usage = {.prompt_tokens = 10, .cached_tokens = 4, .completion_tokens = 6};
  outcome.route = "local";
  return outcome;
}

std::unique_ptr<AnswerEncoder> encoder() {
  return make_encoder({.id = "msg_1", .model = "m", .request_id = "r"});
}

TEST(AnthropicParse, thinking_is_off_unless_asked_for_and_has_a_budget) {
  const auto parse = [](std::string_view fields) {
    return parse_messages(R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}])" +
                          std::string(fields) + "}");
  };
  const auto think = [&](std::string_view fields) {
    return std::get<chat::ChatPrompt>(parse(fields)->request.prompt).think;
  };
  EXPECT_EQ(think(""), std::optional(false));
  EXPECT_EQ(think(R"(,"thinking":{"type":"disabled"})"), std::optional(false));
  EXPECT_EQ(think(R"(,"thinking":{"type":"adaptive"})"), std::nullopt);
  EXPECT_EQ(think(R"(,"thinking":{"type":"enabled","budget_tokens":5})"), std::optional(true));
  EXPECT_EQ(parse(R"(,"thinking":{"type":"enabled","budget_tokens":5})")->request.max_thinking_tokens, 5);
  EXPECT_EQ(parse(R"(,"thinking":{"type":"enabled","budget_tokens":9})").error().param, "thinking.budget_tokens");
  EXPECT_EQ(parse(R"(,"thinking":{"type":"enabled"})").error().param, "thinking.budget_tokens");
  EXPECT_EQ(parse(R"(,"num_ctx":99)")->acquire.context, 99U);
}

TEST(AnthropicEncode, text_and_calls_are_blocks_of_a_stream) {
  const auto stream = encoder();
  EXPECT_EQ(
      stream->begin({.done = 4, .total = 10}),
      "event: message_start\n"
      R"(data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"m","content":[],"stop_reason":null,"stop_sequence":null,)"
      R"("usage":{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":0}}})"
      "\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
  EXPECT_EQ(stream->delta({.text = "Hm", .tokens = {}}),
            "event: content_block_start\n"
            R"(data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"
            "\n\nevent: content_block_delta\n"
            R"(data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hm"}})"
            "\n\n");
  EXPECT_EQ(
      stream->delta(
          {.text = {}, .tokens = {}, .tool_calls = {{.index = 0, .id = "call_a", .name = "f", .arguments = "{"}}}),
      "event: content_block_stop\n"
      R"(data: {"type":"content_block_stop","index":0})"
      "\n\nevent: content_block_start\n"
      R"(data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"call_a","name":"f","input":{}}})"
      "\n\nevent: content_block_delta\n"
      R"(data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}})"
      "\n\n");
  EXPECT_EQ(stream->delta({}), "");
  EXPECT_EQ(
      stream->finish(outcome(chat::FinishReason::kToolCalls)),
      "event: content_block_stop\n"
      R"(data: {"type":"content_block_stop","index":1})"
      "\n\nevent: message_delta\n"
      R"(data: {"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},)"
      R"("usage":{"input_tokens":6,"cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":6}})"
      "\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n");
}

TEST(AnthropicEncode, a_whole_answer_says_why_it_ended) {
  const auto ended = [](chat::FinishReason reason, std::string stop_text = "") {
    const std::string json = encoder()->whole({.text = "t"}, outcome(reason, std::move(stop_text)));
    const size_t begin = json.find(R"("stop_reason")");
    return json.substr(begin, json.find(R"(,"usage")") - begin);
  };
  EXPECT_EQ(ended(chat::FinishReason::kStop), R"("stop_reason":"end_turn","stop_sequence":null)");
  EXPECT_EQ(ended(chat::FinishReason::kStop, "END"), R"("stop_reason":"stop_sequence","stop_sequence":"END")");
  EXPECT_EQ(ended(chat::FinishReason::kLength), R"("stop_reason":"max_tokens","stop_sequence":null)");
  EXPECT_EQ(ended(chat::FinishReason::kContextFull),
            R"("stop_reason":"model_context_window_exceeded","stop_sequence":null)");
}

TEST(AnthropicEncode, a_whole_call_has_its_input_as_an_object) {
  WholeAnswer answer;
  answer.add({.text = {},
              .tokens = {},
              .tool_calls = {{.index = 0, .id = "call_a", .name = "f", .arguments = R"({"b": 1, )"}}});
  answer.add({.text = {}, .tokens = {}, .tool_calls = {{.index = 0, .arguments = R"("a": 2})"}}});
  const std::string json = encoder()->whole(answer, outcome(chat::FinishReason::kToolCalls));
  EXPECT_NE(
      json.find(
          R"("content":[{"type":"tool_use","id":"call_a","name":"f","input":{"b":1,"a":2}}],"stop_reason":"tool_use")"),
      std::string::npos)
      << json;
}

TEST(AnthropicEncode, errors_have_the_dialects_shape) {
  EXPECT_EQ(
      encode_error(Failure::bad_field("max_tokens", "is required"), "r"),
      R"({"type":"error","error":{"type":"invalid_request_error","message":"'max_tokens' is required"},"request_id":"r"})");
  EXPECT_EQ(encode_error(Failure{.status = 503, .error = Error::unavailable("busy").hint("later")}, ""),
            R"({"type":"error","error":{"type":"overloaded_error","message":"busy: later"}})");
  EXPECT_TRUE(encoder()
                  ->fail(Failure{.status = 500, .error = Error::internal("x")})
                  .starts_with("event: error\ndata: {\"type\":\"error\""));
}

TEST(AnthropicEncode, thoughts_are_a_block_before_the_answer) {
  const auto stream = encoder();
  chat::Delta thought;
  thought.thinking = "hm";
  chat::Delta said;
  said.text = "yes";
  EXPECT_NE(stream->delta(thought).find(R"("content_block":{"type":"thinking","thinking":"","signature":""})"),
            std::string::npos);
  const std::string events = stream->delta(said);
  EXPECT_NE(events.find(R"("delta":{"type":"signature_delta","signature":"unsigned"})"), std::string::npos) << events;
  EXPECT_NE(events.find(R"("index":1,"content_block":{"type":"text","text":""})"), std::string::npos) << events;
  const WholeAnswer answer{.text = "yes", .thinking = "hm"};
  EXPECT_NE(
      encoder()
          ->whole(answer, {})
          .find(
              R"("content":[{"type":"thinking","thinking":"hm","signature":"unsigned"},{"type":"text","text":"yes"}])"),
      std::string::npos);
}

TEST(AnthropicEncode, a_long_prompt_is_accompanied_by_pings) {
  const auto stream = encoder();
  EXPECT_EQ(stream->progress({}, 1), "");
  EXPECT_EQ(stream->progress({}, 6), "event: ping\ndata: {\"type\":\"ping\"}\n\n");
  EXPECT_EQ(stream->progress({}, 7), "");
}

}  // namespace
}  // namespace ingle::api::anthropic
