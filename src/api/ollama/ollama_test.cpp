#include <gtest/gtest.h>

#include "api/ollama/encode.h"
#include "api/ollama/parse.h"
#include "api/testing/fields.h"

namespace ingle::api::ollama {
namespace {

CompletionCall chat_call(std::string_view body) {
  auto call = parse_chat(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : CompletionCall{};
}

CompletionCall generate_call(std::string_view body) {
  auto call = parse_generate(body);
  EXPECT_TRUE(call.has_value()) << call.error().error.message();
  return call ? *std::move(call) : CompletionCall{};
}

TEST(OllamaParse, reads_a_chat_with_options) {
  const CompletionCall call = chat_call(R"({
    "model": "m:1", "stream": false, "keep_alive": "1h30m", "format": {"type": "object"}, "think": false,
    "options": {"num_predict": 5, "num_ctx": 2048, "temperature": 0, "top_k": 3, "top_p": 0.5, "min_p": 0.1, "seed": 7,
                "stop": ["x"], "repeat_penalty": 1.1, "repeat_last_n": 32, "num_gpu": 1, "what": 2},
    "messages": [{"role": "SYSTEM", "content": "s"}, {"role": "user", "content": "u", "images": []}]})");
  EXPECT_FALSE(call.stream);
  EXPECT_EQ(call.acquire.keep_alive, 5400);
  EXPECT_EQ(call.acquire.context, 2048U);
  EXPECT_EQ(call.request.json_schema, R"({"type":"object"})");
  EXPECT_EQ(call.request.max_tokens, 5);
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0);
  EXPECT_EQ(call.request.sampling.top_k, 3);
  EXPECT_FLOAT_EQ(call.request.sampling.min_p, 0.1F);
  EXPECT_FLOAT_EQ(call.request.sampling.repeat_penalty, 1.1F);
  EXPECT_EQ(call.request.sampling.seed, 7U);
  EXPECT_TRUE(call.has_seed);
  EXPECT_EQ(call.request.stop, std::vector<std::string>{"x"});
  EXPECT_EQ(call.ignored, std::vector<std::string>{"options.what"});
  EXPECT_FALSE(call.only_load);
  const auto& messages = std::get<chat::ChatPrompt>(call.request.prompt).messages;
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].role, "system");
}

TEST(OllamaParse, has_the_dialects_defaults) {
  const CompletionCall call = chat_call(R"({"model":"m","messages":[{"role":"user","content":"x"}]})");
  EXPECT_TRUE(call.stream);
  EXPECT_FLOAT_EQ(call.request.sampling.temperature, 0.8F);
  EXPECT_EQ(call.request.sampling.top_k, 40);
  EXPECT_FLOAT_EQ(call.request.sampling.top_p, 0.9F);
  EXPECT_FALSE(call.acquire.keep_alive.has_value());
  EXPECT_FALSE(call.has_seed);
}

TEST(OllamaParse, generate_is_raw_or_a_conversation) {
  const CompletionCall raw = generate_call(R"({"model":"m","prompt":"p","raw":true})");
  EXPECT_EQ(std::get<chat::RawPrompt>(raw.request.prompt).text.reveal(), "p");
  const CompletionCall call = generate_call(R"({"model":"m","prompt":"p","system":"s","format":"json"})");
  const auto& messages = std::get<chat::ChatPrompt>(call.request.prompt).messages;
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(messages[0].content.reveal(), "s");
  EXPECT_EQ(call.request.json_schema, R"({"type":"object"})");
}

TEST(OllamaParse, options_of_the_manifest_stand_where_the_request_says_nothing) {
  const auto call = parse_chat(
      R"({"model":"m","options":{"top_k":9},"messages":[{"role":"user","content":"x"}]})",
      [](std::string_view) { return std::string(R"({"temperature":0.3,"top_k":7,"stop":["<end>"],"what":1})"); });
  ASSERT_TRUE(call.has_value());
  EXPECT_FLOAT_EQ(call->request.sampling.temperature, 0.3F);
  EXPECT_EQ(call->request.sampling.top_k, 9);
  EXPECT_EQ(call->request.stop, std::vector<std::string>{"<end>"});
  EXPECT_TRUE(call->ignored.empty());
}

TEST(OllamaParse, generate_goes_on_after_tokens_and_takes_a_template) {
  const CompletionCall call = generate_call(
      R"({"model":"m","prompt":"p","context":[1,2],"template":"{% for m in messages %}{{ m.content }}{% endfor %}"})");
  const auto& prompt = std::get<chat::ChatPrompt>(call.request.prompt);
  EXPECT_EQ(prompt.before, (std::vector<int32_t>{1, 2}));
  EXPECT_TRUE(prompt.chat_template.starts_with("{% for"));
  EXPECT_TRUE(call.request.return_tokens);
  EXPECT_EQ(generate_call(R"({"model":"m","prompt":"a","suffix":"b"})").suffix.reveal(), "b");
  // What Python's client sends for everything that was not given.
  const CompletionCall empty =
      generate_call(R"({"model":"m","prompt":"p","suffix":"","system":"","template":"","raw":false})");
  EXPECT_EQ(std::get<chat::ChatPrompt>(empty.request.prompt).messages.size(), 1U);
}

TEST(OllamaParse, thinking_is_on_off_or_of_a_depth) {
  const auto think = [](const char* value) {
    return parse_chat(R"({"model":"m","messages":[{"role":"user","content":"x"}],"think":)" + std::string(value) + "}");
  };
  EXPECT_EQ(std::get<chat::ChatPrompt>(think("true")->request.prompt).think, std::optional(true));
  EXPECT_EQ(std::get<chat::ChatPrompt>(think("false")->request.prompt).think, std::optional(false));
  EXPECT_EQ(std::get<chat::ChatPrompt>(think("\"low\"")->request.prompt).effort, "low");
  EXPECT_EQ(std::get<chat::ChatPrompt>(think("\"max\"")->request.prompt).effort, "high");
  EXPECT_EQ(std::get<chat::ChatPrompt>(think("null")->request.prompt).think, std::nullopt);
  EXPECT_EQ(think("\"hard\"").error().error.message(),
            R"(invalid think value: "hard" (must be "high", "medium", "low", "max", true, or false))");
  EXPECT_EQ(think("3").error().error.message(),
            R"(think must be a boolean or string ("high", "medium", "low", "max", true, or false))");
}

TEST(OllamaParse, reads_the_fields_of_its_tables) {
  using testing::expect_reads_its_fields;
  const char* chat = R"({"model":"m","options":{"seed":1},"tools":[{"type":"function","function":{"name":"f"}}],
    "tool_choice":{"type":"function","function":{"name":"f"}},"messages":[{"role":"user","content":"x"},
    {"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{}}}]},{"role":"tool","content":"x"}]})";
  const char* some = R"({"model":"m","messages":[{"role":"user","content":"x"}],
    "tools":[{"type":"function","function":{"name":"f"}}],
    "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[{"type":"function","name":"f"}]}}})";
  expect_reads_its_fields(kChatFields, [](std::string_view body) { static_cast<void>(parse_chat(body)); },
                          {chat, some});
  expect_reads_its_fields(kGenerateFields, [](std::string_view body) { static_cast<void>(parse_generate(body)); },
                          {R"({"model":"m","options":{"seed":1}})"});
  for (const FieldTable& table : {kModelFields, kShowFields, kPullFields})
    expect_reads_its_fields(table, [&](std::string_view body) { static_cast<void>(parse_model_call(body, table)); },
                            {R"({"model":"m","options":{}})"});
}

TEST(OllamaParse, nothing_to_say_only_loads) {
  EXPECT_TRUE(generate_call(R"({"model":"m"})").only_load);
  EXPECT_TRUE(chat_call(R"({"model":"m","keep_alive":0})").only_load);
  EXPECT_EQ(chat_call(R"({"model":"m","keep_alive":0})").acquire.keep_alive, 0);
  EXPECT_EQ(chat_call(R"({"model":"m","keep_alive":-1})").acquire.keep_alive, -1);
  EXPECT_EQ(chat_call(R"({"model":"m","keep_alive":0.5})").acquire.keep_alive, 1);
}

TEST(OllamaParse, a_wrong_type_of_an_option_is_told_in_ollamas_words) {
  const auto call = parse_chat(R"({"model":"m","options":{"top_k":"many"}})");
  ASSERT_FALSE(call.has_value());
  EXPECT_EQ(call.error().status, 400);
  EXPECT_EQ(call.error().error.message(), "option \"top_k\" must be of type integer");
  const std::pair<const char*, const char*> cases[] = {
      {R"({"temperature":"hot"})", R"(option "temperature" must be of type float32)"},
      {R"({"use_mmap":1})", R"(option "use_mmap" must be of type boolean)"},
      {R"({"num_gpu":"all"})", R"(option "num_gpu" must be of type integer)"},
      {R"({"stop":"x"})", R"(option "stop" must be of type array)"},
      {R"({"stop":[1]})", R"(option "stop" must be of an array of strings)"},
  };
  for (const auto& [options, message] : cases)
    EXPECT_EQ(parse_chat(R"({"model":"m","options":)" + std::string(options) + "}").error().error.message(), message);
}

TEST(OllamaParse, options_of_older_clients_and_parts_of_numbers_are_accepted) {
  const CompletionCall call = chat_call(R"({"model":"m","options":{"numa":true,"low_vram":1,"f16_kv":"x","tfs_z":1,
    "penalize_newline":false,"num_ctx":2048.7,"top_k":3.9,"seed":-1,"num_predict":-2,"use_mlock":null,"stop":null}})");
  EXPECT_TRUE(call.ignored.empty());
  EXPECT_EQ(call.acquire.context, 2048U);
  EXPECT_EQ(call.request.sampling.top_k, 3);
  EXPECT_FALSE(call.has_seed);
  EXPECT_EQ(call.request.max_tokens, -1);
}

TEST(OllamaParse, a_time_to_keep_is_seconds_or_a_duration_of_go) {
  const auto keep = [](const char* value) {
    return parse_generate(R"({"model":"m","keep_alive":)" + std::string(value) + "}");
  };
  EXPECT_EQ(keep("300")->acquire.keep_alive, 300);
  EXPECT_EQ(keep("\"0\"")->acquire.keep_alive, 0);
  EXPECT_EQ(keep("\"-1m\"")->acquire.keep_alive, -1);
  EXPECT_EQ(keep("\"24h\"")->acquire.keep_alive, 86400);
  EXPECT_EQ(keep("\"300\"").error().error.message(), "time: missing unit in duration \"300\"");
  EXPECT_EQ(keep("\"soon\"").error().error.message(), "time: invalid duration \"soon\"");
}

TEST(OllamaParse, what_cannot_be_honoured_says_so) {
  const std::pair<const char*, int> cases[] = {
      {R"({"model":"m","prompt":"p","images":["aGk="]})", 400},
      {R"({"model":"m","prompt":"p","template":"{{ .Prompt }}"})", 501},
      {R"({"model":"m","prompt":"p","shift":true})", 501},
      {R"({"model":"m","prompt":"p","_debug_render_only":true})", 501},
      {R"({"model":"m","prompt":"p","context":["a"]})", 400},
      {R"({"model":"m","prompt":"p","context":[-1]})", 400},
      {R"({"model":"m","prompt":"p","context":[1e300]})", 400},
      {R"({"model":"m","prompt":"p","raw":true,"system":"x"})", 400},
      {R"({"model":"m","prompt":"p","raw":true,"suffix":"x"})", 400},
      {R"({"model":"m","prompt":"p","raw":true,"context":[1]})", 400},
      {R"({"model":"m","prompt":"p","think":"deep"})", 400},
      {R"({"model":"m","prompt":"p","top_logprobs":21})", 400},
      {R"({"model":"m","prompt":"p","keep_alive":"300"})", 400},
      {R"({"model":"m","prompt":"p","keep_alive":true})", 400},
      {R"({"model":"m","prompt":"p","format":"xml"})", 400},
      {R"({"model":"m","prompt":"p","keep_alive":"soon"})", 400},
      {R"({"model":"m","prompt":"p","options":[]})", 400},
      {R"({"model":"m","prompt":5})", 400},
      {"", 400},
  };
  for (const auto& [body, status] : cases) {
    const auto call = parse_generate(body);
    ASSERT_FALSE(call.has_value()) << body;
    EXPECT_EQ(call.error().status, status) << body;
  }
  EXPECT_EQ(parse_chat(R"({"model":"m","messages":[{"role":"user","content":"x","images":["aGk="]}]})").error().status,
            400);
}

TEST(OllamaParse, tools_calls_and_results_are_read) {
  const CompletionCall call = chat_call(R"({"model":"m",
    "tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},
             {"type":"function","function":{"name":"g"}}],
    "messages":[{"role":"user","content":"x"},
      {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"b":1,"a":2}}},
                                                     {"id":"i","function":{"index":1,"name":"g","arguments":{}}}]},
      {"role":"tool","tool_name":"g","content":"G"},{"role":"tool","content":"F"}]})");
  const auto& prompt = std::get<chat::ChatPrompt>(call.request.prompt);
  EXPECT_TRUE(prompt.tools_json.reveal().starts_with(
      R"([{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}},)"));
  EXPECT_EQ(prompt.tool_choice, chat::ToolChoice{});
  ASSERT_EQ(prompt.messages.size(), 4U);
  EXPECT_EQ(prompt.messages[1].tool_calls[0].arguments_json.reveal(), R"({"b":1,"a":2})");
  EXPECT_EQ(prompt.messages[2].tool_call_id, "i");
  EXPECT_EQ(prompt.messages[3].name, "f");
  EXPECT_TRUE(call.ignored.empty());
}

TEST(OllamaParse, a_tool_may_be_demanded_here_too) {
  const CompletionCall call = chat_call(R"({"model":"m","messages":[{"role":"user","content":"x"}],
    "tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"required","parallel_tool_calls":false})");
  EXPECT_EQ(std::get<chat::ChatPrompt>(call.request.prompt).tool_choice,
            (chat::ToolChoice{.mode = chat::ToolChoice::Mode::kRequired, .parallel = false}));
  EXPECT_EQ(parse_chat(R"({"model":"m","messages":[],"tools":[{}]})").error().param, "tools[0].function");
}

TEST(OllamaParse, a_model_may_be_called_by_its_old_field) {
  EXPECT_EQ(parse_model_call(R"({"name":"a"})", kPullFields)->model, "a");
  EXPECT_EQ(parse_model_call(R"({"model":"b","name":"a","insecure":true})", kPullFields)->model, "b");
  EXPECT_EQ(parse_model_call("{}", kModelFields).error().param, "model");
}

Outcome outcome() {
  Outcome outcome;
  outcome.finished.reason = chat::FinishReason::kStop;
  outcome.finished.usage = {
      .prompt_tokens = 10, .cached_tokens = 4, .completion_tokens = 6, .prefill_seconds = 2, .decode_seconds = 3};
  outcome.route = "local";
  outcome.load_seconds = 0.5;
  outcome.total_seconds = 8;
  return outcome;
}

AnswerFrame frame(Form form) {
  return {.form = form, .model = "m:1", .now = [] { return int64_t{1'700'000'000'123'456'789}; }};
}

TEST(OllamaEncode, a_chat_streams_lines) {
  const auto encoder = make_encoder(frame(Form::kChat));
  chat::Delta delta;
  delta.text = "hi";
  EXPECT_EQ(encoder->begin({}), "");
  EXPECT_EQ(
      encoder->delta(delta),
      R"({"model":"m:1","created_at":"2023-11-14T22:13:20.123456789Z","message":{"role":"assistant","content":"hi"},"done":false})"
      "\n");
  EXPECT_EQ(
      encoder->finish(outcome()),
      R"({"model":"m:1","created_at":"2023-11-14T22:13:20.123456789Z","message":{"role":"assistant","content":""},"done":true,)"
      R"("done_reason":"stop","total_duration":8000000000,"load_duration":500000000,"prompt_eval_count":10,)"
      R"("prompt_eval_duration":2000000000,"eval_count":6,"eval_duration":3000000000})"
      "\n");
}

TEST(OllamaEncode, a_call_comes_when_it_is_whole) {
  const auto encoder = make_encoder(frame(Form::kChat));
  const auto delta = [&](chat::ToolCallDelta call) {
    return encoder->delta({.text = {}, .tokens = {}, .tool_calls = {std::move(call)}});
  };
  EXPECT_EQ(delta({.index = 0, .id = "call_a", .name = "f", .arguments = R"({"b": )"}), "");
  EXPECT_EQ(delta({.index = 0, .arguments = R"(1, "a": 2})"}), "");
  EXPECT_EQ(
      delta({.index = 1, .id = "call_b", .name = "g", .arguments = "{}"}),
      R"({"model":"m:1","created_at":"2023-11-14T22:13:20.123456789Z","message":{"role":"assistant","content":"","tool_calls":[)"
      R"({"id":"call_a","function":{"index":0,"name":"f","arguments":{"b":1,"a":2}}}]},"done":false})"
      "\n");
  Outcome ended = outcome();
  ended.finished.reason = chat::FinishReason::kToolCalls;
  const std::string end = encoder->finish(ended);
  EXPECT_NE(end.find(R"([{"id":"call_b","function":{"index":1,"name":"g","arguments":{}}}]},"done":false})"),
            std::string::npos)
      << end;
  EXPECT_NE(end.find(R"("done":true,"done_reason":"stop")"), std::string::npos) << end;
}

TEST(OllamaEncode, a_whole_answer_has_its_calls_in_the_message) {
  const auto encoder = make_encoder(frame(Form::kChat));
  WholeAnswer answer;
  answer.add({.text = {},
              .tokens = {},
              .tool_calls = {{.index = 0, .id = "call_a", .name = "f", .arguments = "{}"},
                             {.index = 1, .id = "call_b", .name = "g", .arguments = "{\"cut"}}});
  const std::string json = encoder->whole(answer, outcome());
  EXPECT_NE(
      json.find(R"("content":"","tool_calls":[{"id":"call_a","function":{"index":0,"name":"f","arguments":{}}}]})"),
      std::string::npos)
      << json;
}

TEST(OllamaEncode, generate_has_its_text_in_response_and_a_route_only_where_it_is_not_local) {
  const auto encoder = make_encoder(frame(Form::kGenerate));
  Outcome away = outcome();
  away.route = "cloud:x";
  const std::string json = encoder->whole({.text = "hi", .tokens = {}}, away);
  EXPECT_NE(json.find(R"("response":"hi","done":true)"), std::string::npos) << json;
  EXPECT_TRUE(json.ends_with(R"("ingle":{"route":"cloud:x"}})")) << json;
}

TEST(OllamaEncode, what_was_counted_took_time) {
  Outcome dictated = outcome();
  dictated.finished.usage = {.prompt_tokens = 31, .completion_tokens = 3};
  const std::string json = make_encoder(frame(Form::kGenerate))->whole({.text = "abc"}, dictated);
  EXPECT_NE(json.find(R"("prompt_eval_duration":1,"eval_count":3,"eval_duration":1})"), std::string::npos) << json;
}

TEST(OllamaEncode, thinking_and_tokens_have_fields_of_their_own) {
  const auto encoder = make_encoder(frame(Form::kGenerate));
  chat::Delta delta;
  delta.thinking = "hm";
  EXPECT_NE(encoder->delta(delta).find(R"("response":"","thinking":"hm","done":false)"), std::string::npos);
  Outcome ended = outcome();
  ended.finished.tokens = {1, 2};
  EXPECT_NE(encoder->finish(ended).find(R"("done_reason":"stop","context":[1,2],"total_duration")"), std::string::npos);
  WholeAnswer answer;
  answer.thinking = "hm";
  EXPECT_NE(make_encoder(frame(Form::kChat))->whole(answer, outcome()).find(R"("content":"","thinking":"hm"})"),
            std::string::npos);
}

TEST(OllamaEncode, loading_has_a_reason_of_its_own) {
  EXPECT_NE(encode_load(frame(Form::kGenerate), false).find(R"("response":"","done":true,"done_reason":"load")"),
            std::string::npos);
  EXPECT_NE(encode_load(frame(Form::kChat), true).find(R"("done_reason":"unload")"), std::string::npos);
}

TEST(OllamaEncode, models_have_the_manifests_digest_and_sizes_in_words) {
  const ModelInfo model{.name = "m:1",
                        .digest = "aa",
                        .id = "bb",
                        .size = 5,
                        .modified_unix = 1'700'000'000,
                        .architecture = "llama",
                        .quantization = "Q4_0",
                        .parameters = 1'543'714'304,
                        .context = 4096,
                        .embedding = 64,
                        .capabilities = {"completion", "tools"}};
  EXPECT_EQ(
      encode_tags({&model, 1}),
      R"({"models":[{"name":"m:1","model":"m:1","modified_at":"2023-11-14T22:13:20Z","size":5,"digest":"bb",)"
      R"("details":{"parent_model":"","format":"gguf","family":"llama","families":["llama"],"parameter_size":"1.54B",)"
      R"("quantization_level":"Q4_0","context_length":4096,"embedding_length":64},"capabilities":["completion","tools"]}]})");
}

TEST(OllamaEncode, a_shown_model_has_a_modelfile_that_makes_it_again) {
  const ModelDetails details{
      .info = {.name = "m:1", .parameters = 7, .path = "/m/blobs/sha256-aa", .capabilities = {"completion"}},
      .chat_template = "{{ messages }}",
      .licence_text = "terms",
      .system = "be \"kind\"",
      .parameters_json = R"({"temperature":0.5,"stop":["<a>"," b"]})",
      .messages_json = R"([{"role":"user","content":"hi\nthere"},{"role":3}])",
      .own_template = false,
      .metadata_json = R"({"general.name":"x","a.b":[],"tokenizer.chat_template":"x"})"};
  const auto shown = nlohmann::ordered_json::parse(encode_show(details));
  EXPECT_EQ(shown["modelfile"],
            "# Modelfile generated by \"ingle show\"\n# To build a new Modelfile based on this, replace FROM with:\n"
            "# FROM m:1\n\nFROM /m/blobs/sha256-aa\nTEMPLATE \"\"\"{{ messages }}\"\"\"\n"
            "SYSTEM \"\"\"be \"kind\"\"\"\"\nPARAMETER temperature 0.5\nPARAMETER stop <a>\nPARAMETER stop \" b\"\n"
            "MESSAGE user \"hi\nthere\"\nLICENSE \"\"\"terms\"\"\"\n");
  EXPECT_EQ(shown["parameters"],
            "temperature                    0.5\nstop                           \"<a>\"\n"
            "stop                           \" b\"");
  EXPECT_EQ(shown["model_info"].dump(), R"({"a.b":[],"general.parameter_count":7})");
  EXPECT_EQ(shown["messages"][0]["content"], "hi\nthere");
  EXPECT_FALSE(shown.contains("tensors"));
  const auto all = nlohmann::ordered_json::parse(
      encode_show(details, R"({"model_info":{"a.b":[1,2]},"tensors":[{"name":"t","type":"F32","shape":[2,3]}]})"));
  EXPECT_EQ(all["model_info"]["a.b"].size(), 2U);
  EXPECT_EQ(all["tensors"][0]["shape"].dump(), "[2,3]");
}

TEST(OllamaEncode, a_model_that_stays_for_ever_has_a_date_that_clients_can_read) {
  runtime::LoadedModel loaded;
  loaded.name = "m:1";
  loaded.expires_unix = INT64_MAX;
  const std::string json = encode_running({&loaded, 1}, {}, 1'700'000'000);
  EXPECT_NE(json.find(R"("expires_at":"2123-)"), std::string::npos) << json;
}

TEST(OllamaEncode, a_pull_speaks_ollamas_words) {
  store::PullProgress progress;
  EXPECT_EQ(encode_pull(progress, "m", ""), "{\"status\":\"pulling manifest\"}\n");
  progress.phase = store::PullPhase::kDownloading;
  progress.bytes_done = 3;
  progress.bytes_total = 9;
  EXPECT_EQ(
      encode_pull(progress, "m", "0123456789abcdef"),
      "{\"status\":\"pulling 0123456789ab\",\"digest\":\"sha256:0123456789abcdef\",\"total\":9,\"completed\":3}\n");
}

TEST(OllamaEncode, errors_are_one_text) {
  EXPECT_EQ(encode_error(Failure::no_model("x")), R"({"error":"model 'x' not found"})");
}

}  // namespace
}  // namespace ingle::api::ollama
