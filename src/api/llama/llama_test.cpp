#include <gtest/gtest.h>

#include <cmath>

#include "api/json_input.h"
#include "api/llama/encode.h"
#include "api/llama/parse.h"
#include "api/llama/state.h"
#include "api/testing/fields.h"

namespace ingle::api::llama {
namespace {

CompletionCall parsed(std::string_view body) {
  auto call = parse_completion(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : CompletionCall{};
}

Failure fault(std::string_view body) {
  const auto call = parse_completion(body);
  EXPECT_FALSE(call.has_value()) << body;
  return call ? Failure{} : call.error();
}

TEST(LlamaParse, reads_a_whole_request) {
  const CompletionCall call = parsed(R"({
    "prompt": "a", "n_predict": 7, "temperature": 0.25, "top_k": 3, "dry_multiplier": 0.5, "dry_penalty_last_n": 9, "mirostat": 2,
    "seed": 5, "stop": ["x"], "ignore_eos": true, "stream": true, "n_probs": 2, "cache_prompt": true, "grammar": "root ::= \"a\"",
    "logit_bias": [[7, false], [8, 1.5]], "odd": 1})");
  ASSERT_EQ(call.prompts.size(), 1U);
  EXPECT_EQ(call.prompts[0][0].text.reveal(), "a");
  EXPECT_EQ(call.request.max_tokens, 7);
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0.25F);
  EXPECT_EQ(call.request.sampling.top_k, 3);
  EXPECT_FLOAT_EQ(call.request.sampling.dry_multiplier, 0.5F);
  EXPECT_EQ(call.request.sampling.dry_last_n, 9);
  EXPECT_TRUE(call.request.sampling.mirostat);
  EXPECT_TRUE(call.has_seed);
  EXPECT_EQ(call.request.sampling.seed, 5U);
  EXPECT_EQ(call.request.stop, std::vector<std::string>{"x"});
  EXPECT_TRUE(call.request.ignore_eos);
  EXPECT_TRUE(call.stream);
  EXPECT_EQ(call.request.logprobs, 2);
  EXPECT_EQ(call.request.grammar, "root ::= \"a\"");
  ASSERT_EQ(call.request.sampling.logit_bias.size(), 2U);
  EXPECT_TRUE(std::isinf(call.request.sampling.logit_bias[0].second));
  EXPECT_EQ(call.request.sampling.logit_bias[1], std::pair(8, 1.5F));
  EXPECT_EQ(call.ignored, std::vector<std::string>{"odd"});
}

TEST(LlamaParse, has_the_dialects_defaults) {
  const CompletionCall call = parsed(R"({"prompt":"a"})");
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0.8F);
  EXPECT_EQ(call.request.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(call.request.sampling.top_p, 0.95F);
  EXPECT_FLOAT_EQ(call.request.sampling.min_p, 0.05F);
  EXPECT_EQ(call.request.max_tokens, -1);
  EXPECT_EQ(call.request.logprobs, -1);
  EXPECT_FALSE(call.has_seed);
  EXPECT_FALSE(parsed(R"({"prompt":"a","seed":-1})").has_seed);
}

TEST(LlamaParse, a_prompt_is_a_text_or_tokens_or_both) {
  EXPECT_EQ(parsed(R"({"prompt":[1,2]})").prompts.at(0).at(0).tokens, (std::vector<int32_t>{1, 2}));
  const auto mixed = parsed(R"({"prompt":["a",1,2,"b"]})").prompts.at(0);
  ASSERT_EQ(mixed.size(), 3U);
  EXPECT_EQ(mixed[1].tokens, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(mixed[2].text.reveal(), "b");
  const auto several = parsed(R"({"prompt":["a",[1,2],["b",3],{"prompt_string":"c"}],"n_cmpl":2})");
  ASSERT_EQ(several.prompts.size(), 4U);
  EXPECT_EQ(several.n, 2U);
  EXPECT_EQ(several.prompts[1].at(0).tokens, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(several.prompts[2].size(), 2U);
  EXPECT_EQ(several.prompts[3].at(0).text.reveal(), "c");
  EXPECT_EQ(fault(R"({"prompt":["a","b"],"n_cmpl":65})").param, "n_cmpl");
  for (const char* body : {R"({})", R"({"prompt":[]})", R"({"prompt":[-1]})", R"({"prompt":[1.5]})",
                           R"({"prompt":true})", R"({"prompt":[4294967296]})"})
    EXPECT_EQ(fault(body).param, "prompt") << body;
}

TEST(LlamaParse, a_schema_is_checked_where_it_cannot_be_enforced) {
  const CompletionCall call = parsed(R"({"prompt":"a","json_schema":{"type":"array"}})");
  EXPECT_EQ(call.request.json_schema, R"({"type":"array"})");
  EXPECT_TRUE(call.request.check_schema);
  EXPECT_EQ(fault(R"({"prompt":"a","json_schema":{"type":"array"},"grammar":"root ::= \"a\""})").param, "json_schema");
  EXPECT_EQ(fault(R"({"prompt":"a","json_schema":"x"})").param, "json_schema");
}

TEST(LlamaParse, names_what_it_does_not_do) {
  EXPECT_EQ(fault(R"({"prompt":"a","post_sampling_probs":true})").status, 501);
  EXPECT_EQ(fault(R"({"prompt":"a","dynatemp_range":1})").status, 501);
  EXPECT_EQ(fault(R"({"prompt":"a","temperature":"hot"})").param, "temperature");
  EXPECT_EQ(fault(R"({"prompt":"a","logit_bias":[["a",1]]})").param, "logit_bias");
  EXPECT_EQ(fault(R"({"prompt":"a","logit_bias":{"7x":1}})").param, "logit_bias");
}

TEST(LlamaParse, tokenize_and_detokenize) {
  const auto words = parse_tokenize(R"({"content":"a","add_special":true,"with_pieces":true})");
  ASSERT_TRUE(words.has_value());
  EXPECT_TRUE(words->request.add_bos && words->request.recognise_control_tokens && words->with_pieces);
  EXPECT_EQ(parse_tokenize(R"({})").error().param, "content");
  EXPECT_EQ(parse_detokenize(R"({"tokens":[1,2]})")->tokens, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(parse_detokenize(R"({"tokens":["a"]})").error().param, "tokens");
}

TEST(LlamaParse, tables_say_what_is_read) {
  testing::expect_reads_its_fields(kCompletionFields, parse_completion, {R"({"prompt":{"prompt_string":"a"}})"});
  testing::expect_reads_its_fields(kInfillFields, parse_infill,
                                   {R"({"input_prefix":"","input_suffix":"","input_extra":[{"text":"a"}]})"});
  testing::expect_reads_its_fields(kLoadFields, parse_load, {"{}"});
  testing::expect_reads_its_fields(kTokenizeFields, parse_tokenize, {"{}"});
  testing::expect_reads_its_fields(kDetokenizeFields, parse_detokenize, {"{}"});
}

TEST(LlamaParse, infill_takes_two_texts_and_files) {
  const auto call = parse_infill(R"({"input_prefix":"a","input_suffix":"b","prompt":"c","n_predict":4,"n_indent":2,
    "input_extra":[{"filename":"x.c","text":"d"}],"t_max_predict_ms":250,"response_fields":["content"]})");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->infill.before.reveal() + call->infill.after.reveal() + call->infill.begun.reveal(), "abc");
  ASSERT_EQ(call->infill.files.size(), 1U);
  EXPECT_EQ(call->infill.files[0].name.reveal(), "x.c");
  EXPECT_EQ(call->completion.request.max_tokens, 4);
  EXPECT_EQ(call->completion.fields, std::vector<std::string>{"content"});
  EXPECT_EQ(parse_infill(R"({"input_prefix":"a"})").error().param, "input_suffix");
  EXPECT_EQ(parse_infill(R"({"input_prefix":"a","input_suffix":"","input_extra":[{}]})").error().param,
            "input_extra[0].text");
}

TEST(LlamaParse, samplers_that_are_not_listed_are_off) {
  const auto named = parsed(R"({"prompt":"a","samplers":["top_k","infill","temperature"]})").request.sampling;
  EXPECT_EQ(named.top_k, 40);
  EXPECT_FLOAT_EQ(named.temperature, 0.8F);
  EXPECT_FLOAT_EQ(named.top_p, 1);
  EXPECT_FLOAT_EQ(named.min_p, 0);
  const auto letters = parsed(R"({"prompt":"a","samplers":"kpt"})").request.sampling;
  EXPECT_EQ(letters.top_k, 40);
  EXPECT_FLOAT_EQ(letters.top_p, 0.95F);
  EXPECT_FLOAT_EQ(letters.min_p, 0);
}

TEST(LlamaParse, a_prompt_may_be_an_object_without_pictures) {
  EXPECT_EQ(parsed(R"({"prompt":{"prompt_string":"a","multimodal_data":[]}})").prompts.at(0).at(0).text.reveal(), "a");
  EXPECT_EQ(fault(R"({"prompt":{}})").param, "prompt.prompt_string");
  EXPECT_EQ(fault(R"({"prompt":{"prompt_string":"a","multimodal_data":["eA=="]}})").param, "prompt.multimodal_data");
}

Outcome outcome() {
  Outcome out;
  out.finished = {.reason = chat::FinishReason::kStop, .stop_text = "x", .usage = {}};
  out.finished.usage.prompt_tokens = 5;
  out.finished.usage.cached_tokens = 3;
  out.finished.usage.completion_tokens = 2;
  out.finished.usage.decode_seconds = 0.5;
  return out;
}

TEST(LlamaEncode, a_whole_answer) {
  const auto encoder = make_encoder({.model = "m",
                                     .tokens = true,
                                     .probabilities = true,
                                     .settings_json = R"({"n_predict":7})",
                                     .prompts = {{chat::Private("p"), 5}}});
  chat::TokenInfo token;
  token.chosen = {.id = 4, .text = "\xff", .logprob = -1};
  const Json json = Json::parse(encoder->whole({.text = "hi", .tokens = {token}}, outcome()));
  EXPECT_EQ(json.at("content"), "hi");
  EXPECT_EQ(json.at("tokens"), Json({4}));
  EXPECT_EQ(json.at("stop"), true);
  EXPECT_EQ(json.at("stop_type"), "word");
  EXPECT_EQ(json.at("stopping_word"), "x");
  EXPECT_EQ(json.at("tokens_predicted"), 2);
  EXPECT_EQ(json.at("tokens_evaluated"), 5);
  EXPECT_EQ(json.at("timings").at("prompt_n"), 2);
  EXPECT_EQ(json.at("timings").at("predicted_per_second"), 4.0);
  EXPECT_EQ(json.at("completion_probabilities").at(0).at("bytes"), Json({255}));
  EXPECT_EQ(json.at("prompt"), "p");
  EXPECT_EQ(json.at("generation_settings").at("n_predict"), 7);
}

TEST(LlamaEncode, only_the_wanted_fields) {
  const auto encoder = make_encoder({.model = "m",
                                     .fields = {"content", "generation_settings/n_predict", "odd", "content/x"},
                                     .settings_json = R"({"n_predict":7})"});
  EXPECT_EQ(encoder->whole({.text = "hi"}, outcome()), R"({"content":"hi","generation_settings/n_predict":7})");
}

TEST(LlamaEncode, a_stream_tells_how_much_of_the_prompt_was_read) {
  const auto encoder = make_encoder({.model = "m", .progress = true});
  encoder->begin({2, 9});
  const std::string piece = encoder->progress({5, 9}, 0.25);
  EXPECT_EQ(Json::parse(piece.substr(6)).at("prompt_progress"),
            Json::parse(R"({"total":9,"cache":2,"processed":5,"time_ms":250})"));
  EXPECT_EQ(make_encoder({.model = "m"})->progress({5, 9}, 0.25), "");
}

TEST(LlamaState, tells_the_defaults_of_completions_and_how_many_run) {
  const Json props = Json::parse(encode_props({.model = "m", .context = 64, .slots = 2, .loaded = true}));
  EXPECT_EQ(props.at("default_generation_settings").at("params").at("top_k"), 40);
  EXPECT_EQ(props.at("default_generation_settings").at("params").at("top_p").dump(), "0.95");
  EXPECT_EQ(props.at("default_generation_settings").at("n_ctx"), 64);
  EXPECT_EQ(props.at("total_slots"), 2);
  EXPECT_EQ(props.at("is_sleeping"), false);
  const Json slots = Json::parse(encode_slots(2, 1, 64));
  ASSERT_EQ(slots.size(), 2U);
  EXPECT_EQ(slots[0].at("is_processing"), true);
  EXPECT_EQ(slots[1].at("is_processing"), false);
  EXPECT_EQ(Json::parse(encode_slots(1, 3, 64)).size(), 3U);
}

TEST(LlamaState, an_empty_list_of_adapters_asks_for_nothing) {
  EXPECT_TRUE(parse_adapters("[]").has_value());
  EXPECT_EQ(parse_adapters(R"([{"id":0,"scale":1}])").error().status, 501);
  EXPECT_EQ(parse_adapters("{").error().status, 400);
}

TEST(LlamaEncode, a_stream_ends_with_what_is_known_at_the_end) {
  const auto encoder = make_encoder({.model = "m"});
  EXPECT_EQ(encoder->begin({0, 5}), "");
  chat::Delta delta;
  delta.text = "hi";
  const std::string piece = encoder->delta(delta);
  ASSERT_TRUE(piece.starts_with("data: ") && piece.ends_with("\n\n"));
  const Json first = Json::parse(piece.substr(6));
  EXPECT_EQ(first.at("content"), "hi");
  EXPECT_EQ(first.at("stop"), false);
  const Json end = Json::parse(encoder->finish(outcome()).substr(6));
  EXPECT_EQ(end.at("content"), "");
  EXPECT_EQ(end.at("stop"), true);
  EXPECT_FALSE(end.contains("completion_probabilities"));
}

TEST(LlamaEncode, errors_and_small_answers) {
  const Json error = Json::parse(encode_error(Failure::bad_field("prompt", "is required")));
  EXPECT_EQ(error.at("error").at("code"), 400);
  EXPECT_EQ(error.at("error").at("type"), "invalid_request_error");
  const std::vector<int32_t> tokens = {1, 2};
  EXPECT_EQ(encode_tokens(tokens, {}), R"({"tokens":[1,2]})");
  const std::vector<std::string> pieces = {"a", "\xc3"};
  EXPECT_EQ(encode_tokens(tokens, pieces), R"({"tokens":[{"id":1,"piece":"a"},{"id":2,"piece":[195]}]})");
  EXPECT_EQ(encode_content("x"), R"({"content":"x"})");
}

}  // namespace
}  // namespace ingle::api::llama
