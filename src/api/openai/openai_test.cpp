#include <gtest/gtest.h>

#include <limits>

#include "api/openai/embeddings.h"
#include "api/openai/encode.h"
#include "api/openai/parse.h"
#include "api/testing/fields.h"

namespace ingle::api::openai {
namespace {

ChatCall parsed(std::string_view body) {
  auto call = parse_chat(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : ChatCall{};
}

std::string with(std::string_view field) {
  return R"({"model":"m","messages":[{"role":"user","content":"x"}],)" + std::string(field) + "}";
}

TEST(OpenAiParse, reads_a_whole_request) {
  const ChatCall call = parsed(R"({
    "model": "m:1", "stream": true, "stream_options": {"include_usage": true}, "temperature": 0.25, "top_p": 0.5,
    "max_tokens": 9, "max_completion_tokens": 7, "seed": -2, "stop": ["a", "b"], "presence_penalty": 1,
    "frequency_penalty": -1, "logit_bias": {"5": -100, "6": 2.5}, "logprobs": true, "top_logprobs": 3, "user": "me",
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
    "messages": [
      {"role": "developer", "content": "be brief"},
      {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}], "name": "Ann"},
      {"role": "assistant", "content": null}]})");
  EXPECT_EQ(call.model, "m:1");
  EXPECT_TRUE(call.stream);
  EXPECT_TRUE(call.include_usage);
  EXPECT_TRUE(call.has_seed);
  EXPECT_TRUE(call.ignored.empty());
  const chat::CompleteRequest& request = call.request;
  EXPECT_FLOAT_EQ(request.sampling.temperature, 0.25F);
  EXPECT_FLOAT_EQ(request.sampling.top_p, 0.5F);
  EXPECT_FLOAT_EQ(request.sampling.presence_penalty, 1);
  EXPECT_FLOAT_EQ(request.sampling.frequency_penalty, -1);
  EXPECT_EQ(request.sampling.seed, static_cast<uint64_t>(-2));
  EXPECT_EQ(request.max_tokens, 7);
  EXPECT_EQ(request.stop, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(request.logprobs, 3);
  EXPECT_EQ(request.json_schema, R"({"type":"object"})");
  ASSERT_EQ(request.sampling.logit_bias.size(), 2U);
  EXPECT_EQ(request.sampling.logit_bias[0].second, -std::numeric_limits<float>::infinity());
  EXPECT_EQ(request.sampling.logit_bias[1], (std::pair<int32_t, float>(6, 2.5F)));
  const auto& messages = std::get<chat::ChatPrompt>(request.prompt).messages;
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0].role, "system");
  EXPECT_EQ(messages[1].content.reveal(), "ab");
  EXPECT_EQ(messages[1].name, "Ann");
}

TEST(OpenAiParse, has_the_dialects_defaults) {
  const ChatCall call = parsed(R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 1);
  EXPECT_FLOAT_EQ(call.request.sampling.top_p, 1);
  EXPECT_EQ(call.request.max_tokens, -1);
  EXPECT_EQ(call.request.logprobs, -1);
  EXPECT_FALSE(call.stream);
  EXPECT_FALSE(call.has_seed);
  EXPECT_EQ(parse_chat(with(R"("logprobs":false,"top_logprobs":0)"))->request.logprobs, -1);
}

TEST(OpenAiParse, a_wrong_type_is_400_and_names_the_field) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":3)", "temperature"},
      {R"("top_p":-0.1)", "top_p"},
      {R"("max_tokens":1.5)", "max_tokens"},
      {R"("max_tokens":0)", "max_tokens"},
      {R"("max_tokens":1e300)", "max_tokens"},
      {R"("seed":"x")", "seed"},
      {R"("stop":[1])", "stop"},
      {R"("stop":{})", "stop"},
      {R"("stream":1)", "stream"},
      {R"("n":0)", "n"},
      {R"("n":129)", "n"},
      {R"("num_ctx":9,"context_length":8)", "context_length"},
      {R"("logit_bias":{"x":1})", "logit_bias"},
      {R"("logit_bias":{"-1":1})", "logit_bias"},
      {R"("logit_bias":{"1":"a"})", "logit_bias"},
      {R"("logit_bias":[])", "logit_bias"},
      {R"("logprobs":false,"top_logprobs":2)", "top_logprobs"},
      {R"("logprobs":true,"top_logprobs":21)", "top_logprobs"},
      {R"("response_format":{"type":"xml"})", "response_format.type"},
      {R"("response_format":{"type":"json_schema"})", "response_format.json_schema"},
      {R"("response_format":{"type":"json_schema","json_schema":{"schema":1}})", "response_format.json_schema.schema"},
      {R"("stream_options":{"include_usage":"yes"})", "stream_options.include_usage"},
      {R"("model":5)", "model"},
  };
  for (const auto& [field, param] : cases) {
    const auto call = parse_chat(with(field));
    ASSERT_FALSE(call.has_value()) << field;
    EXPECT_EQ(call.error().status, 400) << field;
    EXPECT_EQ(call.error().param, param) << field;
  }
}

TEST(OpenAiParse, messages_of_another_form_are_refused) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"model":"m"})", "messages"},
      {R"({"model":"m","messages":[]})", "messages"},
      {R"({"model":"m","messages":{}})", "messages"},
      {R"({"model":"m","messages":["x"]})", "messages[0]"},
      {R"({"model":"m","messages":[{"role":"king","content":"x"}]})", "messages[0].role"},
      {R"({"model":"m","messages":[{"role":"user","content":5}]})", "messages[0].content"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url"}]}]})", "messages[0].content[0]"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]})", "messages[0].content[0].text"},
  };
  for (const auto& [body, param] : cases) {
    const auto call = parse_chat(body);
    ASSERT_FALSE(call.has_value()) << body;
    EXPECT_EQ(call.error().status, 400) << body;
    EXPECT_EQ(call.error().param, param) << body;
  }
}

constexpr std::string_view kTools =
    R"("tools":[{"type":"function","function":{"name":"add","description":"Adds.","strict":true,"parameters":{"type":"object","properties":{"b":{},"a":{}}}}},)"
    R"({"type":"function","function":{"name":"now"}}])";

chat::ChatPrompt prompt_of(std::string_view fields) {
  const ChatCall call = parsed(with(std::string(kTools) + std::string(fields)));
  return std::get<chat::ChatPrompt>(call.request.prompt);
}

TEST(OpenAiParse, tools_keep_their_order_and_get_one_form) {
  const chat::ChatPrompt prompt = prompt_of("");
  EXPECT_EQ(
      prompt.tools_json.reveal(),
      R"([{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object","properties":{"b":{},"a":{}}},"strict":true}},)"
      R"({"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}])");
  EXPECT_EQ(prompt.tool_choice, chat::ToolChoice{});
  EXPECT_TRUE(
      std::get<chat::ChatPrompt>(parsed(with(R"("tools":[],"tool_choice":"none")")).request.prompt).tools_json.empty());
}

TEST(OpenAiParse, every_form_of_choosing_a_tool_is_read) {
  using Mode = chat::ToolChoice::Mode;
  EXPECT_EQ(prompt_of(R"(,"tool_choice":"none")").tool_choice.mode, Mode::kNone);
  EXPECT_EQ(prompt_of(R"(,"tool_choice":"required","parallel_tool_calls":false)").tool_choice,
            (chat::ToolChoice{.mode = Mode::kRequired, .parallel = false}));
  EXPECT_EQ(prompt_of(R"(,"tool_choice":{"type":"function","function":{"name":"now"}})").tool_choice,
            (chat::ToolChoice{.mode = Mode::kNamed, .name = "now"}));
  const chat::ChatPrompt allowed = prompt_of(
      R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"now"}}]}})");
  EXPECT_EQ(allowed.tool_choice.mode, Mode::kRequired);
  EXPECT_EQ(allowed.tools_json.reveal().find("add"), std::string::npos);
  EXPECT_NE(allowed.tools_json.reveal().find("now"), std::string::npos);
}

TEST(OpenAiParse, tools_of_another_form_are_refused_by_name) {
  const std::pair<std::string, const char*> cases[] = {
      {R"("tools":[{"type":"function"}])", "tools[0].function"},
      {R"("tools":[{"type":"function","function":{}}])", "tools[0].function.name"},
      {R"("tools":[{"type":"function","function":{"name":"a b"}}])", "tools[0].function.name"},
      {R"("tools":[{"type":"function","function":{"name":"a","parameters":[]}}])", "tools[0].function.parameters"},
      {R"("tools":[{"function":{"name":"a"}},{"function":{"name":"a"}}])", "tools[1].function.name"},
      {R"("tools":{})", "tools"},
      {R"("tool_choice":"required")", "tool_choice"},
      {R"("tool_choice":"any")", "tool_choice"},
      {R"("tool_choice":5)", "tool_choice"},
      {std::string(kTools) + R"(,"tool_choice":{"type":"function"})", "tool_choice.function"},
      {std::string(kTools) + R"(,"tool_choice":{"type":"function","function":{"name":"sub"}})",
       "tool_choice.function.name"},
      {std::string(kTools) + R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}})",
       "tool_choice.allowed_tools.tools"},
      {std::string(kTools) + R"(,"parallel_tool_calls":"yes")", "parallel_tool_calls"},
      {R"("functions":[{"name":"f"}])", "functions"},
      {R"("function_call":{"name":"f"})", "function_call"},
  };
  for (const auto& [fields, param] : cases) {
    const auto call = parse_chat(with(fields));
    ASSERT_FALSE(call.has_value()) << fields;
    EXPECT_EQ(call.error().status, 400) << fields;
    EXPECT_EQ(call.error().param, param) << fields;
  }
  EXPECT_EQ(parse_chat(with(R"("tools":[{"type":"custom","custom":{"name":"x"}}])")).error().status, 501);
}

TEST(OpenAiParse, calls_and_their_results_are_part_of_a_conversation) {
  const ChatCall call = parsed(R"({"model":"m","messages":[
    {"role":"user","content":"x"},
    {"role":"assistant","content":null,"tool_calls":[
      {"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\": 1}"}},
      {"id":"c2","type":"function","function":{"name":"now","arguments":""}}]},
    {"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":"noon"}]},
    {"role":"tool","tool_call_id":"c1","content":"1"}]})");
  const auto& messages = std::get<chat::ChatPrompt>(call.request.prompt).messages;
  ASSERT_EQ(messages.size(), 4U);
  ASSERT_EQ(messages[1].tool_calls.size(), 2U);
  EXPECT_EQ(messages[1].tool_calls[0], (chat::ToolCall{"c1", "add", chat::Private(R"({"a": 1})")}));
  EXPECT_EQ(messages[1].tool_calls[1].arguments_json.reveal(), "{}");
  EXPECT_EQ(messages[2].name, "now");
  EXPECT_EQ(messages[2].content.reveal(), "noon");
  EXPECT_EQ(messages[3].name, "add");
  EXPECT_TRUE(call.ignored.empty());
}

TEST(OpenAiParse, messages_with_broken_calls_are_refused_by_name) {
  const std::pair<const char*, const char*> cases[] = {
      {R"({"role":"tool","content":"x"})", "messages[0].tool_call_id"},
      {R"({"role":"function","name":"f","content":"x"})", "messages[0].role"},
      {R"({"role":"assistant","function_call":{"name":"f"}})", "messages[0].function_call"},
      {R"({"role":"assistant","tool_calls":[{"id":"c"}]})", "messages[0].tool_calls[0].function"},
      {R"({"role":"assistant","tool_calls":[{"function":{}}]})", "messages[0].tool_calls[0].function.name"},
      {R"({"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":5}}]})",
       "messages[0].tool_calls[0].function.arguments"},
      {R"({"role":"assistant","tool_calls":{}})", "messages[0].tool_calls"},
  };
  for (const auto& [message, param] : cases) {
    const auto call = parse_chat(R"({"model":"m","messages":[)" + std::string(message) + "]}");
    ASSERT_FALSE(call.has_value()) << message;
    EXPECT_EQ(call.error().status, 400) << message;
    EXPECT_EQ(call.error().param, param) << message;
  }
}

TEST(OpenAiParse, a_strict_schema_is_enforced_and_another_may_be_checked) {
  const auto checked = [](std::string_view strict) {
    return parsed(with(R"("response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{})" +
                       std::string(strict) + "}}"))
        .request.check_schema;
  };
  EXPECT_TRUE(checked(""));
  EXPECT_TRUE(checked(R"(,"strict":false)"));
  EXPECT_FALSE(checked(R"(,"strict":true)"));
}

TEST(OpenAiParse, the_flex_tier_is_background_work) {
  EXPECT_EQ(parsed(with(R"("service_tier":"flex")")).request.priority, chat::Priority::kBackground);
  EXPECT_EQ(parsed(with(R"("service_tier":"auto")")).request.priority, chat::Priority::kInteractive);
}

TEST(OpenAiParse, unknown_fields_are_named_and_nothing_more) {
  const ChatCall call =
      parsed(with(R"("bar":"x","service_tier":"x","stream_options":{"foo":1},"store":null,"bad name,":1)"));
  EXPECT_EQ(call.ignored, (std::vector<std::string>{"bar", "stream_options.foo"}));
}

TEST(OpenAiParse, every_field_of_the_tables_is_read_and_no_other) {
  const std::string named = with(R"("stream_options":{},"structured_outputs":{},"tools":[{"function":{"name":"f"}}],
      "response_format":{"type":"json_schema","json_schema":{"schema":{}}},
      "tool_choice":{"type":"function","function":{"name":"f"}})");
  const std::string some = with(R"("tools":[{"function":{"name":"f"}}],"tool_choice":{"type":"allowed_tools",
      "allowed_tools":{"mode":"auto","tools":[{"function":{"name":"f"}}]}})");
  constexpr std::string_view kCalled =
      R"({"reasoning":{},"chat_template_kwargs":{},"messages":[{"role":"assistant","tool_calls":[{"id":"1","function":{"name":"f"}}]},
                      {"role":"tool","tool_call_id":"1","content":"x"}]})";
  testing::expect_reads_its_fields(kChatFields, [](std::string_view body) { static_cast<void>(parse_chat(body)); },
                                   {named, some, kCalled});
  testing::expect_reads_its_fields(kEmbeddingsFields, parse_embeddings, {"{}"});
}

TEST(OpenAiParse, thinking_is_asked_for_in_the_words_of_every_server) {
  const auto think = [](std::string_view field) {
    const ChatCall call = parsed(with(field));
    const auto& prompt = std::get<chat::ChatPrompt>(call.request.prompt);
    return std::string(!prompt.think ? "-" : *prompt.think ? "yes" : "no") + prompt.effort;
  };
  EXPECT_EQ(think(R"("top_k":1)"), "-");
  EXPECT_EQ(think(R"("reasoning_effort":"none")"), "no");
  EXPECT_EQ(think(R"("reasoning_effort":"minimal")"), "yeslow");
  EXPECT_EQ(think(R"("reasoning":{"effort":"high"})"), "yeshigh");
  EXPECT_EQ(think(R"("chat_template_kwargs":{"enable_thinking":false})"), "no");
  EXPECT_EQ(think(R"("chat_template_kwargs":{"thinking":true})"), "yes");
  EXPECT_EQ(parsed(with(R"("thinking_budget_tokens":9)")).request.max_thinking_tokens, 9);
  EXPECT_EQ(parse_chat(with(R"("reasoning_effort":"much")")).error().param, "reasoning_effort");
  const ChatCall history = parsed(
      R"({"model":"m","messages":[{"role":"assistant","content":"a","reasoning_content":"hm"},{"role":"user","content":"x"}]})");
  EXPECT_EQ(std::get<chat::ChatPrompt>(history.request.prompt).messages[0].thinking.reveal(), "hm");
}

TEST(OpenAiEncode, thoughts_have_fields_of_their_own) {
  const auto encoder = make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9});
  chat::Delta delta;
  delta.thinking = "hm";
  EXPECT_NE(encoder->delta(delta).find(R"("delta":{"reasoning_content":"hm","reasoning":"hm"})"), std::string::npos);
  const WholeAnswer answer{.text = "yes", .thinking = "hm"};
  EXPECT_NE(
      encoder->whole(answer, {}).find(R"("content":"yes","refusal":null,"reasoning_content":"hm","reasoning":"hm"})"),
      std::string::npos);
}

TEST(OpenAiParse, a_bias_of_more_tokens_than_anybody_needs_is_refused) {
  std::string bias;
  for (int i = 0; i <= 4096; ++i)
    bias += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
  EXPECT_EQ(parse_chat(with("\"logit_bias\":{" + bias + "}")).error().param, "logit_bias");
}

TEST(OpenAiParse, bodies_that_are_no_json_objects_are_400) {
  std::string bomb(100'000, '[');
  std::string wide = "[" + std::string(1'000'000, ',') + "]";
  for (const std::string& body :
       {std::string(), std::string(" "), std::string("[]"), std::string("{"), std::string("{}x"),
        std::string("{\"model\":\"\xff\"}"), std::string(R"({"a":"\ud800"})"), bomb, wide, R"({"a":)" + bomb})
    EXPECT_EQ(parse_chat(body).error().status, 400) << body.substr(0, 20);
}

Outcome outcome() {
  Outcome outcome;
  outcome.finished.reason = chat::FinishReason::kLength;
  outcome.finished.usage = {
      .prompt_tokens = 10, .cached_tokens = 4, .completion_tokens = 6, .prefill_seconds = 2, .decode_seconds = 3};
  outcome.route = "local";
  outcome.load_seconds = 0.5;
  outcome.first_token_seconds = 1.5;
  return outcome;
}

constexpr std::string_view kHead =
    R"({"id":"chatcmpl-1","object":"chat.completion.chunk","created":9,"model":"m","system_fingerprint":"f",)";
constexpr std::string_view kUsage =
    R"("usage":{"prompt_tokens":10,"completion_tokens":6,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4},)"
    R"("completion_tokens_details":{"reasoning_tokens":0}})";
constexpr std::string_view kIngle =
    R"("ingle":{"route":"local","timings":{"prefill_tokens_per_second":3.0,"decode_tokens_per_second":2.0,"load_seconds":0.5,"time_to_first_token":1.5}})";

TEST(OpenAiEncode, a_stream_has_role_pieces_reason_and_end) {
  const auto encoder = make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9});
  const auto data = [](std::string_view rest) { return "data: " + std::string(kHead) + std::string(rest) + "\n\n"; };
  EXPECT_EQ(
      encoder->begin({}),
      data(
          R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]})"));
  chat::Delta delta;
  delta.text = "a\"\n";
  EXPECT_EQ(encoder->delta(delta),
            data(R"("choices":[{"index":0,"delta":{"content":"a\"\n"},"logprobs":null,"finish_reason":null}]})"));
  EXPECT_EQ(encoder->finish(outcome()),
            data(R"("choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],)" +
                 std::string(kUsage) + "," + std::string(kIngle) + "}") +
                "data: [DONE]\n\n");
  EXPECT_EQ(encoder->delta({}), "");
}

TEST(OpenAiEncode, usage_comes_in_a_chunk_of_its_own_where_it_was_asked_for) {
  const auto encoder = make_chat_encoder(
      {.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9, .include_usage = true});
  const std::string end = encoder->finish(outcome());
  EXPECT_NE(end.find(R"("finish_reason":"length"}],"usage":null})"), std::string::npos) << end;
  EXPECT_NE(end.find(R"("choices":[],)" + std::string(kUsage) + "," + std::string(kIngle) + "}\n\ndata: [DONE]"),
            std::string::npos)
      << end;
}

TEST(OpenAiEncode, a_whole_answer_with_log_probabilities_has_raw_bytes_beside_replaced_text) {
  const auto encoder =
      make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9, .logprobs = true});
  WholeAnswer answer{.text = "hi",
                     .tokens = {{.chosen = {.id = 1, .text = "\xff", .logprob = -0.5F},
                                 .top = {{.id = 2, .text = "b", .logprob = -1}}}}};
  const std::string json = encoder->whole(answer, outcome());
  EXPECT_NE(json.find(R"("message":{"role":"assistant","content":"hi","refusal":null})"), std::string::npos) << json;
  EXPECT_NE(
      json.find(
          R"({"token":"�","logprob":-0.5,"bytes":[255],"top_logprobs":[{"token":"b","logprob":-1.0,"bytes":[98]}]})"),
      std::string::npos)
      << json;
}

TEST(OpenAiEncode, calls_stream_in_pieces) {
  const auto encoder = make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9});
  const auto delta_of = [&](std::vector<chat::ToolCallDelta> calls) {
    const std::string data = encoder->delta({.text = {}, .tokens = {}, .tool_calls = std::move(calls)});
    const size_t begin = data.find(R"("delta":)") + 8;
    return data.substr(begin, data.find(R"(,"logprobs")") - begin);
  };
  EXPECT_EQ(
      delta_of({{.index = 0, .id = "call_a", .name = "add", .arguments = "{"}}),
      R"({"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"add","arguments":"{"}}]})");
  EXPECT_EQ(
      delta_of({{.index = 0, .arguments = "}"}, {.index = 1, .id = "call_b", .name = "now"}}),
      R"({"tool_calls":[{"index":0,"function":{"arguments":"}"}},{"index":1,"id":"call_b","type":"function","function":{"name":"now","arguments":""}}]})");
  Outcome ended = outcome();
  ended.finished.reason = chat::FinishReason::kToolCalls;
  EXPECT_NE(encoder->finish(ended).find(R"("finish_reason":"tool_calls")"), std::string::npos);
}

TEST(OpenAiEncode, an_answer_of_calls_only_has_no_content) {
  const auto encoder = make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9});
  WholeAnswer answer;
  answer.add({.text = {}, .tokens = {}, .tool_calls = {{.index = 0, .id = "call_a", .name = "add", .arguments = "{"}}});
  answer.add(
      {.text = {},
       .tokens = {},
       .tool_calls = {{.index = 0, .arguments = "}"}, {.index = 1, .id = "call_b", .name = "now", .arguments = "{}"}}});
  EXPECT_NE(
      encoder->whole(answer, outcome())
          .find(
              R"("message":{"role":"assistant","content":null,"refusal":null,"tool_calls":[{"id":"call_a","type":"function","function":{"name":"add","arguments":"{}"}},)"
              R"({"id":"call_b","type":"function","function":{"name":"now","arguments":"{}"}}]})"),
      std::string::npos)
      << encoder->whole(answer, outcome());
}

TEST(OpenAiEncode, errors_have_the_dialects_shape) {
  EXPECT_EQ(encode_error(Failure::bad_field("n", "must be 1")),
            R"({"error":{"message":"'n' must be 1","type":"invalid_request_error","param":"n","code":"usage"}})");
  EXPECT_EQ(encode_error(Failure{.status = 503, .error = Error::unavailable("busy").hint("later")}),
            R"({"error":{"message":"busy: later","type":"unavailable_error","param":null,"code":"unavailable"}})");
}

TEST(OpenAiEncode, models_are_listed) {
  const ModelInfo model{.name = "m:1", .modified_unix = 5, .source = "ollama"};
  EXPECT_EQ(encode_models({&model, 1}),
            R"({"object":"list","data":[{"id":"m:1","object":"model","created":5,"owned_by":"ollama"}]})");
}

TEST(OpenAiParse, takes_a_grammar_as_llama_server_does) {
  EXPECT_EQ(parsed(with(R"("grammar":"root ::= [a-z]")")).request.grammar, "root ::= [a-z]");
  const auto both = parse_chat(with(R"("grammar":"root ::= [a-z]","response_format":{"type":"json_object"})"));
  ASSERT_FALSE(both.has_value());
  EXPECT_EQ(both.error().param, "grammar");
}

TEST(OpenAiParse, every_field_that_asks_for_a_shape_is_honoured) {
  const std::pair<const char*, const char*> schemas[] = {
      {R"("json_schema":{"type":"array"})", R"({"type":"array"})"},
      {R"("json_schema":{})", "{}"},
      {R"("response_format":{"type":"json_object","schema":{"type":"array"}})", R"({"type":"array"})"},
      {R"("guided_json":{"type":"array"})", R"({"type":"array"})"},
      {R"("guided_json":"{\"type\": \"array\"}")", R"({"type":"array"})"},
      {R"("structured_outputs":{"json":{"type":"array"}})", R"({"type":"array"})"},
  };
  for (const auto& [field, schema] : schemas) {
    const ChatCall call = parsed(with(field));
    EXPECT_EQ(call.request.json_schema, schema) << field;
    EXPECT_TRUE(call.request.check_schema) << field;
    EXPECT_EQ(call.request.grammar, "") << field;
    EXPECT_TRUE(call.ignored.empty()) << field;
  }
  EXPECT_EQ(parsed(with(R"("structured_outputs":{"json_object":true})")).request.json_schema, R"({"type":"object"})");
  const std::pair<const char*, const char*> grammars[] = {
      {R"("guided_grammar":"root ::= [a-z]")", "root ::= [a-z]"},
      {R"("structured_outputs":{"grammar":"root ::= [a-z]"})", "root ::= [a-z]"},
      {R"("grammar":"root ::= [a-z]","json_schema":{})", "root ::= [a-z]"},
      {R"("guided_choice":["yes","a \"b\"\n\\"])", R"(root ::= "yes" | "a \"b\"\x0A\\")"},
      {R"("structured_outputs":{"choice":["yes"]})", R"(root ::= "yes")"},
  };
  for (const auto& [field, grammar] : grammars) {
    const ChatCall call = parsed(with(field));
    EXPECT_EQ(call.request.grammar, grammar) << field;
    EXPECT_EQ(call.request.json_schema, "") << field;
  }
}

TEST(OpenAiParse, what_asks_for_no_shape_changes_nothing) {
  for (const char* field :
       {R"("grammar":"")", R"("format":"")", R"("format":null)", R"("guided_regex":null)", R"("json_schema":null)",
        R"("structured_outputs":{"json_object":false})", R"("response_format":{"type":"text"})"}) {
    const ChatCall call = parsed(with(field));
    EXPECT_EQ(call.request.grammar, "") << field;
    EXPECT_EQ(call.request.json_schema, "") << field;
  }
}

TEST(OpenAiParse, a_shape_that_cannot_be_given_is_400_and_says_why) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {R"("guided_regex":"[a-z]+")", "guided_regex", "'grammar'"},
      {R"("structured_outputs":{"regex":"[a-z]+"})", "structured_outputs.regex", "'grammar'"},
      {R"("structured_outputs":{"structural_tag":"{}"})", "structured_outputs.structural_tag", "'tools'"},
      {R"("structured_outputs":{"json_object":1})", "structured_outputs.json_object", "true or false"},
      {R"("structured_outputs":"json")", "structured_outputs", "object"},
      {R"("format":"json")", "format", "'response_format'"},
      {R"("format":{"type":"object"})", "format", "'response_format'"},
      {R"("json_schema":5)", "json_schema", "JSON schema"},
      {R"("guided_json":"{")", "guided_json", "JSON schema"},
      {R"("guided_json":"5")", "guided_json", "JSON schema"},
      {R"("guided_grammar":5)", "guided_grammar", "string"},
      {R"("guided_choice":[])", "guided_choice", "texts"},
      {R"("guided_choice":["a",5])", "guided_choice", "texts"},
      {R"("response_format":{"type":"json_object","schema":5})", "response_format.schema", "object"},
      {R"("grammar":"root ::= [a-z]","json_schema":{"type":"array"})", "json_schema", "'grammar'"},
      {R"("response_format":{"type":"json_object"},"guided_json":{"type":"array"})", "guided_json",
       "'response_format'"},
      {R"("guided_json":{"type":"array"},"structured_outputs":{"choice":["a"]})", "structured_outputs.choice",
       "'guided_json'"},
      {R"("structured_outputs":{"json":{"type":"array"},"grammar":"root ::= [a-z]"})", "structured_outputs.grammar",
       "'structured_outputs.json'"},
  };
  for (const auto& [field, param, why] : cases) {
    const auto call = parse_chat(with(field));
    ASSERT_FALSE(call.has_value()) << field;
    EXPECT_EQ(call.error().status, 400) << field;
    EXPECT_EQ(call.error().param, param) << field;
    EXPECT_NE(call.error().error.message().find(why), std::string::npos) << call.error().error.message();
  }
}

TEST(OpenAiParse, results_answer_calls_whose_arguments_are_objects) {
  const auto history = [](std::string_view arguments, std::string_view id) {
    return parse_chat(R"({"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[)"
                      R"({"id":"c1","function":{"name":"f","arguments":)" +
                      std::string(arguments) + R"(}}]},{"role":"tool","content":"y","tool_call_id":")" +
                      std::string(id) + R"("},{"role":"tool","content":"again","tool_call_id":"c1"}]})");
  };
  for (const char* good : {R"("{\"a\": 1}")", R"("")", "null", R"({"a":1})"})
    EXPECT_TRUE(history(good, "c1").has_value()) << good;
  for (const char* bad : {R"("{bad")", R"("[1]")", R"("5")", "5"}) {
    const auto call = history(bad, "c1");
    ASSERT_FALSE(call.has_value()) << bad;
    EXPECT_EQ(call.error().status, 400);
    EXPECT_EQ(call.error().param, "messages[1].tool_calls[0].function.arguments") << bad;
  }
  const auto call = history(R"("{}")", "nope");
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(call.error().status, 400);
  EXPECT_EQ(call.error().param, "messages[2].tool_call_id");
}

}  // namespace
}  // namespace ingle::api::openai
