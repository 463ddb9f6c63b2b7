#include <gmock/gmock.h>

#include "api/json_input.h"
#include "api/registry.h"
#include "api/testing/api_fixture.h"

namespace ingle::api {
namespace {

using testing::ApiTest;
using ::testing::HasSubstr;
using testing::Seen;

TEST_F(ApiTest, unknown_addresses_and_methods_are_told_in_the_dialect) {
  EXPECT_EQ(ask("GET", "/api/nothing").reply.body, R"({"error":"nothing is served at this address"})");
  EXPECT_EQ(ask("POST", "/v1/nothing").reply.status, 404);
  EXPECT_THAT(ask("POST", "/v1/chat/completion").reply.body, HasSubstr("did you mean '/v1/chat/completions'?"));
  EXPECT_THAT(ask("POST", "/v1/api/chat").reply.body, HasSubstr("did you mean '/api/chat'?"));
  EXPECT_THAT(ask("GET", "/healht").reply.body, HasSubstr("did you mean '/health'?"));
  EXPECT_TRUE(ask("GET", "/v1/messages").reply.body.starts_with(R"({"type":"error","error":)"));
  EXPECT_TRUE(ask("POST", "/v1/messages/batches").reply.body.starts_with(R"({"type":"error","error":)"));
  EXPECT_EQ(ask("GET", "/ingle/v1/nothing").reply.status, 404);
  const Seen wrong = ask("GET", "/api/chat");
  EXPECT_EQ(wrong.reply.status, 405);
  EXPECT_EQ(wrong.header("allow"), "POST");
  EXPECT_EQ(ask("HEAD", "/api/tags").reply.status, 200);
  EXPECT_EQ(ask("POST", "/nothing").reply.status, 404);
  EXPECT_EQ(ask("DELETE", "/v1/nothing").reply.status, 404);
  EXPECT_EQ(ask("GET", "/api/status").reply.body, R"({"cloud":{"disabled":true,"source":"config"}})");
  EXPECT_EQ(ask("POST", "/api/me").reply.status, 501);
}

TEST_F(ApiTest, what_is_refused_before_a_route_has_the_form_of_its_address) {
  for (const Route& route : routes()) {
    const auto head = request(std::string(route.method), path_with(route.pattern, "x"));
    const net::Reply large = api.on_fault(head, 413, "too large");
    const auto id = std::ranges::find(large.headers, "x-request-id", &net::HttpHeader::name);
    ASSERT_NE(id, large.headers.end());
    EXPECT_EQ(large.status, 413);
    EXPECT_EQ(large.body, error_body(route.dialect, {.status = 413, .error = Error::usage("too large")}, id->value))
        << route.pattern;
  }
  for (const char* path : {"/completion", "/v1/rerank", "/props", "/models"}) {
    const Json error = Json::parse(ask("PATCH", path).reply.body).at("error");
    EXPECT_EQ(error.at("code"), 405) << path;
  }
  EXPECT_TRUE(Json::parse(api.on_fault({}, 400, "no request").body).at("error").contains("request_id"));
}

TEST_F(ApiTest, clients_of_anthropic_see_models_in_their_form) {
  const auto see = [&](const std::string& path) {
    auto wanted = request("GET", path);
    wanted.headers.push_back({"anthropic-version", "2023-06-01"});
    return Json::parse(ask(std::move(wanted)).reply.body);
  };
  const Json model = {
      {"type", "model"}, {"id", "m:1"}, {"display_name", "m:1"}, {"created_at", "1970-01-01T00:00:00Z"}};
  EXPECT_EQ(see("/v1/models/m:1"), model);
  const Json list = {{"data", {model}}, {"has_more", false}, {"first_id", "m:1"}, {"last_id", "m:1"}};
  EXPECT_EQ(see("/v1/models"), list);
  EXPECT_EQ(Json::parse(ask("GET", "/v1/models").reply.body).at("object"), "list");
}

TEST_F(ApiTest, what_of_the_interfaces_is_not_here_is_501_with_the_reason) {
  for (const char* path : {"/v1/images/generations", "/v1/audio/speech", "/v1/moderations", "/v1/fine_tuning/jobs"}) {
    const Seen seen = ask("POST", path, "{}");
    EXPECT_EQ(seen.reply.status, 501) << path;
    EXPECT_THAT(seen.reply.body, HasSubstr(R"("type":"not_supported_error")")) << path;
  }
  for (const char* method : {"GET", "POST", "DELETE"})
    EXPECT_THAT(ask(method, "/v1/messages/batches/b_1").reply.body, HasSubstr(R"({"type":"error","error":)")) << method;
  const Seen files = ask("GET", "/v1/files");
  EXPECT_EQ(files.reply.status, 501);
  EXPECT_EQ(files.header("x-should-retry"), "false");
  EXPECT_EQ(ask("GET", "/v1/filesystem").reply.status, 404);
  const Seen compact = ask("POST", "/v1/responses/compact", R"({"model":"m:1"})");
  EXPECT_EQ(compact.reply.status, 501);
  EXPECT_THAT(compact.reply.body, HasSubstr("nothing is left out"));
}

TEST(Absent, paths_are_none_that_a_route_serves) {
  for (const Absent& absent : absent_paths()) {
    EXPECT_FALSE(absent.reason.empty()) << absent.path;
    for (const Route& route : routes())
      EXPECT_FALSE(route.pattern.starts_with(absent.path)) << absent.path << " " << route.pattern;
  }
}

TEST_F(ApiTest, a_model_is_shown_by_any_of_its_names) {
  services.info = [](std::string_view name) -> Result<ModelInfo> {
    if (name == "m" || name == "library/m:1" || name == "M:1") return ModelInfo{.name = "m:1"};
    return std::unexpected(Error::not_found("no such model"));
  };
  for (const char* name : {"m", "library/m:1", "M:1"}) {
    const Seen seen = ask("GET", std::string("/v1/models/") + name);
    ASSERT_EQ(seen.reply.status, 200) << name;
    EXPECT_EQ(Json::parse(seen.reply.body).at("id"), "m:1");
  }
  EXPECT_EQ(ask("GET", "/v1/models/auto").reply.status, 404);
  services.policy = [] { return PolicyInfo{}; };
  EXPECT_EQ(Json::parse(ask("GET", "/v1/models/auto").reply.body).at("id"), "auto");
  services.info = [](std::string_view) -> Result<ModelInfo> { return ModelInfo{.name = "a file"}; };
  EXPECT_EQ(ask("GET", "/v1/models/../m.gguf").reply.status, 404);
}

TEST_F(ApiTest, errors_have_the_form_of_anthropic_for_its_clients) {
  const auto ask_as_anthropic = [&](const std::string& path) {
    auto wanted = request("GET", path);
    wanted.headers.push_back({"anthropic-version", "2023-06-01"});
    return Json::parse(ask(std::move(wanted)).reply.body);
  };
  for (const char* path : {"/v1/models/nope", "/v1/files", "/v1/nothing"}) {
    const Json error = ask_as_anthropic(path);
    EXPECT_EQ(error.at("type"), "error") << path;
    EXPECT_TRUE(error.contains("request_id")) << path;
  }
  EXPECT_EQ(Json::parse(ask("GET", "/v1/models/nope").reply.body).at("error").at("code"), "model_not_found");
}

TEST_F(ApiTest, parameters_of_an_address_are_refused_or_named_as_its_table_says) {
  models.completer->script = {testing::text("hi"), chat::Finished{}};
  const Seen made = ask("POST", "/v1/responses", R"({"model":"m:1","input":"hi"})");
  const std::string path = "/v1/responses/" + Json::parse(made.reply.body).at("id").get<std::string>();
  const Seen streamed = ask("GET", path + "?stream=true");
  EXPECT_EQ(streamed.reply.status, 400);
  EXPECT_EQ(Json::parse(streamed.reply.body).at("error").at("param"), "stream");
  const Seen shown = ask("GET", path + "?stream=false&include%5B%5D=a&starting_after=3&other=1");
  EXPECT_EQ(shown.reply.status, 200);
  EXPECT_EQ(shown.header("x-ingle-ignored"), "other");
  EXPECT_EQ(ask("GET", "/v1/models?limit=2&after_id=m:1&page=3").header("x-ingle-ignored"), "page");
}

TEST_F(ApiTest, openais_questions_are_counted) {
  const std::string counted = R"({"object":"response.input_tokens","input_tokens":3})";
  EXPECT_EQ(ask("POST", "/v1/responses/input_tokens", R"({"model":"m:1","input":"hi"})").reply.body, counted);
  EXPECT_EQ(
      ask("POST", "/v1/chat/completions/input_tokens", R"({"model":"m:1","messages":[{"role":"user","content":"hi"}]})")
          .reply.body,
      counted);
  EXPECT_EQ(ask("POST", "/v1/responses/input_tokens", R"({"model":"m:1","input":3})").reply.status, 400);
  EXPECT_EQ(ask("POST", "/v1/responses/input_tokens", R"({"model":"nope","input":"hi"})").reply.status, 404);
  EXPECT_EQ(ask("POST", "/v1/responses/input_tokens", R"({"model":"m:1","input":"a","previous_response_id":"resp_0"})")
                .reply.status,
            404);
}

}  // namespace
}  // namespace ingle::api
