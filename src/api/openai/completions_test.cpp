#include "api/openai/completions.h"

#include <gtest/gtest.h>

#include "api/json_input.h"
#include "api/openai/answer_parts.h"
#include "api/testing/fields.h"

namespace ingle::api::openai {
namespace {

CompletionsCall parsed(std::string_view body) {
  auto call = parse_completions(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : CompletionsCall{};
}

TEST(OpenAiCompletions, reads_every_form_of_prompt) {
  EXPECT_EQ(parsed(R"({"model":"m","prompt":"a"})").prompts.size(), 1U);
  EXPECT_EQ(parsed(R"({"model":"m","prompt":["a","b"]})").prompts.size(), 2U);
  EXPECT_EQ(std::get<1>(parsed(R"({"model":"m","prompt":[1,2]})").prompts[0]), (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(parsed(R"({"model":"m","prompt":[[1],[2]]})").prompts.size(), 2U);
  const CompletionsCall call = parsed(R"({"model":"m","prompt":"a"})");
  EXPECT_EQ(call.request.max_tokens, 16);
  EXPECT_EQ(call.request.logprobs, -1);
  EXPECT_FALSE(call.echo);
}

TEST(OpenAiCompletions, what_cannot_be_is_named) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("prompt":"")", "prompt"},
      {R"("prompt":"a","best_of":2)", "best_of"},
      {R"("prompt":"a","logprobs":21)", "logprobs"},
      {R"("prompt":"a","max_tokens":0)", "max_tokens"},
      {R"("prompt":["a","b"],"n":65)", "n"},
      {R"("prompt":[1],"suffix":"b")", "suffix"},
      {R"("prompt":"a","suffix":"b","echo":true)", "echo"},
  };
  for (const auto& [fields, param] : cases) {
    const auto call = parse_completions("{\"model\":\"m\"," + std::string(fields) + "}");
    ASSERT_FALSE(call.has_value()) << fields;
    EXPECT_EQ(call.error().status, 400) << fields;
    EXPECT_EQ(call.error().param, param) << fields;
  }
  EXPECT_EQ(parsed(R"({"model":"m","prompt":"a","max_tokens":0,"echo":true,"best_of":1})").request.max_tokens, 0);
}

TEST(OpenAiCompletions, every_field_of_the_table_is_read_and_no_other) {
  testing::expect_reads_its_fields(
      kCompletionsFields, [](std::string_view body) { static_cast<void>(parse_completions(body)); },
      {R"({"model":"m","prompt":"a","stream_options":{},"structured_outputs":{},"response_format":{"type":"json_schema","json_schema":{"schema":{}}}})"});
}

chat::Delta delta(std::string text) {
  chat::Delta piece;
  piece.text = std::move(text);
  return piece;
}

Outcome outcome(uint32_t n_tokens) {
  Outcome made;
  made.finished.usage.prompt_tokens = 5;
  made.finished.usage.completion_tokens = n_tokens;
  return made;
}

std::unique_ptr<AnswerEncoder> encoder(uint32_t n, std::vector<Echo> echoes, bool logprobs = false) {
  return make_completions_encoder({.id = "cmpl-1", .model = "m", .fingerprint = "f", .n = n, .logprobs = logprobs},
                                  std::make_shared<std::vector<Echo>>(std::move(echoes)));
}

TEST(OpenAiCompletions, choices_are_interleaved_by_their_index_and_the_prompt_counts_once) {
  const auto stream = encoder(2, {Echo{}});
  EXPECT_EQ(stream->begin({}), "");
  EXPECT_NE(stream->choice_delta(1, delta("b")).find(R"("choices":[{"index":1,"text":"b",)"), std::string::npos);
  EXPECT_NE(stream->choice_delta(0, delta("a")).find(R"("choices":[{"index":0,"text":"a",)"), std::string::npos);
  EXPECT_EQ(stream->end_choice(1, outcome(3)), "");
  EXPECT_NE(stream->end_choice(0, outcome(4)).find(R"("index":1,"text":"","logprobs":null,"finish_reason":"stop")"),
            std::string::npos);
  const Outcome both[] = {outcome(4), outcome(3)};
  const std::string end = stream->finish_all(both);
  EXPECT_NE(end.find(R"("index":0,"text":"","logprobs":null,"finish_reason":"stop")"), std::string::npos);
  EXPECT_NE(end.find(R"("usage":{"prompt_tokens":5,"completion_tokens":7,"total_tokens":12,)"), std::string::npos);
  EXPECT_TRUE(end.ends_with("data: [DONE]\n\n"));
}

TEST(OpenAiCompletions, an_echo_and_its_probabilities_stand_before_the_answer) {
  const Echo echo{.text = "h\u00e9 ", .tokens = {{1, "h\u00e9", 0}, {2, " ", -0.5F}}};
  chat::TokenInfo token;
  token.chosen = {3, "x", -0.25F};
  token.top = {{3, "x", -0.25F}, {4, "\xff", -2}};
  const WholeAnswer answer{.text = "x", .tokens = {token}};
  const Json json = Json::parse(encoder(1, {echo}, true)->whole(answer, outcome(1)));
  EXPECT_EQ(json["choices"][0]["text"], "h\u00e9 x");
  EXPECT_EQ(
      json["choices"][0]["logprobs"],
      Json::parse(
          R"({"tokens":["h\u00e9"," ","x"],"token_logprobs":[null,-0.5,-0.25],"top_logprobs":[null,null,{"x":-0.25,"bytes:\\xff":-2.0}],"text_offset":[0,2,3]})"));
}

TEST(OpenAiCompletions, the_token_that_was_drawn_is_always_in_the_list) {
  chat::TokenInfo token;
  token.chosen = {3, "x", -4};
  token.top = {{5, "y", -0.5F}};
  const Json json = Json::parse(encoder(1, {{}}, true)->whole({.text = "x", .tokens = {token}}, outcome(1)));
  EXPECT_EQ(json["choices"][0]["logprobs"]["top_logprobs"], Json::parse(R"([{"y":-0.5,"x":-4.0}])"));
}

TEST(OpenAiCompletions, the_token_that_ended_the_answer_is_none_of_its_text) {
  chat::TokenInfo word;
  word.chosen = {3, "x", -0.25F};
  const chat::TokenInfo end{.chosen = {2, "<|im_end|>", -0.5F}, .top = {}, .is_end = true};
  const Json json = Json::parse(encoder(1, {{}}, true)->whole({.text = "x", .tokens = {word, end}}, outcome(1)));
  EXPECT_EQ(json["choices"][0]["logprobs"]["tokens"], Json::parse(R"(["x"])"));
  const std::vector<chat::TokenInfo> both = {word, end};
  EXPECT_EQ(logprobs_list(both).size(), 1U);
}

TEST(OpenAiCompletions, several_prompts_are_counted_each) {
  const Outcome all[] = {outcome(1), outcome(2), outcome(3), outcome(4)};
  EXPECT_EQ(total_usage(all, 2).prompt_tokens, 10U);
  EXPECT_EQ(total_usage(all, 2).completion_tokens, 10U);
}

}  // namespace
}  // namespace ingle::api::openai
