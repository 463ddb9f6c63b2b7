// Nothing that a client wrote reaches the log or /metrics: a secret stands in every place of requests at every route.
#include <gmock/gmock.h>

#include "api/json_input.h"
#include "api/registry.h"
#include "api/telemetry.h"
#include "api/testing/api_fixture.h"

namespace ingle::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

const std::string kSecret = "SECRETWORD";

class Secrecy : public testing::ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    models.completer->script = {testing::text("a"), chat::Finished{}};
    models.completer->description.name = "m:1";
    services.telemetry = std::make_shared<Telemetry>([this](std::string line) { log += line + "\n"; });
    // Whoever is asked for something repeats it, and has it not.
    const auto fails = [](const auto&...) {
      return std::unexpected(Error::not_found("there is no '" + kSecret + "'"));
    };
    services.show = fails;
    services.listing_json = fails;
    services.pull = fails;
    services.remove = fails;
    services.copy = fails;
    services.create = fails;
    services.has_blob = fails;
    services.begin_blob = fails;
    services.extract = services.summarize = [fails](const auto&...) -> Answer<std::string> {
      return std::unexpected(Failure::of_upload(fails().error()));
    };
    services.decisions_json = fails;
    services.explain_json = fails;
    services.egress_json = fails;
    services.set_offline = fails;
    services.policy_json = [] { return "{}"; };
    services.policy = [] { return PolicyInfo{}; };
    services.offline = services.offline_by_setting = [] { return false; };
    services.is_known_request = [](std::string_view) { return false; };
  }

  void expect_kept(std::string_view what) {
    EXPECT_THAT(log, Not(HasSubstr(kSecret))) << what;
    EXPECT_THAT(services.telemetry->metrics_text(services), Not(HasSubstr(kSecret))) << what;
    n_lines += static_cast<size_t>(std::ranges::count(log, '\n'));
    log.clear();
  }

  std::string log;
  size_t n_lines = 0;
};

/// What a field may hold with the secret in it, from a word to a schema that is followed strictly.
std::vector<Json> holding_secrets() {
  const Json schema = {{"type", "object"}, {"properties", {{kSecret, {{"type", "string"}, {"format", kSecret}}}}}};
  const Json format = {{"type", "json_schema"},
                       {"name", kSecret},
                       {"strict", true},
                       {"schema", schema},
                       {"json_schema", {{"name", kSecret}, {"strict", true}, {"schema", schema}}}};
  const Json message = {{"role", "user"}, {"content", kSecret}, {kSecret, kSecret}};
  const Json tool = {
      {"type", "function"},     {"name", kSecret},
      {"strict", true},         {"parameters", schema},
      {"input_schema", schema}, {"function", {{"name", kSecret}, {"strict", true}, {"parameters", schema}}}};
  return {kSecret,
          Json::array({kSecret}),
          Json{{kSecret, kSecret}},
          Json::array({Json{{kSecret, kSecret}}}),
          Json::array({message}),
          Json::array({tool}),
          schema,
          format,
          Json{{"format", format}},
          Json{{"role", kSecret}, {"type", kSecret}, {"effort", kSecret}}};
}

/// A body that is right but for one field, or one within it.
std::vector<std::string> bodies_of(const Route& route) {
  const Json known = {
      {"model", "m:1"}, {"max_tokens", 9}, {"prompt", "x"},      {"input", "x"},
      {"query", "x"},   {"content", "x"},  {"documents", {"x"}}, {"messages", {{{"role", "user"}, {"content", "x"}}}}};
  Json right = Json::object();
  for (const auto& [name, value] : known.items()) {
    const std::string_view field = name;
    if (route.fields != nullptr && std::ranges::find(*route.fields, field, &Field::name) != route.fields->end())
      right[name] = value;
  }
  std::vector<std::string> bodies = {kSecret, Json(kSecret).dump(), "{\"" + kSecret + "\": "};
  const auto add = [&](std::string_view name, const Json& value) {
    Json body = right;
    body[std::string(name)] = value;
    bodies.push_back(body.dump());
  };
  for (const Json& value : holding_secrets())
    add(kSecret, value);
  if (route.fields == nullptr) return bodies;
  for (const Field& row : *route.fields) {
    for (const Json& value : holding_secrets()) {
      add(row.name, value);
      if (row.inner == nullptr) continue;
      for (const Field& within : *row.inner) {
        const Json object = {{std::string(within.name), value}};
        add(row.name, row.type == "object[]" ? Json::array({object}) : object);
      }
    }
  }
  return bodies;
}

TEST_F(Secrecy, no_word_of_a_request_is_written_down) {
  for (const Route& route : routes()) {
    const std::string path = path_with(route.pattern, kSecret);
    for (const std::string& body : bodies_of(route)) {
      auto wanted = request(std::string(route.method), path + "?" + kSecret + "=" + kSecret, body);
      ask(std::move(wanted));
    }
    expect_kept(route.pattern);
  }
  EXPECT_GT(n_lines, 1000U);
}

TEST_F(Secrecy, no_parameter_header_or_method_is_written_down) {
  for (const Route& route : routes()) {
    if (route.method != "GET") continue;
    std::string query;
    if (route.parameters != nullptr)
      for (const Field& row : *route.parameters)
        query += std::string(row.name) + "=" + kSecret + "&";
    ask("GET", path_with(route.pattern, kSecret) + "?" + query);
    ask(kSecret, path_with(route.pattern, kSecret));
    expect_kept(route.pattern);
  }
  for (const char* name : {"user-agent", "origin", "referer", "host", "authorization", "x-api-key", "traceparent",
                           "tracestate", "content-type", "accept", "x-ingle-priority", "cookie", "sec-fetch-site",
                           "access-control-request-headers", "access-control-request-method", "SECRETWORD"}) {
    for (const char* method : {"POST", "OPTIONS"}) {
      auto wanted =
          request(method, "/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})");
      wanted.headers.push_back({name, kSecret});
      ask(std::move(wanted));
      expect_kept(name);
    }
  }
}

TEST_F(Secrecy, no_path_that_nobody_knows_is_written_down) {
  for (const char* path : {"/", "/v1/", "/api/", "/v1/chat/", "/api/v1/", "/ingle/v1/", "/v1/responses/"}) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "SECRETWORD"}) {
      ask(method, path + kSecret);
      ask(method, path + kSecret + "/chat/completions");
    }
  }
  expect_kept("paths");
}

TEST_F(Secrecy, a_fault_is_told_as_far_as_its_place_is_of_ours) {
  ask("POST", "/v1/chat/completions",
      Json{{"model", "m:1"},
           {"messages", {{{"role", "user"}, {"content", "x"}}}},
           {"response_format", holding_secrets()[7]}}
          .dump());
  EXPECT_THAT(last->reply.body, HasSubstr("properties." + kSecret));
  EXPECT_EQ(Json::parse(log)["field"], "response_format.json_schema.schema");
}

}  // namespace
}  // namespace ingle::api
