#include "api/telemetry.h"

#include <gtest/gtest.h>

#include "api/api.h"
#include "api/json_input.h"
#include "api/testing/fakes.h"

namespace ingle::api {
namespace {

using testing::FakeExchange;
using testing::FakeModels;
using testing::Seen;

class TelemetryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    services.version = "1.2.3";
    services.models = &models;
    services.now_unix = [] { return int64_t{1}; };
    models.completer->description.name = "m:1";
    services.telemetry = std::make_shared<Telemetry>([this](std::string line) { log.push_back(std::move(line)); });
  }

  std::shared_ptr<Seen> ask(std::string method, std::string path, std::string body = "",
                            net::HttpHeader extra = {"accept", "*/*"}) {
    net::ServerRequest request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = {
        std::move(extra), {"host", "localhost"}, {"content-type", "application/json"}, {"x-request-id", "mine"}};
    request.body = std::move(body);
    const auto seen = std::make_shared<Seen>();
    const auto verdict = api.on_head(request);
    if (verdict.refusal) {
      seen->reply = *verdict.refusal;
    } else {
      const auto made = std::make_shared<FakeExchange>(std::move(request), seen);
      exchange = made;
      api.on_request(made);
    }
    return seen;
  }
  std::string metrics() { return services.telemetry->metrics_text(services); }

  std::vector<std::string> log;
  std::weak_ptr<FakeExchange> exchange;  // the last one, as long as somebody answers it
  FakeModels models;
  Services services;
  AppKeys keys{std::string(64, 'a')};
  Api api{services, keys, {}};
};

chat::Delta delta(std::string text) {
  chat::Delta made;
  made.text = std::move(text);
  return made;
}

constexpr std::string_view kQuestion =
    R"({"model": "m:1", "stream": true, "messages": [{"role": "user", "content": "the secret of the house"}]})";

TEST_F(TelemetryTest, an_answer_is_one_line_with_its_numbers_and_without_its_words) {
  models.completer->script = {
      delta("words"), delta(" of the answer"),
      chat::Finished{.reason = chat::FinishReason::kStop,
                     .stop_text = {},
                     .usage = {.prompt_tokens = 9, .cached_tokens = 4, .completion_tokens = 2}}};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  ASSERT_EQ(log.size(), 1U);
  const Json line = Json::parse(log[0]);
  EXPECT_EQ(line["event"], "request");
  EXPECT_EQ(line["request_id"], "mine");
  EXPECT_EQ(line["route"], "/v1/chat/completions");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["prompt_tokens"], 9);
  EXPECT_EQ(line["completion_tokens"], 2);
  EXPECT_EQ(line["finish"], "stop");
  EXPECT_EQ(line["answered_by"], "local");
  EXPECT_EQ(log[0].find("secret"), std::string::npos);
  EXPECT_EQ(log[0].find("words"), std::string::npos);
  const std::string text = metrics();
  EXPECT_NE(text.find("ingle_requests_total{route=\"/v1/chat/completions\",status=\"200\"} 1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("source=\"cached\"} 4\n"), std::string::npos) << text;
  EXPECT_NE(text.find("source=\"computed\"} 5\n"), std::string::npos) << text;
  EXPECT_NE(text.find("ingle_inter_token_seconds_count{model=\"m:1\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("ingle_requests_in_flight 0\n"), std::string::npos) << text;
}

TEST_F(TelemetryTest, what_the_server_cut_did_not_go_away) {
  models.completer->hold = true;
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  exchange.lock()->cut("backlog");
  models.completer->sink = {};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  exchange.lock()->go_away();
  models.completer->sink = {};
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(Json::parse(log[0])["error"], "backlog");
  EXPECT_FALSE(Json::parse(log[0]).contains("client_gone"));
  EXPECT_EQ(Json::parse(log[1])["client_gone"], true);
}

TEST_F(TelemetryTest, tokens_of_an_answer_that_breaks_off_are_counted) {
  models.completer->script = {chat::Prefill{.done = 5, .total = 9}, chat::Prefill{.done = 9, .total = 9}, delta("a"),
                              delta("b"), chat::Failed{Error::unavailable("the engine ended")}};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(Json::parse(log[0])["prompt_tokens"], 9);
  EXPECT_EQ(Json::parse(log[0])["completion_tokens"], 2);
}

TEST_F(TelemetryTest, tokens_of_answers_beside_one_that_failed_are_counted) {
  models.completer->hold = true;
  auto wanted = Json::parse(kQuestion);
  wanted["n"] = 2;
  std::vector<chat::EventSink> sinks;
  models.completer->before = [&] {
    if (models.completer->sink) sinks.push_back(std::move(models.completer->sink));
  };
  ask("POST", "/v1/chat/completions", wanted.dump());
  sinks.push_back(std::move(models.completer->sink));
  models.completer->sink = {};
  ASSERT_EQ(sinks.size(), 2U);
  chat::Finished end;
  end.usage = {.prompt_tokens = 9, .cached_tokens = 0, .completion_tokens = 2};
  sinks[0](end);
  sinks[1](chat::Failed{Error::unavailable("the engine ended")});
  sinks.clear();
  ASSERT_EQ(log.size(), 1U);
  const Json line = Json::parse(log[0]);
  EXPECT_EQ(line["completion_tokens"], 2);
  EXPECT_EQ(line["error"], "unavailable");
  EXPECT_FALSE(line.contains("finish"));
}

TEST_F(TelemetryTest, dashboards_of_llama_server_find_their_names) {
  EXPECT_NE(metrics().find("llamacpp:prompt_tokens_total 0\n"), std::string::npos);
  chat::Finished end;
  end.usage = {.prompt_tokens = 9, .cached_tokens = 4, .completion_tokens = 2};
  end.usage.prefill_seconds = 0.5;
  end.usage.decode_seconds = 0.25;
  models.completer->script = {delta("words"), end};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  models.now_loaded = {{.name = "m:1", .digest = {}, .description = {}}};
  models.completer->now.steps = 7;
  models.completer->now.waiting = 3;
  const std::string text = metrics();
  for (const char* line :
       {"llamacpp:prompt_tokens_total 5\n", "llamacpp:tokens_predicted_total 2\n",
        "llamacpp:prompt_tokens_seconds 10\n", "llamacpp:predicted_tokens_seconds 8\n", "llamacpp:n_decode_total 7\n",
        "llamacpp:requests_processing 0\n", "llamacpp:requests_deferred 3\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
}

TEST_F(TelemetryTest, a_scrape_asks_every_engine_once) {
  models.now_loaded = {{.name = "m:1", .digest = {}, .description = {}},
                       {.name = "n:1", .digest = {}, .description = {}}};
  metrics();
  EXPECT_EQ(models.n_stats, 2);
}

TEST_F(TelemetryTest, an_error_in_the_middle_of_a_stream_is_named) {
  models.completer->script = {delta("begun"), chat::Failed{Error::unavailable("the engine has ended")}};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  EXPECT_EQ(Json::parse(log.at(0))["error"], "unavailable");
}

TEST_F(TelemetryTest, a_request_that_asks_for_too_much_names_the_error_and_not_its_text) {
  ask("POST", "/v1/chat/completions",
      R"({"model": "a name that somebody thought of", "messages": [{"role": "user", "content": "x"}]})");
  const Json line = Json::parse(log.at(0));
  EXPECT_EQ(line["status"], 404);
  EXPECT_EQ(line["error"], "model_not_found");
  EXPECT_EQ(log[0].find("thought"), std::string::npos);
}

TEST_F(TelemetryTest, a_wrong_field_is_named_with_what_is_wrong_and_not_with_its_value) {
  ask("POST", "/v1/chat/completions",
      R"({"model": "m:1", "max_tokens": "secret", "messages": [{"role": "user", "content": "x"}]})");
  ask("POST", "/v1/chat/completions", R"({"model": "m:1", "messages": [{"role": "user", "content": 5}]})");
  ASSERT_EQ(log.size(), 2U);
  const Json number = Json::parse(log[0]);
  EXPECT_EQ(number["field"], "max_tokens");
  EXPECT_TRUE(number["reason"].get<std::string>().starts_with("must be a whole number")) << log[0];
  EXPECT_EQ(log[0].find("secret"), std::string::npos);
  EXPECT_EQ(Json::parse(log[1])["field"], "messages[0].content");
}

TEST_F(TelemetryTest, what_is_refused_at_the_door_is_logged_with_its_method_and_route) {
  ask("PUT", "/v1/chat/completions");
  const Json line = Json::parse(log.at(0));
  EXPECT_EQ(line["event"], "refused");
  EXPECT_EQ(line["status"], 405);
  EXPECT_EQ(line["method"], "PUT");
  EXPECT_EQ(line["route"], "/v1/chat/completions");
  EXPECT_EQ(line["request_id"], "mine");
}

TEST_F(TelemetryTest, every_refusal_says_in_the_log_why_in_words_of_ours) {
  const auto reason_of = [&](std::string_view method, const std::string& path, const net::HttpHeader& header = {}) {
    log.clear();
    ask(std::string(method), path, std::string(kQuestion), header);
    return Json::parse(log.at(0)).value("reason", "");
  };
  const std::string path = "/v1/chat/completions";
  EXPECT_EQ(reason_of("POST", path, {"origin", "http://evil.example"}),
            "the page of the Origin header may not use this server");
  EXPECT_EQ(reason_of("POST", path, {"sec-fetch-site", "cross-site"}),
            "a page of another origin may not use this server");
  EXPECT_EQ(reason_of("POST", path, {"host", "evil.example"}),
            "this server is not known under the name of the Host header");
  EXPECT_EQ(reason_of("POST", "/v1/chat/completion"), "nothing is served at this address");
  EXPECT_EQ(reason_of("PUT", path), "this address takes POST");
  EXPECT_EQ(reason_of("GET", "/ingle/v1/status"), "only the owner of this installation may see this");
}

TEST_F(TelemetryTest, a_schema_that_is_refused_is_told_without_its_words) {
  models.completer->script = {chat::Failed{Error::refused("schema: 'secret' is impossible at properties/secret")}};
  ask("POST", "/v1/chat/completions", std::string(kQuestion));
  const Json line = Json::parse(log.at(0));
  EXPECT_EQ(line["field"], "response_format");
  EXPECT_EQ(line["reason"], "has a schema that cannot be followed");
  EXPECT_EQ(log[0].find("secret"), std::string::npos);
}

TEST_F(TelemetryTest, refusals_of_the_guard_are_counted) {
  ask("POST", "/v1/chat/completions", std::string(kQuestion), {"origin", "http://evil.example"});
  EXPECT_EQ(Json::parse(log.at(0))["event"], "refused");
  EXPECT_NE(metrics().find("ingle_refused_total{status=\"403\",reason=\"refused\"} 1\n"), std::string::npos)
      << metrics();
}

TEST_F(TelemetryTest, a_trace_goes_to_the_log_and_back) {
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  const auto seen = ask("GET", "/api/version", "", {"traceparent", trace});
  EXPECT_EQ(seen->header("traceparent"), trace);
  EXPECT_EQ(Json::parse(log.at(0))["trace_id"], "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(ask("GET", "/api/version", "", {"traceparent", "00-nonsense"})->header("traceparent"), "");
}

TEST_F(TelemetryTest, probes_and_scrapes_are_counted_but_not_written_down) {
  ask("GET", "/health");
  const auto seen = ask("GET", "/metrics");
  EXPECT_TRUE(log.empty());
  EXPECT_EQ(seen->header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_NE(seen->reply.body.find("ingle_requests_total{route=\"/health\",status=\"200\"} 1\n"), std::string::npos);
  EXPECT_NE(seen->reply.body.find("process_resident_memory_bytes "), std::string::npos);
  EXPECT_NE(seen->reply.body.find("ingle_build_info{version=\"1.2.3\"} 1\n"), std::string::npos);
}

}  // namespace
}  // namespace ingle::api
