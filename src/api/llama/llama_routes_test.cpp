#include "api/json_input.h"
#include "api/llama/vectors.h"
#include "api/testing/api_fixture.h"
#include "api/testing/fields.h"

namespace ingle::api::llama {
namespace {

using testing::ApiTest;
using testing::Seen;
using testing::text;

class LlamaRoutes : public ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    services.parallel = 4;
    services.show = [](std::string_view name) -> Result<ModelDetails> {
      if (name != "m:1") return std::unexpected(Error::not_found("no"));
      return ModelDetails{.info = {.name = "m:1", .context = 128}, .chat_template = "{{ messages }}"};
    };
  }
  void load() {
    models.now_loaded = {{.name = "m:1", .digest = {}, .description = {}}};
    models.now_loaded[0].description.context_limit = 64;
  }
  static Json json(const Seen& seen) { return Json::parse(seen.reply.body); }
};

TEST_F(LlamaRoutes, health_is_everybodys) {
  EXPECT_EQ(ask("GET", "/v1/health").reply.body, R"({"status":"ok"})");
}

TEST_F(LlamaRoutes, props_tell_of_a_model_without_loading_it) {
  const Json cold = json(ask("GET", "/props"));
  EXPECT_EQ(cold.at("model_alias"), "m:1");
  EXPECT_EQ(cold.at("chat_template"), "{{ messages }}");
  EXPECT_EQ(cold.at("total_slots"), 4);
  EXPECT_EQ(cold.at("default_generation_settings").at("n_ctx"), 128);
  EXPECT_EQ(cold.at("is_sleeping"), true);
  EXPECT_TRUE(models.acquired.empty());
  load();
  EXPECT_EQ(json(ask("GET", "/props?model=m:1")).at("default_generation_settings").at("n_ctx"), 64);
  EXPECT_EQ(ask("GET", "/props?model=odd:1").reply.status, 404);
  services.show = [](std::string_view) -> Result<ModelDetails> { return ModelDetails{}; };
  EXPECT_EQ(ask("GET", "/props?model=/m/file.gguf").reply.status, 404);
  const Seen write = ask("POST", "/props", "{}");
  EXPECT_EQ(write.reply.status, 501);
  EXPECT_EQ(json(write).at("error").at("type"), "not_supported_error");
  EXPECT_EQ(json(write).at("error").at("code"), 501);
}

TEST_F(LlamaRoutes, slots_are_as_many_as_decode_at_once) {
  EXPECT_EQ(json(ask("GET", "/slots")).size(), 4U);
  EXPECT_TRUE(models.acquired.empty());
  load();
  models.completer->now.running = 3;
  const Json slots = json(ask("GET", "/slots"));
  EXPECT_EQ(slots.at(2).at("is_processing"), true);
  EXPECT_EQ(slots.at(3).at("is_processing"), false);
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=1").reply.status, 200);
  services.info = [](std::string_view name) -> Result<ModelInfo> {
    if (name == "M") return ModelInfo{.name = "m:1"};
    return std::unexpected(Error::not_found("no"));
  };
  EXPECT_EQ(json(ask("GET", "/slots?model=M")).at(0).at("n_ctx"), 64);
  EXPECT_EQ(ask("GET", "/slots?model=odd:1").reply.status, 404);
  models.completer->now.running = 4;
  EXPECT_EQ(ask("GET", "/slots?fail_on_no_slot=1").reply.status, 503);
  EXPECT_EQ(ask("POST", "/slots/0?action=save", "{}").reply.status, 501);
}

TEST_F(LlamaRoutes, models_are_listed_loaded_and_unloaded) {
  EXPECT_EQ(json(ask("GET", "/models")).at("data").at(0).at("status").at("value"), "unloaded");
  EXPECT_EQ(ask("POST", "/models/load", R"({"model":"m:1"})").reply.body, R"({"success":true})");
  ASSERT_EQ(models.acquired.size(), 1U);
  EXPECT_EQ(ask("POST", "/models/unload", R"({"model":"m:1"})").reply.status, 400);
  load();
  EXPECT_EQ(json(ask("GET", "/models")).at("data").at(0).at("status").at("value"), "loaded");
  EXPECT_EQ(ask("POST", "/models/unload", R"({"model":"m:1"})").reply.status, 200);
  EXPECT_EQ(models.unloaded, std::vector<std::string>{"m:1"});
  EXPECT_EQ(ask("POST", "/models/unload", R"({"model":"odd:1"})").reply.status, 404);
  EXPECT_EQ(ask("POST", "/models/load", R"({"model":"odd:1"})").reply.status, 404);
  EXPECT_EQ(ask("POST", "/models", R"({"model":"m:1"})").reply.status, 501);
}

TEST_F(LlamaRoutes, a_seed_that_was_drawn_is_a_whole_number_to_every_client_and_can_be_sent_back) {
  models.completer->script = {text("hi"), chat::Finished{}};
  for (int i = 0; i < 20; ++i) {
    const auto seed_of = [](const Seen& seen) {
      return json(seen).at("generation_settings").at("seed").get<uint64_t>();
    };
    const uint64_t seed = seed_of(ask("POST", "/completion", R"({"model":"m:1","prompt":"a"})"));
    EXPECT_LT(seed, uint64_t{1} << 53U);
    const Seen again =
        ask("POST", "/completion", R"({"model":"m:1","prompt":"a","seed":)" + std::to_string(seed) + "}");
    ASSERT_EQ(again.reply.status, 200) << again.reply.body;
    EXPECT_EQ(seed_of(again), seed);
  }
}

TEST_F(LlamaRoutes, adapters_are_none) {
  EXPECT_EQ(ask("GET", "/lora-adapters").reply.body, "[]");
  EXPECT_EQ(ask("POST", "/lora-adapters", "[]").reply.status, 200);
  EXPECT_EQ(ask("POST", "/lora-adapters", R"([{"id":0,"scale":0.5}])").reply.status, 501);
}

TEST(LlamaVectors, tables_say_what_is_read) {
  testing::expect_reads_its_fields(kEmbeddingFields, parse_embedding, {"{}"});
  testing::expect_reads_its_fields(kRerankFields, parse_rerank, {R"({"query":"q","documents":[{"text":"a"}]})"});
}

TEST(LlamaVectors, an_embedding_is_asked_for_in_texts_and_tokens) {
  EXPECT_EQ(parse_embedding(R"({"content":"a"})")->request.inputs.size(), 1U);
  EXPECT_EQ(parse_embedding(R"({"input":[1,2]})")->request.inputs.size(), 1U);
  const auto several = parse_embedding(R"({"content":["a",[1,2]],"embd_normalize":1})");
  ASSERT_TRUE(several.has_value());
  EXPECT_EQ(several->request.inputs.size(), 2U);
  EXPECT_EQ(several->norm, 1);
  for (const char* body : {R"({})", R"({"content":[]})", R"({"content":[[]]})", R"({"content":[{}]})"})
    EXPECT_EQ(parse_embedding(body).error().param, "content") << body;
  EXPECT_EQ(parse_embedding(R"({"content":"a","embd_normalize":-1})").error().status, 501);
}

TEST(LlamaVectors, an_embedding_has_the_norm_that_was_asked_for) {
  const std::vector<float> vector = {0.5F, -0.25F};
  EXPECT_EQ(encode_vector(vector, 2), "[0.5,-0.25]");
  EXPECT_EQ(Json::parse(encode_vector(vector, 0)), Json::parse("[32760.0,-16380.0]"));
  EXPECT_NEAR(Json::parse(encode_vector(vector, 1)).at(0).get<double>(), 2.0 / 3, 1e-9);
  EXPECT_EQ(encode_embedding(std::vector<std::string>{"[1]", "[2]"}),
            R"([{"index":0,"embedding":[[1]]},{"index":1,"embedding":[[2]]}])");
}

TEST(LlamaVectors, documents_are_ranked_in_both_forms) {
  const Reranked scores{.scores = {0.1F, 0.5F, 0.25F}, .method = "cosine", .prompt_tokens = 9};
  const auto jina =
      parse_rerank(R"({"model":"m","query":"q","documents":["a",{"text":"b"},"c"],"top_n":2,"return_documents":true})");
  ASSERT_TRUE(jina.has_value());
  const Json answer = Json::parse(encode_rerank(*jina, scores));
  EXPECT_EQ(answer.at("method"), "cosine");
  EXPECT_EQ(answer.at("usage").at("total_tokens"), 9);
  ASSERT_EQ(answer.at("results").size(), 2U);
  EXPECT_EQ(answer.at("results").at(0), Json::parse(R"({"index":1,"relevance_score":0.5,"document":{"text":"b"}})"));
  const auto bare = parse_rerank(R"({"query":"q","texts":["a","b","c"]})");
  ASSERT_TRUE(bare.has_value());
  EXPECT_EQ(Json::parse(encode_rerank(*bare, scores)).at(0), Json::parse(R"({"index":1,"score":0.5})"));
  EXPECT_EQ(parse_rerank(R"({"documents":["a"]})").error().param, "query");
  EXPECT_EQ(parse_rerank(R"({"query":"q"})").error().param, "documents");
  EXPECT_EQ(parse_rerank(R"({"query":"q","documents":[1]})").error().param, "documents[0]");
}

TEST_F(LlamaRoutes, infill_is_for_models_that_were_trained_for_it) {
  const std::string body = R"({"input_prefix":"a","input_suffix":"b"})";
  EXPECT_EQ(ask("POST", "/infill", body).reply.status, 400);
  models.completer->description.infill = {.prefix = 1, .suffix = 2, .middle = 3};
  models.completer->script = {text("c"), chat::Finished{}};
  EXPECT_EQ(json(ask("POST", "/infill", body)).at("content"), "c");
  EXPECT_EQ(std::get<chat::TokenPrompt>(models.completer->request.prompt).tokens,
            (std::vector<int32_t>{1, 7, 8, 9, 2, 7, 8, 9, 3}));
}

TEST_F(LlamaRoutes, a_header_says_what_may_wait) {
  models.completer->script = {testing::text("hi"), chat::Finished{}};
  auto asked = [&](std::string word) {
    auto wanted = request("POST", "/completion", R"({"model":"m:1","prompt":"a"})");
    wanted.headers.push_back({"x-ingle-priority", std::move(word)});
    return ask(std::move(wanted)).reply.status;
  };
  EXPECT_EQ(asked("background"), 200);
  EXPECT_EQ(models.completer->request.priority, chat::Priority::kBackground);
  EXPECT_EQ(asked("interactive"), 200);
  EXPECT_EQ(models.completer->request.priority, chat::Priority::kInteractive);
  EXPECT_EQ(asked("urgent"), 400);
}

TEST_F(LlamaRoutes, several_prompts_have_several_answers) {
  models.completer->script = {text("hi"), chat::Finished{}};
  const std::string body = R"({"model":"m:1","prompt":["a","b"],"n_cmpl":2,"seed":5,)";
  const Json whole = json(ask("POST", "/completion", body + R"("stream":false})"));
  ASSERT_EQ(whole.size(), 4U);
  EXPECT_EQ(whole[0].at("content"), "hi");
  EXPECT_EQ(whole[2].at("index"), 2);
  EXPECT_EQ(whole[2].at("prompt"), "b");
  EXPECT_EQ(whole[3].at("generation_settings").at("seed"), 6);
  const std::string stream = ask("POST", "/completion", body + R"("stream":true})").reply.body;
  size_t n_ends = 0;
  for (size_t at = stream.find("\"stop\":true"); at != std::string::npos; at = stream.find("\"stop\":true", at + 1))
    ++n_ends;
  EXPECT_EQ(n_ends, 4U);
  EXPECT_NE(stream.find("\"index\":3"), std::string::npos);
  EXPECT_EQ(json(ask("POST", "/completion", R"({"model":"m:1","prompt":["a"]})")).at("content"), "hi");
}

}  // namespace
}  // namespace ingle::api::llama
