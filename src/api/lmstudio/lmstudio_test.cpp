#include <thread>

#include "api/downloads.h"
#include "api/json_input.h"
#include "api/lmstudio/encode.h"
#include "api/lmstudio/parse.h"
#include "api/testing/api_fixture.h"
#include "api/testing/fields.h"

namespace ingle::api::lmstudio {
namespace {

using testing::ApiTest;
using testing::Seen;
using testing::text;

TEST(LmStudioParse, tables_say_what_is_read) {
  testing::expect_reads_its_fields(kChatFields, [](std::string_view body) { static_cast<void>(parse_chat(body)); },
                                   {R"({"model":"m","input":[{"type":"text","content":"a"}]})"});
  testing::expect_reads_its_fields(kLoadFields, parse_load, {"{}"});
  testing::expect_reads_its_fields(kUnloadFields, parse_unload, {"{}"});
  testing::expect_reads_its_fields(kDownloadFields, parse_download, {"{}"});
}

TEST(LmStudioParse, reads_a_chat) {
  const auto call = parse_chat(R"({"model":"m","input":[{"type":"message","content":"a"},{"type":"text","content":"b"}],
    "system_prompt":"s","temperature":0.5,"max_output_tokens":9,"reasoning":"high","context_length":4096,"store":false})");
  ASSERT_TRUE(call.has_value());
  const auto& prompt = std::get<chat::ChatPrompt>(call->request.prompt);
  EXPECT_EQ(prompt.messages.at(0).content.reveal(), "a\nb");
  EXPECT_EQ(prompt.think, true);
  EXPECT_EQ(prompt.effort, "high");
  EXPECT_EQ(call->system, "s");
  EXPECT_FLOAT_EQ(call->request.sampling.temperature, 0.5F);
  EXPECT_EQ(call->request.max_tokens, 9);
  EXPECT_EQ(call->acquire.context, 4096U);
  EXPECT_FALSE(call->store);
  EXPECT_FALSE(call->stream);
}

TEST(LmStudioParse, a_fault_names_its_field) {
  struct Row {
    std::string_view body;
    std::string_view param;
  };
  for (const Row& row : {Row{R"({"input":"a"})", "model"}, Row{R"({"model":"m"})", "input"},
                         Row{R"({"model":"m","input":[{"type":"image","data_url":"x"}]})", "input[0].type"},
                         Row{R"({"model":"m","input":"a","reasoning":"loud"})", "reasoning"},
                         Row{R"({"model":"m","input":"a","integrations":["mcp/x"]})", "integrations"}}) {
    const auto call = parse_chat(row.body);
    ASSERT_FALSE(call.has_value()) << row.body;
    EXPECT_EQ(call.error().status, 400);
    EXPECT_EQ(call.error().param, row.param);
  }
}

class LmStudioRoutes : public ApiTest {
 protected:
  void load() {
    models.now_loaded = {{.name = "m:1", .digest = {}, .description = {}}};
    models.now_loaded[0].description.context_limit = 64;
  }
  static Json json(const Seen& seen) { return Json::parse(seen.reply.body); }
};

TEST_F(LmStudioRoutes, a_conversation_is_gone_on_with) {
  load();
  models.completer->script = {text("Hello"), chat::Finished{}};
  const Json first = json(ask("POST", "/api/v1/chat", R"({"model":"m:1","input":"hi","system_prompt":"be brief"})"));
  EXPECT_EQ(first.at("output"), Json::parse(R"([{"type":"message","content":"Hello"}])"));
  EXPECT_EQ(first.at("model_instance_id"), "m:1");
  EXPECT_TRUE(first.at("stats").contains("time_to_first_token_seconds"));
  const std::string id = first.at("response_id");
  EXPECT_TRUE(id.starts_with("resp_"));
  ask("POST", "/api/v1/chat", R"({"model":"m:1","input":"more","store":false,"previous_response_id":")" + id + "\"}");
  const auto& messages = std::get<chat::ChatPrompt>(models.completer->request.prompt).messages;
  ASSERT_EQ(messages.size(), 4U);
  EXPECT_EQ(messages[0].content.reveal(), "be brief");
  EXPECT_EQ(messages[1].content.reveal(), "hi");
  EXPECT_EQ(messages[2].role, "assistant");
  EXPECT_EQ(messages[2].content.reveal(), "Hello");
  EXPECT_EQ(messages[3].content.reveal(), "more");
  const Seen unknown = ask("POST", "/api/v1/chat", R"({"model":"m:1","input":"a","previous_response_id":"resp_odd"})");
  EXPECT_EQ(unknown.reply.status, 404);
  EXPECT_EQ(json(unknown).at("error").at("param"), "previous_response_id");
  EXPECT_FALSE(
      json(ask("POST", "/api/v1/chat", R"({"model":"m:1","input":"a","store":false})")).contains("response_id"));
}

TEST_F(LmStudioRoutes, a_stream_has_a_beginning_and_an_end_of_each_part) {
  chat::Delta thought;
  thought.thinking = "hm";
  models.completer->script = {chat::Prefill{.done = 2, .total = 4}, thought, text("Hel"), text("lo"), chat::Finished{}};
  const std::string body = ask("POST", "/api/v1/chat", R"({"model":"m:1","input":"hi","stream":true})").reply.body;
  std::vector<std::string> names;
  std::string end;
  for (size_t at = body.find("event: "); at != std::string::npos; at = body.find("event: ", at + 1)) {
    const size_t line = body.find('\n', at);
    names.push_back(body.substr(at + 7, line - at - 7));
    end = body.substr(line + 7, body.find("\n\n", line) - line - 7);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"chat.start", "model_load.start", "model_load.progress", "model_load.end",
                                      "prompt_processing.start", "prompt_processing.progress", "prompt_processing.end",
                                      "reasoning.start", "reasoning.delta", "reasoning.end", "message.start",
                                      "message.delta", "message.delta", "message.end", "chat.end"}));
  const Json result = Json::parse(end).at("result");
  EXPECT_EQ(result.at("output").at(0).at("content"), "hm");
  EXPECT_EQ(result.at("output").at(1).at("content"), "Hello");
  EXPECT_TRUE(result.at("stats").contains("model_load_time_seconds"));
}

TEST_F(LmStudioRoutes, models_are_listed_loaded_and_unloaded) {
  services.list = [] {
    return std::vector<ModelInfo>{{.name = "m:1",
                                   .size = 500,
                                   .architecture = "qwen2",
                                   .quantization = "Q8_0",
                                   .parameters = 1'540'000'000,
                                   .context = 128}};
  };
  EXPECT_EQ(json(ask("GET", "/api/v0/models")).at("data").at(0).at("state"), "not-loaded");
  EXPECT_EQ(json(ask("GET", "/api/v0/models/m:1")).at("max_context_length"), 128);
  EXPECT_EQ(ask("GET", "/api/v0/models/odd:1").reply.status, 404);
  EXPECT_EQ(json(ask("GET", "/api/v1/models")).at("models").at(0).at("params_string"), "1.5B");
  const Json loaded =
      json(ask("POST", "/api/v1/models/load", R"({"model":"m:1","context_length":2048,"echo_load_config":true})"));
  EXPECT_EQ(loaded.at("status"), "loaded");
  EXPECT_TRUE(loaded.contains("load_config"));
  EXPECT_EQ(models.acquired.at(0).second.context, 2048U);
  EXPECT_EQ(ask("POST", "/api/v1/models/unload", R"({"instance_id":"m:1"})").reply.status, 404);
  load();
  EXPECT_EQ(json(ask("GET", "/api/v1/models")).at("models").at(0).at("loaded_instances").at(0).at("id"), "m:1");
  EXPECT_EQ(ask("POST", "/api/v1/models/unload", R"({"instance_id":"m:1"})").reply.body, R"({"instance_id":"m:1"})");
  EXPECT_EQ(models.unloaded, std::vector<std::string>{"m:1"});
  services.info = [](std::string_view) -> Result<ModelInfo> { return ModelInfo{.name = "m:1"}; };
  EXPECT_EQ(ask("POST", "/api/v1/models/unload", R"({"instance_id":"M"})").reply.status, 200);
}

TEST_F(LmStudioRoutes, v0_puts_figures_beside_openais_answers) {
  services.list = [] {
    return std::vector<ModelInfo>{{.name = "m:1", .architecture = "qwen2", .quantization = "Q8_0", .context = 128}};
  };
  chat::Finished end;
  end.usage.completion_tokens = 4;
  end.usage.decode_seconds = 2;
  models.completer->script = {text("hi"), end};
  const std::string body = R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})";
  const Json whole = json(ask("POST", "/api/v0/chat/completions", body));
  EXPECT_EQ(whole.at("choices").at(0).at("message").at("content"), "hi");
  EXPECT_EQ(whole.at("stats").at("tokens_per_second"), 2.0);
  EXPECT_EQ(whole.at("stats").at("stop_reason"), "eosFound");
  EXPECT_EQ(whole.at("model_info").at("arch"), "qwen2");
  EXPECT_EQ(whole.at("runtime").at("name"), "inglenook");
  const std::string stream = ask("POST", "/api/v0/chat/completions", R"({"stream":true,)" + body.substr(1)).reply.body;
  EXPECT_TRUE(stream.ends_with("data: [DONE]\n\n"));
  const size_t last_event = stream.rfind("data: {");
  const Json end_event = Json::parse(stream.substr(last_event + 6, stream.find("\n\n", last_event) - last_event - 6));
  EXPECT_EQ(end_event.at("stats").at("generation_time"), 2.0);
}

TEST_F(LmStudioRoutes, v0_completes_texts_and_gives_several_answers) {
  chat::Finished end;
  end.usage.completion_tokens = 4;
  end.usage.decode_seconds = 2;
  models.completer->script = {text("hi"), end};
  const std::string body = R"({"model":"m:1","prompt":["a","b"]})";
  const Json whole = json(ask("POST", "/api/v0/completions", body));
  EXPECT_EQ(whole.at("object"), "text_completion");
  EXPECT_EQ(whole.at("choices").at(1).at("text"), "hi");
  EXPECT_EQ(whole.at("stats").at("tokens_per_second"), 4.0);  // of both together
  EXPECT_EQ(whole.at("runtime").at("name"), "inglenook");
  const std::string stream = ask("POST", "/api/v0/completions", R"({"stream":true,)" + body.substr(1)).reply.body;
  EXPECT_NE(stream.find("\"index\":1"), std::string::npos);
  const size_t last_event = stream.rfind("data: {");
  const Json end_event = Json::parse(stream.substr(last_event + 6, stream.find("\n\n", last_event) - last_event - 6));
  EXPECT_EQ(end_event.at("stats").at("stop_reason"), "eosFound");
  const Json two = json(
      ask("POST", "/api/v0/chat/completions", R"({"model":"m:1","n":2,"messages":[{"role":"user","content":"x"}]})"));
  EXPECT_EQ(two.at("choices").size(), 2U);
  EXPECT_TRUE(two.contains("stats"));
}

TEST_F(LmStudioRoutes, lists_say_what_a_model_was_made_for) {
  services.list = [] {
    return std::vector<ModelInfo>{
        {.name = "tools:1", .quantization = "Q4_K_M", .parameters = 1, .capabilities = {"completion", "tools"}},
        {.name = "plain:1", .quantization = "BF16", .capabilities = {"completion"}},
        {.name = "vectors:1", .quantization = "F32", .capabilities = {"embedding"}}};
  };
  const Json v1 = json(ask("GET", "/api/v1/models")).at("models");
  EXPECT_EQ(v1[0].at("capabilities").at("trained_for_tool_use"), true);
  EXPECT_EQ(v1[1].at("capabilities").at("trained_for_tool_use"), false);
  EXPECT_EQ(v1[2].at("type"), "embedding");
  EXPECT_EQ(v1[0].at("quantization").at("bits_per_weight"), 4);
  EXPECT_EQ(v1[1].at("quantization").at("bits_per_weight"), 16);
  EXPECT_EQ(v1[2].at("quantization").at("bits_per_weight"), 32);
  EXPECT_EQ(json(ask("GET", "/api/v0/models/tools:1")).at("capabilities"), Json::array({"tool_use"}));
  EXPECT_EQ(json(ask("GET", "/api/v0/models/plain:1")).at("capabilities"), Json::array());
  EXPECT_EQ(json(ask("GET", "/api/v0/models/vectors:1")).at("type"), "embeddings");
}

TEST(LmStudioParse, an_address_of_hugging_face_is_a_name) {
  const auto hub = parse_download(R"({"model":"https://huggingface.co/user/Some-GGUF","quantization":"Q4_K_M"})");
  ASSERT_TRUE(hub.has_value());
  EXPECT_EQ(hub->model, "hf.co/user/Some-GGUF:Q4_K_M");
  EXPECT_EQ(parse_download(R"({"model":"smollm2:135m"})")->model, "smollm2:135m");
  EXPECT_EQ(parse_download(R"({"model":"smollm2","quantization":"Q4_K_M"})").error().param, "quantization");
}

TEST_F(LmStudioRoutes, a_download_goes_on_by_itself_and_is_looked_after_by_its_id) {
  Downloads downloads(
      [](std::string_view name, const store::PullCallback&, std::stop_token) -> Result<store::PullReport> {
        if (name != "good:1") return std::unexpected(Error::unavailable("no way there"));
        store::PullReport report{.name = *store::ModelName::parse(name)};
        report.size = 10;
        return report;
      },
      services.now_unix);
  EXPECT_EQ(ask("POST", "/api/v1/models/download", R"({"model":"good:1"})").reply.status, 501);
  services.downloads = &downloads;
  const auto pulled = [&](const std::string& model) {
    const Json begun = json(ask("POST", "/api/v1/models/download", R"({"model":")" + model + "\"}"));
    EXPECT_EQ(begun.at("started_at"), "2023-11-14T22:13:20Z");
    const std::string id = begun.at("job_id");
    while (downloads.find(id)->state == Download::State::kRunning)
      std::this_thread::yield();
    return json(ask("GET", "/api/v1/models/download/status/" + id));
  };
  const Json good = pulled("good:1");
  EXPECT_EQ(good.at("status"), "completed");
  EXPECT_EQ(good.at("total_size_bytes"), 10);
  EXPECT_EQ(good.at("completed_at"), "2023-11-14T22:13:20Z");
  const Json bad = pulled("bad:1");
  EXPECT_EQ(bad.at("status"), "failed");
  EXPECT_EQ(bad.at("error").at("message"), "no way there");
  EXPECT_EQ(json(ask("POST", "/api/v1/models/download", R"({"model":"m:1"})")).at("status"), "already_downloaded");
  EXPECT_EQ(ask("POST", "/api/v1/models/download", R"({"model":"../m"})").reply.status, 400);
  EXPECT_EQ(ask("GET", "/api/v1/models/download/status/job_odd").reply.status, 404);
}

TEST_F(LmStudioRoutes, errors_have_the_dialects_form) {
  const Json error = json(ask("POST", "/api/v1/chat", R"({"model":"odd:1","input":"a"})")).at("error");
  EXPECT_EQ(error.at("type"), "model_not_found");
  EXPECT_EQ(error.at("param"), "model");
  EXPECT_EQ(json(ask("GET", "/api/v1/nothing")).at("error").at("type"), "invalid_request");
}

}  // namespace
}  // namespace ingle::api::lmstudio
