#include <gtest/gtest.h>

#include <limits>

#include "api/openai/encode.h"
#include "api/openai/parse.h"

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
      {R"("n":2)", "n"},
      {R"("logit_bias":{"x":1})", "logit_bias"},
      {R"("logit_bias":{"-1":1})", "logit_bias"},
      {R"("logit_bias":{"1":"a"})", "logit_bias"},
      {R"("logit_bias":[])", "logit_bias"},
      {R"("top_logprobs":2)", "top_logprobs"},
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

TEST(OpenAiParse, what_is_not_built_yet_is_501) {
  for (const char* field : {R"("tools":[{"type":"function"}])", R"("functions":[{}])", R"("tool_choice":"required")"})
    EXPECT_EQ(parse_chat(with(field)).error().status, 501) << field;
  EXPECT_EQ(parse_chat(R"({"model":"m","messages":[{"role":"tool","content":"x"}]})").error().status, 501);
  EXPECT_TRUE(parse_chat(with(R"("tools":[],"tool_choice":"none")")).has_value());
}

TEST(OpenAiParse, unknown_fields_are_named_and_nothing_more) {
  const ChatCall call = parsed(with(R"("service_tier":"x","stream_options":{"foo":1},"store":null,"bad name,":1)"));
  EXPECT_EQ(call.ignored, (std::vector<std::string>{"stream_options.foo", "service_tier"}));
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
constexpr std::string_view kIngle =
    R"("ingle":{"route":"local","timings":{"prefill_tokens_per_second":3.0,"decode_tokens_per_second":2.0,"load_seconds":0.5,"time_to_first_token":1.5}})";

TEST(OpenAiEncode, a_stream_has_role_pieces_reason_and_end) {
  const auto encoder = make_chat_encoder({.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9});
  const auto data = [](std::string_view rest) { return "data: " + std::string(kHead) + std::string(rest) + "\n\n"; };
  EXPECT_EQ(
      encoder->begin(),
      data(
          R"("choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]})"));
  chat::Delta delta;
  delta.text = "a\"\n";
  EXPECT_EQ(encoder->delta(delta),
            data(R"("choices":[{"index":0,"delta":{"content":"a\"\n"},"logprobs":null,"finish_reason":null}]})"));
  EXPECT_EQ(encoder->finish(outcome()),
            data(R"("choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}],)" +
                 std::string(kIngle) + "}") +
                "data: [DONE]\n\n");
  EXPECT_EQ(encoder->delta({}), "");
}

TEST(OpenAiEncode, usage_comes_in_a_chunk_of_its_own_where_it_was_asked_for) {
  const auto encoder = make_chat_encoder(
      {.id = "chatcmpl-1", .model = "m", .fingerprint = "f", .created_unix = 9, .include_usage = true});
  const std::string end = encoder->finish(outcome());
  EXPECT_NE(end.find(R"("finish_reason":"length"}],"usage":null})"), std::string::npos) << end;
  EXPECT_NE(
      end.find(
          R"("choices":[],"usage":{"prompt_tokens":10,"completion_tokens":6,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4}},)" +
          std::string(kIngle) + "}\n\ndata: [DONE]"),
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

}  // namespace
}  // namespace ingle::api::openai
