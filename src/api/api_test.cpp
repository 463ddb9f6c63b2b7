#include "api/api.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "api/json_input.h"
#include "api/limits.h"
#include "api/testing/api_fixture.h"
#include "base/files.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

using testing::ApiTest;
using testing::FakeExchange;
using testing::FakeModels;
using testing::kNow;
using testing::Seen;
using testing::text;

const std::string kChat = R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})";
const std::string kStream = R"({"model":"m:1","stream":true,"messages":[{"role":"user","content":"x"}]})";

TEST_F(ApiTest, answers_whole_and_names_request_route_and_ignored_fields) {
  models.completer->script = {text("Hel"), text("lo"), chat::Finished{}};
  auto wanted =
      request("POST", "/v1/chat/completions", R"({"model":"m:1","foo":1,"messages":[{"role":"user","content":"x"}]})");
  wanted.headers.push_back({"x-request-id", "mine-1"});
  const Seen seen = ask(std::move(wanted));
  EXPECT_EQ(seen.reply.status, 200);
  EXPECT_NE(seen.reply.body.find(R"("content":"Hello")"), std::string::npos);
  EXPECT_EQ(seen.header("x-request-id"), "mine-1");
  EXPECT_EQ(seen.header("x-ingle-route"), "local");
  EXPECT_EQ(seen.header("x-ingle-ignored"), "foo");
  EXPECT_EQ(seen.header("server"), "ingle/1.2.3");
  EXPECT_EQ(models.completer->request.id, "mine-1");
  EXPECT_EQ(std::get<chat::ChatPrompt>(models.completer->request.prompt).now_unix, kNow);
}

TEST_F(ApiTest, a_request_id_that_may_not_stand_in_a_header_or_is_in_use_is_replaced) {
  models.completer->hold = true;
  auto first = request("POST", "/v1/chat/completions", kChat);
  first.headers.push_back({"x-request-id", "same"});
  auto second = first;
  ask(std::move(first));
  EXPECT_EQ(models.completer->request.id, "same");
  ask(std::move(second));
  EXPECT_TRUE(models.completer->request.id.starts_with("req_")) << models.completer->request.id;
  auto odd = request("GET", "/health");
  odd.headers.push_back({"x-request-id", "a b\x01"});
  EXPECT_TRUE(ask(std::move(odd)).header("x-request-id").starts_with("req_"));
}

TEST_F(ApiTest, health_tells_why_the_server_cannot_go_on) {
  Status able;
  services.health = [&] { return able; };
  EXPECT_EQ(ask(request("GET", "/health")).reply.status, 200);
  able = std::unexpected(Error::unavailable("no engine can be started"));
  const Seen seen = ask(request("GET", "/health"));
  EXPECT_EQ(seen.reply.status, 503);
  EXPECT_NE(seen.reply.body.find("no engine can be started"), std::string::npos);
}

TEST_F(ApiTest, an_id_that_the_ledger_knows_is_not_used_again) {
  services.is_known_request = [](std::string_view id) { return id == "old"; };
  models.completer->script = {chat::Finished{}};
  for (const auto& [given, kept] : {std::pair("old", false), std::pair("young", true)}) {
    auto wanted = request("POST", "/v1/chat/completions", kChat);
    wanted.headers.push_back({"x-request-id", given});
    EXPECT_EQ(ask(std::move(wanted)).header("x-request-id") == given, kept) << given;
    EXPECT_EQ(models.completer->request.id == given, kept) << given;
  }
}

TEST_F(ApiTest, an_answer_that_is_held_may_outlive_the_api) {
  models.completer->hold = true;
  auto ended = std::make_unique<Api>(services, keys, GuardOptions{});
  const auto seen = std::make_shared<Seen>();
  ended->on_request(std::make_shared<FakeExchange>(request("POST", "/v1/chat/completions", kChat), seen));
  ended.reset();
  models.completer->sink(chat::Finished{});
  models.completer->sink = nullptr;  // under a sanitizer the last one to let go must not touch what has ended
  EXPECT_EQ(seen->reply.status, 200);
}

TEST_F(ApiTest, a_stream_begins_with_the_first_sign_of_life) {
  models.completer->hold = true;
  ask("POST", "/v1/chat/completions", kStream);
  EXPECT_FALSE(last->answered);
  models.completer->sink(chat::Prefill{});
  EXPECT_TRUE(last->answered);
  models.completer->sink(text("a"));
  models.completer->sink(chat::Finished{});
  EXPECT_TRUE(last->finished);
  EXPECT_EQ(last->header("content-type"), "text/event-stream; charset=utf-8");
  EXPECT_TRUE(last->reply.body.ends_with("data: [DONE]\n\n"));
}

TEST_F(ApiTest, a_model_that_dies_in_a_stream_ends_it_with_a_typed_error) {
  const std::vector<chat::Event> script = {text("a"), chat::Failed{Error::unavailable("the engine ended")}};
  models.completer->script = script;
  const Seen sse = ask("POST", "/v1/chat/completions", kStream);
  EXPECT_EQ(sse.reply.status, 200);
  EXPECT_TRUE(sse.finished);
  EXPECT_TRUE(sse.reply.body.ends_with(
      "data: {\"error\":{\"message\":\"the engine ended\",\"type\":\"unavailable_error\",\"param\":null,\"code\":\"unavailable\"}}\n\n"))
      << sse.reply.body;
  const Seen lines = ask("POST", "/api/chat", kChat);
  EXPECT_TRUE(lines.reply.body.ends_with("{\"error\":\"the engine ended\"}\n")) << lines.reply.body;
  EXPECT_TRUE(lines.finished);
}

TEST_F(ApiTest, a_failure_before_the_first_piece_has_its_status) {
  models.completer->script = {chat::Failed{Error::exhausted("no memory")}};
  EXPECT_EQ(ask("POST", "/v1/chat/completions", kStream).reply.status, 503);
  models.completer->refusal =
      std::unexpected(chat::prompt_too_long({.prompt_tokens = 5000, .context_tokens = 4096, .model_tokens = 8192}));
  const Seen seen = ask("POST", "/v1/chat/completions", kStream);
  EXPECT_EQ(seen.reply.status, 400);
  EXPECT_NE(seen.reply.body.find("context_length_exceeded"), std::string::npos);
  EXPECT_NE(seen.reply.body.find("5000"), std::string::npos);
  EXPECT_NE(seen.reply.body.find("4096"), std::string::npos);
}

TEST_F(ApiTest, an_answer_that_breaks_its_schema_is_no_fault_of_the_client_in_any_dialect) {
  const Error broken = chat::answer_breaks_schema({.keyword = "uniqueItems", .path = "/properties/n", .tool = {}});
  const std::string limited =
      R"({"model":"m:1","max_tokens":5,"stream":false,"messages":[{"role":"user","content":"x"}]})";
  const std::string completion = R"({"model":"m:1","prompt":"x"})";
  const std::tuple<const char*, std::string, const char*> dialects[] = {
      {"/v1/chat/completions", limited, R"("type":"api_error","param":null,"code":"answer_breaks_schema"}})"},
      {"/api/chat", limited, R"(,"code":"answer_breaks_schema"})"},
      {"/v1/messages", limited, R"("code":"answer_breaks_schema"},"request_id")"},
      {"/completion", completion, R"("type":"answer_breaks_schema"}})"},
  };
  for (const auto& [path, body, code] : dialects) {
    models.completer->script = {text("[1, 1]"), chat::Failed{broken}};
    const Seen whole = ask("POST", path, body);
    EXPECT_EQ(whole.reply.status, 502) << path;
    EXPECT_NE(whole.reply.body.find(code), std::string::npos) << whole.reply.body;
    EXPECT_NE(whole.reply.body.find("uniqueItems"), std::string::npos) << whole.reply.body;
    std::string streamed = body;
    if (const size_t off = streamed.find(R"("stream":false,)"); off != std::string::npos) streamed.erase(off, 15);
    streamed.insert(1, R"("stream":true,)");
    const Seen stream = ask("POST", path, streamed);
    EXPECT_EQ(stream.reply.status, 200) << path;
    EXPECT_NE(stream.reply.body.find("answer_breaks_schema"), std::string::npos) << stream.reply.body;
  }
}

TEST_F(ApiTest, a_client_that_goes_away_cancels_its_request) {
  models.completer->hold = true;
  ask("POST", "/v1/chat/completions", kStream);
  exchange->go_away();
  EXPECT_EQ(models.completer->cancelled, std::vector<std::string>{models.completer->request.id});
}

TEST_F(ApiTest, a_client_that_goes_while_its_request_is_handed_over_cancels_it_too) {
  models.completer->hold = true;
  models.completer->before = [this] { exchange->go_away(); };
  ask("POST", "/v1/chat/completions", kStream);
  ASSERT_FALSE(models.completer->request.id.empty());
  EXPECT_EQ(models.completer->cancelled, std::vector<std::string>{models.completer->request.id});
}

TEST_F(ApiTest, several_answers_are_requests_of_their_own_and_one_answer) {
  models.completer->script = {text("Hello"), chat::Finished{}};
  const Seen seen = ask("POST", "/v1/chat/completions",
                        R"({"model":"m:1","n":3,"seed":7,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(seen.reply.status, 200);
  EXPECT_NE(seen.reply.body.find(R"({"index":2,"message":{"role":"assistant","content":"Hello")"), std::string::npos);
  EXPECT_TRUE(models.completer->request.id.ends_with("/2")) << models.completer->request.id;
  EXPECT_EQ(models.completer->request.sampling.seed, 9U);
  const Seen stream = ask("POST", "/v1/chat/completions",
                          R"({"model":"m:1","n":2,"stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_NE(stream.reply.body.find(R"("choices":[{"index":1,"delta":{"content":"Hello"})"), std::string::npos);
  EXPECT_TRUE(stream.reply.body.ends_with("data: [DONE]\n\n"));
  EXPECT_TRUE(stream.finished);
}

TEST_F(ApiTest, an_answer_that_fails_ends_the_others_of_its_request) {
  models.completer->hold = true;
  ask("POST", "/v1/chat/completions", R"({"model":"m:1","n":2,"messages":[{"role":"user","content":"x"}]})");
  const std::string id = models.completer->request.id;
  models.completer->sink(chat::Failed{Error::exhausted("no memory")});
  EXPECT_TRUE(last->answered);
  EXPECT_EQ(models.completer->cancelled, std::vector<std::string>{id});
}

TEST_F(ApiTest, a_response_is_kept_gone_on_with_shown_and_forgotten) {
  models.completer->script = {text("Hello"), chat::Finished{}};
  const auto ask_for = [&](std::string body) {
    auto wanted = request("POST", "/v1/responses", std::move(body));
    wanted.headers.push_back({"x-request-id", "same"});
    return ask(std::move(wanted));
  };
  const auto id_of = [](const Seen& seen) { return Json::parse(seen.reply.body).at("id").get<std::string>(); };
  const std::string first = id_of(ask_for(R"({"model":"m:1","input":"one","instructions":"be brief"})"));
  const std::string two = R"({"model":"m:1","input":"two","previous_response_id":")" + first + "\"}";
  const Seen second = ask_for(two);
  EXPECT_EQ(second.reply.status, 200) << second.reply.body;
  EXPECT_NE(id_of(second), first) << "a request id that comes again replaces nothing";
  const auto& messages = std::get<chat::ChatPrompt>(models.completer->request.prompt).messages;
  ASSERT_EQ(messages.size(), 3U) << "instructions are not carried on";
  EXPECT_EQ(messages[0].content.reveal(), "one");
  EXPECT_EQ(messages[1].content.reveal(), "Hello");
  EXPECT_EQ(messages[2].content.reveal(), "two");
  EXPECT_NE(ask("GET", "/v1/responses/" + first).reply.body.find(R"("text":"Hello")"), std::string::npos);
  const Seen items = ask("GET", "/v1/responses/" + first + "/input_items");
  EXPECT_NE(items.reply.body.find(R"("text":"one")"), std::string::npos);
  EXPECT_NE(ask("GET", "/v1/responses/" + id_of(second) + "/input_items").reply.body, items.reply.body);
  EXPECT_EQ(ask("POST", "/v1/responses/" + first + "/cancel", "{}").reply.status, 400);
  EXPECT_EQ(ask("DELETE", "/v1/responses/" + first).reply.status, 200);
  EXPECT_EQ(ask("GET", "/v1/responses/" + first).reply.status, 404);
  EXPECT_EQ(ask("GET", "/v1/responses/" + first + "/input_items").reply.status, 404);
  EXPECT_EQ(ask("POST", "/v1/responses/" + first + "/cancel", "{}").reply.status, 404);
  const Seen gone = ask_for(two);
  EXPECT_EQ(gone.reply.status, 404);
  EXPECT_NE(gone.reply.body.find("previous_response_not_found"), std::string::npos);
  const Seen unkept = ask("POST", "/v1/responses", R"({"model":"m:1","input":"one","store":false})");
  EXPECT_EQ(ask("GET", "/v1/responses/" + id_of(unkept)).reply.status, 404);
}

TEST_F(ApiTest, what_a_response_would_repeat_is_bounded) {
  const std::string many(1 << 20, 'x');
  const Seen refused =
      ask("POST", "/v1/responses", R"({"model":"m:1","input":"a","stream":true,"instructions":")" + many + "\"}");
  EXPECT_EQ(refused.reply.status, 400);
  EXPECT_NE(refused.reply.body.find(R"("param":"instructions")"), std::string::npos);
}

TEST_F(ApiTest, plain_texts_are_gone_on_with) {
  models.completer->script = {text("b"), chat::Finished{}};
  const Seen seen = ask("POST", "/v1/completions", R"({"model":"m:1","prompt":["a","c"],"echo":true,"num_ctx":99})");
  EXPECT_EQ(seen.reply.status, 200) << seen.reply.body;
  EXPECT_NE(seen.reply.body.find(R"({"index":1,"text":"cb",)"), std::string::npos) << seen.reply.body;
  EXPECT_EQ(std::get<chat::TokenPrompt>(models.completer->request.prompt).tokens, models.completer->tokens);
  EXPECT_EQ(models.acquired.back().second.context, 99U);
}

TEST_F(ApiTest, auto_says_its_route_when_it_is_decided) {
  chat::Finished away;
  away.route = "cloud:x";
  models.completer->script = {text("a"), away};
  const Seen whole =
      ask("POST", "/v1/chat/completions", R"({"model":"auto","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(whole.header("x-ingle-route"), "cloud:x");
  const Seen stream = ask("POST", "/v1/chat/completions",
                          R"({"model":"auto","stream":true,"messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(stream.header("x-ingle-route"), "pending");
  EXPECT_NE(stream.reply.body.find(R"("ingle":{"route":"cloud:x")"), std::string::npos);
  models.completer->script = {text("a"), chat::Finished{}};
  const Seen lines = ask("POST", "/api/chat", R"({"model":"auto","messages":[{"role":"user","content":"x"}]})");
  EXPECT_EQ(lines.header("x-ingle-route"), "pending");
  EXPECT_TRUE(lines.reply.body.ends_with("\"ingle\":{\"route\":\"local\"}}\n")) << lines.reply.body;
}

TEST_F(ApiTest, auto_is_in_the_list_where_the_router_has_a_model_to_ask) {
  const std::string entry = R"({"id":"auto","object":"model","created":0,"owned_by":"inglenook"})";
  EXPECT_EQ(ask("GET", "/v1/models").reply.body.find(entry), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/models/auto").reply.status, 404);
  services.policy = [] { return PolicyInfo{}; };
  EXPECT_NE(ask("GET", "/v1/models").reply.body.find(entry), std::string::npos);
  EXPECT_EQ(ask("GET", "/v1/models/auto").reply.body, entry);
  services.list = [] { return std::vector<ModelInfo>{}; };
  EXPECT_EQ(ask("GET", "/v1/models").reply.body.find(entry), std::string::npos);
}

TEST_F(ApiTest, unknown_models_and_paths_of_files_are_404_in_each_dialect) {
  for (const char* name : {"nobody", "/etc/passwd", "../x.gguf", "./m.gguf", "~/m.gguf", "a/../../b"}) {
    const std::string body = R"({"model":")" + std::string(name) + R"(","messages":[{"role":"user","content":"x"}]})";
    const Seen openai = ask("POST", "/v1/chat/completions", body);
    EXPECT_EQ(openai.reply.status, 404) << name;
    EXPECT_NE(openai.reply.body.find("model_not_found"), std::string::npos);
    const Seen ollama = ask("POST", "/api/chat", body);
    EXPECT_EQ(ollama.reply.status, 404) << name;
    EXPECT_EQ(ollama.reply.body, R"({"error":"model ')" + std::string(name) + R"(' not found"})");
    const std::string limited = body.substr(0, body.size() - 1) + R"(,"max_tokens":5})";
    const Seen anthropic = ask("POST", "/v1/messages", limited);
    EXPECT_EQ(anthropic.reply.status, 404) << name;
    EXPECT_NE(anthropic.reply.body.find(R"("error":{"type":"not_found_error")"), std::string::npos);
  }
  EXPECT_TRUE(models.acquired.empty());
}

TEST_F(ApiTest, anthropics_messages_are_answered_in_their_form) {
  const std::string body = R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}])";
  models.completer->script = {chat::Prefill{2, 5}, text("Hel"), text("lo"), chat::Finished{}};
  const Seen whole = ask("POST", "/v1/messages", body + "}");
  EXPECT_EQ(whole.reply.status, 200);
  EXPECT_EQ(whole.header("request-id"), whole.header("x-request-id"));
  EXPECT_NE(whole.reply.body.find(R"("content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn")"),
            std::string::npos)
      << whole.reply.body;
  const Seen stream = ask("POST", "/v1/messages", body + R"(,"stream":true})");
  EXPECT_TRUE(stream.finished);
  EXPECT_NE(stream.reply.body.find(
                R"("usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,)"),
            std::string::npos)
      << stream.reply.body;
  EXPECT_TRUE(stream.reply.body.ends_with("event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n"));
  EXPECT_EQ(ask("POST", "/v1/messages/count_tokens", body + "}").reply.body, R"({"input_tokens":3})");
}

TEST_F(ApiTest, a_token_may_come_in_the_header_of_anthropics_clients) {
  auto wanted = request("GET", "/ingle/v1/status");
  wanted.headers.push_back({"x-api-key", keys.key()});
  EXPECT_NE(ask(wanted).reply.status, 401);
  wanted.headers.back().value = "other";
  EXPECT_EQ(ask(wanted).reply.status, 401);
}

TEST_F(ApiTest, ollama_loads_and_unloads_without_words) {
  const Seen load = ask("POST", "/api/generate", R"({"model":"m:1","keep_alive":"5m"})");
  EXPECT_NE(load.reply.body.find("\"load\""), std::string::npos);
  ASSERT_EQ(models.acquired.size(), 1U);
  EXPECT_EQ(models.acquired[0].second.keep_alive, 300);
  ask("POST", "/api/generate", R"({"model":"m:1","keep_alive":0})");
  EXPECT_EQ(models.unloaded, std::vector<std::string>{"m:1"});
}

TEST_F(ApiTest, pulls_stream_progress_and_end_with_success_or_the_error) {
  services.pull = [](std::string_view name, const store::PullCallback& progress,
                     std::stop_token) -> Result<store::PullReport> {
    progress({.phase = store::PullPhase::kResolving});
    if (name == "bad") return std::unexpected(Error::unavailable("nobody has it"));
    return store::PullReport{.name = *store::ModelName::parse(name)};
  };
  EXPECT_EQ(ask("POST", "/api/pull", R"({"model":"m:1"})").reply.body,
            "{\"status\":\"pulling manifest\"}\n{\"status\":\"writing manifest\"}\n{\"status\":\"success\"}\n");
  EXPECT_TRUE(ask("POST", "/api/pull", R"({"model":"bad"})").reply.body.ends_with("{\"error\":\"nobody has it\"}\n"));
  EXPECT_EQ(ask("POST", "/api/pull", R"({"model":"bad","stream":false})").reply.status, 503);
}

TEST_F(ApiTest, conversations_are_kept_found_and_deleted) {
  const std::string document = R"({"title":"T","messages":[{"role":"user","content":"lighthouse"}]})";
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/chats/a-1", document).reply.status, 200);
  EXPECT_EQ(ask_as_owner("GET", "/ingle/v1/chats/a-1").reply.body, document);
  EXPECT_NE(ask_as_owner("GET", "/ingle/v1/chats?q=light%20").reply.body.find(R"("id":"a-1","title":"T")"),
            std::string::npos);
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/chats/A", document).reply.status, 400);
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/chats/a-1", "[]").reply.status, 400);
  EXPECT_EQ(ask_as_owner("DELETE", "/ingle/v1/chats/a-1").reply.status, 200);
  EXPECT_EQ(ask_as_owner("GET", "/ingle/v1/chats/a-1").reply.status, 404);
}

TEST_F(ApiTest, the_offline_switch_says_when_it_may_not_be_turned) {
  bool offline = false;
  services.offline = [&] { return offline; };
  services.offline_by_setting = [&] { return offline; };
  services.set_offline = [&](bool on) -> Status {
    if (!on) return std::unexpected(Error::refused("the setting holds it"));
    offline = on;
    return {};
  };
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/offline", R"({"offline":true})").reply.body,
            R"({"offline":true,"by_setting":true})");
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/offline", R"({"offline":false})").reply.status, 409);
  EXPECT_EQ(ask_as_owner("PUT", "/ingle/v1/offline", R"({"offline":"no"})").reply.status, 400);
}

TEST_F(ApiTest, the_owner_sees_models_with_where_they_come_from) {
  const std::string body = ask_as_owner("GET", "/ingle/v1/models").reply.body;
  EXPECT_NE(body.find(R"("name":"m:1","size":5)"), std::string::npos) << body;
  EXPECT_NE(
      body.find(
          R"("name":"m:1","title":"M","size":0,"parameters":0,"quantization":"","context":0,"generates":true,"licence":{"id":"","title":"","verdict":"","commercial":""},"installed":true)"),
      std::string::npos)
      << body;
}

TEST_F(ApiTest, documents_are_read_and_their_progress_is_streamed) {
  services.extract = [](const DocumentUpload& upload, const DocumentProgress& progress,
                        std::stop_token) -> Answer<std::string> {
    if (upload.bytes.empty()) return std::unexpected(Failure::of_upload(Error::corrupt("it is empty")));
    progress("reading", 0, 2);
    progress("reading", 2, 2);
    return R"({"file":")" + upload.file_name + R"(","options":)" + upload.options_json + "}";
  };
  const auto upload = [&](std::string_view file, bool stream) {
    auto wanted = request("POST", "/v1/extract");
    wanted.headers.push_back({"content-type", "multipart/form-data; boundary=b"});
    wanted.headers.push_back({"content-length", "1"});
    if (stream) wanted.headers.push_back({"accept", "text/event-stream"});
    wanted.body =
        "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.pdf\"\r\n\r\n" + std::string(file) +
        "\r\n--b\r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{\"preset\":\"invoice\"}\r\n--b--\r\n";
    return ask(std::move(wanted));
  };
  EXPECT_EQ(upload("x", false).reply.body, R"({"file":"a.pdf","options":{"preset":"invoice"}})");
  EXPECT_EQ(upload("x", true).reply.body,
            "event: progress\ndata: {\"stage\":\"reading\",\"done\":0,\"total\":2}\n\n"
            "event: progress\ndata: {\"stage\":\"reading\",\"done\":2,\"total\":2}\n\n"
            "event: result\ndata: {\"file\":\"a.pdf\",\"options\":{\"preset\":\"invoice\"}}\n\n");
  EXPECT_NE(upload("", true).reply.body.find("event: error\ndata: {\"error\":{\"message\":\"it is empty\""),
            std::string::npos);
  EXPECT_EQ(upload("", false).reply.status, 400);
  EXPECT_EQ(ask(request("POST", "/v1/summarize")).reply.status, 501);
}

TEST(FailureOfUpload, is_the_clients_fault_and_never_one_to_ask_again_for) {
  EXPECT_EQ(Failure::of_upload(Error::corrupt("broken")).status, 400);
  EXPECT_EQ(Failure::of_upload(Error::refused("encrypted")).status, 400);
  EXPECT_EQ(Failure::of_upload(Error::exhausted("it took longer than 20 seconds")).status, 400);
  EXPECT_EQ(Failure::of_upload(Error::unsupported("a picture")).status, 415);
  EXPECT_EQ(Failure::of_upload(Error::io("no space left")).status, 500);
}

TEST_F(ApiTest, a_small_body_where_none_is_expected_is_dropped) {
  const auto most = [&](const char* method, const char* path) {
    auto head = request(method, path);
    head.headers.push_back({"content-length", "2"});
    const auto verdict = api.on_head(head);
    return verdict.refusal ? uint64_t{0} : verdict.max_body_bytes;
  };
  EXPECT_EQ(most("GET", "/api/tags"), kMaxUnusedBytes);
  EXPECT_EQ(most("POST", "/v1/responses/resp_1/cancel"), kMaxUnusedBytes);
  EXPECT_EQ(most("POST", "/api/show"), kMaxSmallJsonBytes);
}

TEST_F(ApiTest, who_deletes_is_told_what_came_free_and_what_another_program_put_there) {
  services.remove = [](std::string_view) -> Result<store::RemoveReport> {
    return store::RemoveReport{
        .name = *store::ModelName::parse("m:1"), .bytes_freed = 7, .blobs_removed = 1, .blobs_foreign = 2};
  };
  const Seen removed = ask("DELETE", "/api/delete", R"({"model":"m:1"})");
  EXPECT_EQ(removed.reply.status, 200);
  EXPECT_EQ(removed.header("x-ingle-freed-bytes"), "7");
  EXPECT_EQ(removed.header("x-ingle-kept-files"), "2 of another program");
}

TEST_F(ApiTest, the_root_greets_clients_of_ollama) {
  EXPECT_EQ(ask("GET", "/").reply.body, "Ollama is running");
  EXPECT_EQ(ask("GET", "/api/version").reply.body, R"({"version":"0.40.0","ingle":"1.2.3"})");
}

TEST_F(ApiTest, llama_servers_clients_name_no_model) {
  models.completer->script = {text("hi"), chat::Finished{}};
  services.list = [] { return std::vector<ModelInfo>{{.name = "m:1"}}; };
  const Seen only = ask("POST", "/completion", R"({"prompt":["a",5]})");
  EXPECT_EQ(only.reply.status, 200) << only.reply.body;
  EXPECT_NE(only.reply.body.find(R"("content":"hi")"), std::string::npos);
  EXPECT_EQ(std::get<chat::TokenPrompt>(models.completer->request.prompt).tokens, (std::vector<int32_t>{7, 8, 9, 5}));
  EXPECT_EQ(ask("POST", "/tokenize", R"({"content":"a"})").reply.body, R"({"tokens":[7,8,9]})");
  services.list = [] { return std::vector<ModelInfo>{{.name = "m:1"}, {.name = "n:1"}}; };
  const Seen unclear = ask("POST", "/completions", R"({"prompt":"a"})");
  EXPECT_EQ(unclear.reply.status, 400);
  EXPECT_NE(unclear.reply.body.find(R"("code":400)"), std::string::npos) << unclear.reply.body;
  EXPECT_NE(unclear.reply.body.find("m:1, n:1"), std::string::npos) << unclear.reply.body;
  models.now_loaded = {{.name = "m:1", .digest = {}, .description = {}},
                       {.name = "n:1", .digest = {}, .description = {}}};
  EXPECT_EQ(ask("POST", "/completions", R"({"prompt":"a"})").reply.status, 200);
}

TEST_F(ApiTest, a_full_queue_is_answered_as_every_client_knows_it) {
  models.completer->refusal = std::unexpected(chat::queue_full(520));
  const std::string chat = R"({"model":"m:1","max_tokens":5,"messages":[{"role":"user","content":"hi"}]})";
  struct Row {
    std::string path;
    int status;
    std::string body;
  };
  const Row rows[] = {
      {"/v1/chat/completions", 429, R"("type":"rate_limit_error","param":null,"code":"rate_limit_exceeded")"},
      {"/api/chat", 503, R"({"error":"server busy, please try again.  maximum pending requests exceeded"})"},
      {"/v1/messages", 529, R"("type":"overloaded_error")"},
  };
  for (const Row& row : rows) {
    const Seen seen = ask("POST", row.path, chat);
    EXPECT_EQ(seen.reply.status, row.status) << row.path;
    EXPECT_NE(seen.reply.body.find(row.body), std::string::npos) << seen.reply.body;
    EXPECT_EQ(seen.header("retry-after"), "1");
  }
  const Seen llama = ask("POST", "/completion", R"({"model":"m:1","prompt":"hi"})");
  EXPECT_EQ(llama.reply.status, 429);
  EXPECT_EQ(llama.header("retry-after"), "1");
}

TEST_F(ApiTest, requests_for_a_model_that_is_being_loaded_wait_without_a_thread_and_one_too_many_is_refused) {
  services.seats = std::make_shared<Seats>(kSeatsOfModel, 2);
  models.completer->script = {text("here"), chat::Finished{}};
  std::vector<std::shared_ptr<Seen>> seen;
  std::vector<std::shared_ptr<FakeExchange>> exchanges;
  int n_loads = 0;
  models.loading = [&] {
    if (++n_loads > 1) return;
    for (int i = 0; i < 2; ++i) {  // on this one thread: each returns although the model is not there
      EXPECT_FALSE(ask("POST", "/v1/chat/completions", kChat).answered);
      seen.push_back(last);
      exchanges.push_back(exchange);
    }
    const Seen refused = ask("POST", "/v1/chat/completions", kChat);
    EXPECT_EQ(refused.reply.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "1");
    EXPECT_EQ(ask("POST", "/api/chat", kChat).reply.status, 503);
    exchanges.front()->go_away();  // and makes room
    EXPECT_FALSE(ask("POST", "/v1/chat/completions", kChat).answered);
    seen.push_back(last);
  };
  EXPECT_EQ(ask("POST", "/v1/chat/completions", kChat).reply.status, 200);
  EXPECT_FALSE(seen[0]->answered);
  for (const size_t i : {1U, 2U})
    EXPECT_NE(seen[i]->reply.body.find("here"), std::string::npos) << i;
  EXPECT_EQ(models.acquired.size(), 3U);
}

TEST_F(ApiTest, who_waits_for_a_model_that_cannot_be_had_is_told_why_and_it_is_not_tried_again) {
  const std::string body = R"({"model":"n:1","messages":[{"role":"user","content":"x"}]})";
  int n_loads = 0;
  std::shared_ptr<Seen> waiting;
  models.loading = [&] {
    if (++n_loads > 1) return;
    ask("POST", "/v1/chat/completions", body);
    waiting = last;
  };
  EXPECT_EQ(ask("POST", "/v1/chat/completions", body).reply.status, 404);
  EXPECT_EQ(waiting->reply.status, 404);
  EXPECT_EQ(n_loads, 1);
}

TEST_F(ApiTest, more_requests_than_workers_take_are_answered_like_a_full_queue) {
  for (const auto& [path, status] : {std::pair("/v1/chat/completions", 429), std::pair("/api/chat", 503),
                                     std::pair("/v1/messages", 529), std::pair("/ingle/v1/status", 429)}) {
    const net::Reply reply = api.on_overload(request("POST", path));
    EXPECT_EQ(reply.status, status) << path;
    EXPECT_NE(std::ranges::find(reply.headers, "retry-after", &net::HttpHeader::name), reply.headers.end()) << path;
  }
}

}  // namespace
}  // namespace ingle::api
