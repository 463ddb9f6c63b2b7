#include "api/json_input.h"
#include "api/testing/api_fixture.h"

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

TEST_F(LlamaRoutes, adapters_are_none) {
  EXPECT_EQ(ask("GET", "/lora-adapters").reply.body, "[]");
  EXPECT_EQ(ask("POST", "/lora-adapters", "[]").reply.status, 200);
  EXPECT_EQ(ask("POST", "/lora-adapters", R"([{"id":0,"scale":0.5}])").reply.status, 501);
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

}  // namespace
}  // namespace ingle::api::llama
