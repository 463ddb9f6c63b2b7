#include "api/openai/responses.h"

#include <gtest/gtest.h>

#include "api/json_input.h"
#include "api/testing/fields.h"

namespace ingle::api::openai {
namespace {

ResponsesCall parsed(std::string_view body) {
  auto call = parse_responses(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : ResponsesCall{};
}

const chat::ChatPrompt& prompt_of(const ResponsesCall& call) {
  return std::get<chat::ChatPrompt>(call.request.prompt);
}

TEST(OpenAiResponses, a_text_is_a_message_of_the_user) {
  const ResponsesCall call = parsed(R"({"model":"m","input":"hi"})");
  ASSERT_EQ(prompt_of(call).messages.size(), 1U);
  EXPECT_EQ(prompt_of(call).messages[0].role, "user");
  EXPECT_EQ(prompt_of(call).messages[0].content.reveal(), "hi");
  EXPECT_TRUE(call.store);
  EXPECT_EQ(call.items_json, R"([{"role":"user","content":[{"type":"input_text","text":"hi"}],"type":"message"}])");
}

TEST(OpenAiResponses, items_are_messages_calls_and_their_outputs) {
  const ResponsesCall call = parsed(R"({"model":"m","instructions":"be brief","max_output_tokens":9,"store":false,
    "input":[{"role":"user","content":[{"type":"input_text","text":"a"},{"type":"input_text","text":"b"}]},
      {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"hm"}]},
      {"type":"function_call","call_id":"c1","name":"f","arguments":"{\"x\":1}"},
      {"type":"function_call","call_id":"c2","name":"f","arguments":"{}"},
      {"type":"function_call_output","call_id":"c1","output":"3"}],
    "tools":[{"type":"function","name":"f","parameters":{"type":"object"}}],
    "tool_choice":{"type":"function","name":"f"}})");
  const auto& messages = prompt_of(call).messages;
  ASSERT_EQ(messages.size(), 3U);
  EXPECT_EQ(messages[0].content.reveal(), "ab");
  EXPECT_EQ(messages[1].thinking.reveal(), "hm");
  ASSERT_EQ(messages[1].tool_calls.size(), 2U);
  EXPECT_EQ(messages[1].tool_calls[0].arguments_json.reveal(), R"({"x":1})");
  EXPECT_EQ(messages[2].tool_call_id, "c1");
  EXPECT_EQ(prompt_of(call).tool_choice.name, "f");
  EXPECT_EQ(call.instructions, "be brief");
  EXPECT_EQ(call.request.max_tokens, 9);
  EXPECT_FALSE(call.store);
}

TEST(OpenAiResponses, the_format_of_the_text_is_a_schema) {
  const ResponsesCall call = parsed(
      R"({"model":"m","input":"x","text":{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object"}}}})");
  EXPECT_EQ(call.request.json_schema, R"({"type":"object"})");
  EXPECT_FALSE(call.request.check_schema);
}

TEST(OpenAiResponses, what_cannot_be_is_named) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("input":[])", "input"},
      {R"("input":"x","background":true)", "background"},
      {R"("input":"x","metadata":{"a":1})", "metadata"},
      {R"("input":"x","truncation":"auto")", "truncation"},
      {R"("input":"x","conversation":"c")", "conversation"},
      {R"("input":"x","include":["file_search_call.results"])", "include"},
      {R"("input":"x","tools":[{"type":"web_search"}])", "tools[0].type"},
      {R"("input":"x","tool_choice":"required")", "tool_choice"},
      {R"("input":[{"role":"user","content":[{"type":"input_image"}]}])", "input[0].content[0].type"},
      {R"("input":[{"type":"item_reference","id":"x"}])", "input[0].type"},
      {R"("input":[{"type":"function_call_output","call_id":"x","output":"y"}])", "input[0].call_id"},
      {R"("input":[{"type":"function_call","call_id":"x","name":"y","arguments":"1"}])", "input[0].arguments"},
  };
  for (const auto& [fields, param] : cases) {
    const auto call = parse_responses("{\"model\":\"m\"," + std::string(fields) + "}");
    ASSERT_FALSE(call.has_value()) << fields;
    EXPECT_EQ(call.error().status, 400) << fields;
    EXPECT_EQ(call.error().param, param) << fields;
  }
  EXPECT_TRUE(parse_responses(R"({"model":"m","input":"x","truncation":"disabled","background":false})").has_value());
}

TEST(OpenAiResponses, metadata_has_openais_limits) {
  const auto takes = [](const Json& metadata) {
    return parse_responses(Json{{"model", "m"}, {"input", "x"}, {"metadata", metadata}}.dump()).has_value();
  };
  std::string letters;
  for (int i = 0; i < 512; ++i)
    letters += "ä";
  Json pairs = Json::object();
  for (int i = 0; i < 16; ++i)
    pairs[std::to_string(i)] = "x";
  EXPECT_TRUE(takes(pairs));
  pairs["one more"] = "x";
  EXPECT_FALSE(takes(pairs));
  EXPECT_TRUE(takes({{"a", letters}}));
  EXPECT_FALSE(takes({{"a", letters + "x"}}));
  EXPECT_TRUE(takes({{std::string(64, 'a'), "x"}}));
  EXPECT_FALSE(takes({{std::string(65, 'a'), "x"}}));
}

TEST(OpenAiResponses, every_field_of_the_table_is_read_and_no_other) {
  constexpr std::string_view kCalls =
      R"({"model":"m","input":[{"type":"reasoning","summary":[{"type":"summary_text","text":"x"}]},
        {"type":"function_call","call_id":"1","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"1"},
        {"role":"user","content":"x"}],"reasoning":{},"text":{"format":{"type":"json_schema","schema":{}}},
        "tools":[{"name":"f"}],"tool_choice":{"type":"allowed_tools","mode":"auto","tools":[{"type":"function","name":"f"}]}})";
  testing::expect_reads_its_fields(kResponsesFields,
                                   [](std::string_view body) { static_cast<void>(parse_responses(body)); }, {kCalls});
}

struct Stream {
  std::vector<std::string> types;
  std::vector<Json> events;

  void add(std::string_view text) {
    while (!text.empty()) {
      const size_t data = text.find("\ndata: ");
      const size_t end = text.find("\n\n");
      types.emplace_back(text.substr(7, data - 7));
      events.push_back(Json::parse(text.substr(data + 7, end - data - 7)));
      EXPECT_EQ(events.back()["type"], types.back());
      EXPECT_EQ(events.back()["sequence_number"], events.size() - 1);
      text.remove_prefix(end + 2);
    }
  }
};

TEST(OpenAiResponses, a_stream_has_openais_sequence_of_events) {
  chat::Message kept;
  std::string shown;
  const auto encoder = make_responses_encoder({.id = "resp_1",
                                               .model = "m",
                                               .echo_json = R"({"store":true})",
                                               .keep = [&](chat::Message answer, std::string json) {
                                                 kept = std::move(answer);
                                                 shown = std::move(json);
                                               }});
  Stream stream;
  chat::Delta piece;
  stream.add(encoder->begin({}));
  piece.thinking = "hm";
  stream.add(encoder->delta(piece));
  piece = {};
  piece.text = "Hel";
  stream.add(encoder->delta(piece));
  piece.text = "lo";
  stream.add(encoder->delta(piece));
  piece = {};
  piece.tool_calls = {{0, "call_1", "f", "{"}, {0, "", "", "}"}};
  stream.add(encoder->delta(piece));
  Outcome outcome;
  outcome.finished.usage.prompt_tokens = 4;
  outcome.finished.usage.completion_tokens = 5;
  outcome.finished.usage.thinking_tokens = 1;
  stream.add(encoder->finish(outcome));
  EXPECT_EQ(stream.types, (std::vector<std::string>{"response.created",
                                                    "response.in_progress",
                                                    "response.output_item.added",
                                                    "response.content_part.added",
                                                    "response.reasoning_text.delta",
                                                    "response.reasoning_text.done",
                                                    "response.content_part.done",
                                                    "response.output_item.done",
                                                    "response.output_item.added",
                                                    "response.content_part.added",
                                                    "response.output_text.delta",
                                                    "response.output_text.delta",
                                                    "response.output_text.done",
                                                    "response.content_part.done",
                                                    "response.output_item.done",
                                                    "response.output_item.added",
                                                    "response.function_call_arguments.delta",
                                                    "response.function_call_arguments.delta",
                                                    "response.function_call_arguments.done",
                                                    "response.output_item.done",
                                                    "response.completed"}));
  EXPECT_EQ(stream.events[8]["item"]["id"], stream.events[12]["item_id"]);
  EXPECT_EQ(stream.events[12]["text"], "Hello");
  EXPECT_EQ(stream.events[12]["output_index"], 1);
  const Json& whole = stream.events.back()["response"];
  EXPECT_EQ(whole["status"], "completed");
  EXPECT_EQ(whole["store"], true);
  ASSERT_EQ(whole["output"].size(), 3U);
  EXPECT_EQ(whole["output"][1]["content"][0]["text"], "Hello");
  EXPECT_EQ(whole["output"][2]["arguments"], "{}");
  EXPECT_EQ(whole["usage"]["output_tokens_details"]["reasoning_tokens"], 1);
  EXPECT_EQ(Json::parse(shown), whole);
  EXPECT_EQ(kept.content.reveal(), "Hello");
  EXPECT_EQ(kept.thinking.reveal(), "hm");
  ASSERT_EQ(kept.tool_calls.size(), 1U);
  EXPECT_EQ(kept.tool_calls[0].arguments_json.reveal(), "{}");
}

TEST(OpenAiResponses, a_whole_answer_is_the_response_of_the_last_event) {
  const auto encoder = make_responses_encoder({.id = "resp_1", .model = "m", .echo_json = "{}"});
  Outcome outcome;
  outcome.finished.reason = chat::FinishReason::kLength;
  const Json json = Json::parse(encoder->whole({.text = "Hi"}, outcome));
  EXPECT_EQ(json["status"], "incomplete");
  EXPECT_EQ(json["incomplete_details"]["reason"], "max_output_tokens");
  EXPECT_EQ(json["output"][0]["content"][0]["text"], "Hi");
  EXPECT_EQ(json["output"][0]["status"], "incomplete");
}

TEST(OpenAiResponses, every_item_has_an_id_of_its_own) {
  const auto encoder = make_responses_encoder({.id = "resp_1", .model = "m", .echo_json = "{}"});
  const Json json = Json::parse(
      encoder->whole({.text = "Two", .tool_calls = {{0, "call_1", "f", "{}"}, {1, "call_2", "f", "{}"}}}, {}));
  std::vector<std::string> ids;
  for (const Json& item : json["output"])
    ids.push_back(item["id"]);
  EXPECT_EQ(ids, (std::vector<std::string>{"msg_1_0", "fc_1_1", "fc_1_2"}));
}

TEST(OpenAiResponses, a_failure_in_a_stream_is_its_last_event) {
  const auto encoder = make_responses_encoder({.id = "resp_1", .model = "m", .echo_json = "{}"});
  Stream stream;
  stream.add(encoder->begin({}));
  stream.add(encoder->fail(Failure::from(Error::unavailable("the engine ended"))));
  EXPECT_EQ(stream.types.back(), "response.failed");
  EXPECT_EQ(stream.events.back()["response"]["error"]["message"], "the engine ended");
}

TEST(OpenAiResponses, items_are_listed_in_pages) {
  const std::string document = encode_document(R"({"id":"resp_1"})", R"([{"id":"a"},{"id":"b"},{"role":"user"}])");
  EXPECT_EQ(response_of(document), R"({"id":"resp_1"})");
  EXPECT_EQ(response_of("text"), std::nullopt);
  const auto ids = [&](const ItemsQuery& query) {
    std::string all;
    const auto page = encode_input_items(document, "resp_1", query);
    if (!page) return page.error().param;
    const Json json = Json::parse(*page);
    for (const Json& item : json["data"])
      all += item["id"].get<std::string>();
    return all + (json["has_more"] == true ? "+" : "");
  };
  EXPECT_EQ(ids({}), "item_1_2ba");
  EXPECT_EQ(ids({.after = "", .order = "asc", .limit = "2"}), "ab+");
  EXPECT_EQ(ids({.after = "b", .order = "asc", .limit = ""}), "item_1_2");
  EXPECT_EQ(ids({.after = "x", .order = "", .limit = ""}), "after");
  EXPECT_EQ(ids({.after = "", .order = "up", .limit = ""}), "order");
  EXPECT_EQ(ids({.after = "", .order = "", .limit = "0"}), "limit");
}

}  // namespace
}  // namespace ingle::api::openai
