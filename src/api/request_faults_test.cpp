// What is misspelt, forgotten or unknown in a request, in every dialect; and what a model's manifest sets in all of them.
#include <gmock/gmock.h>

#include <set>

#include "api/json_input.h"
#include "api/testing/api_fixture.h"

namespace ingle::api {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::Seen;

class RequestFaults : public testing::ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    models.completer->script = {testing::text("a"), chat::Finished{}};
  }
};

TEST_F(RequestFaults, a_question_without_words_is_refused_and_the_misspelt_field_is_named) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","contnt":"hi"}]})", "contnt"},
      {"/api/chat", R"({"model":"m:1","messages":[{"role":"user","contnt":"hi"}]})", "contnt"},
      {"/v1/messages", R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","contnt":"hi"}]})", "contnt"},
      {"/v1/responses", R"({"model":"m:1","input":[{"role":"user","contnt":"hi"}]})", "contnt"},
      {"/api/chat", R"({"model":"m:1","mesages":[{"role":"user","content":"hi"}]})", "mesages"},
      {"/api/generate", R"({"model":"m:1","promt":"hi"})", "promt"},
      {"/v1/chat/completions", R"({"model":"m:1","message":[{"role":"user","content":"hi"}]})", "message"},
      {"/v1/messages", R"({"model":"m:1","max_tokens":9,"message":[{"role":"user","content":"hi"}]})", "message"},
  };
  for (const auto& [path, body, key] : cases) {
    const Seen seen = ask("POST", path, body);
    EXPECT_EQ(seen.reply.status, 400) << body;
    EXPECT_THAT(seen.reply.body, AnyOf(HasSubstr("is required"), HasSubstr("must hold")));
    EXPECT_THAT(seen.reply.body, HasSubstr(key));
    EXPECT_THAT(seen.reply.body, HasSubstr("did you mean"));
  }
  EXPECT_TRUE(models.acquired.empty());
  for (const char* message : {R"({"role":"user"})", R"({"role":"user","content":null})"}) {
    for (const char* path : {"/v1/chat/completions", "/api/chat", "/v1/messages"}) {
      const auto body = R"({"model":"m:1","max_tokens":9,"messages":[)" + std::string(message) + "]}";
      EXPECT_EQ(ask("POST", path, body).reply.status, 400) << path << message;
    }
  }
  EXPECT_EQ(
      ask("POST", "/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":[]}]})").reply.status,
      400);
}

TEST_F(RequestFaults, what_clients_leave_out_on_purpose_is_no_fault) {
  const std::pair<const char*, const char*> cases[] = {
      {"/v1/chat/completions",
       R"({"model":"m:1","messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":
          [{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"c","content":""}]})"},
      {"/api/chat", R"({"model":"m:1","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":
          [{"function":{"name":"f","arguments":{}}}]},{"role":"tool","tool_name":"f","content":"1"}]})"},
      {"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":""}]})"},
      {"/api/chat", R"({"model":"m:1","messages":[]})"},
      {"/api/chat", R"({"model":"m:1"})"},
      {"/api/generate", R"({"model":"m:1","keep_alive":0})"},
  };
  for (const auto& [path, body] : cases)
    EXPECT_EQ(ask("POST", path, body).reply.status, 200) << body << last->reply.body;
}

TEST_F(RequestFaults, an_empty_stop_text_asks_for_nothing) {
  struct {
    const char* path;
    const char* begun;
    const char* ended = "}";
    bool is_list = false;  // and never a text alone
    std::vector<std::string> of_the_manifest = {"END"};
  } const cases[] = {
      {"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}],"stop":)"},
      {"/v1/completions", R"({"model":"m:1","prompt":"x","stop":)"},
      {.path = "/completion", .begun = R"({"model":"m:1","prompt":"x","stop":)", .of_the_manifest = {}},
      {"/v1/messages", R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}],"stop_sequences":)"},
      {"/api/generate", R"({"model":"m:1","prompt":"x","options":{"stop":)", "}}", true},
  };
  services.defaults = [](std::string_view) {
    return ModelDefaults{.system = {}, .options_json = R"({"stop":["END"]})", .messages_json = {}, .chat_template = {}};
  };
  for (const auto& one : cases) {
    const auto stops_of = [&](const char* value) {
      const std::string body = std::string(one.begun) + value + one.ended;
      const Seen seen = ask("POST", one.path, body);
      EXPECT_EQ(seen.reply.status, 200) << one.path << body << seen.reply.body;
      return models.completer->request.stop;
    };
    EXPECT_EQ(stops_of(R"([""])"), one.of_the_manifest) << one.path;
    EXPECT_EQ(stops_of("null"), one.of_the_manifest) << one.path;
    EXPECT_EQ(stops_of(R"(["","x"])"), std::vector<std::string>{"x"}) << one.path;
    EXPECT_EQ(stops_of("[]"), std::vector<std::string>()) << one.path;
    EXPECT_TRUE(one.is_list || stops_of(R"("")") == one.of_the_manifest) << one.path;
  }
}

TEST_F(RequestFaults, variables_that_a_template_does_not_use_are_named_and_ask_for_nothing) {
  const auto ask_with = [&](const std::string& fields) {
    return ask("POST", "/v1/chat/completions",
               R"({"model":"m:1","messages":[{"role":"user","content":"x"}],"n":2,"other":1,)" + fields + "}");
  };
  const auto think = [&] { return std::get<chat::ChatPrompt>(models.completer->request.prompt).think; };
  const std::string asked = R"("chat_template_kwargs":{"enable_thinking":true})";
  EXPECT_EQ(ask_with(asked).header("x-ingle-ignored"), "other, chat_template_kwargs.enable_thinking");
  EXPECT_EQ(think(), std::nullopt);
  // Who asks for it in the words of OpenAI is told that the model cannot.
  EXPECT_EQ(ask_with(asked + R"(,"reasoning_effort":"high")").header("x-ingle-ignored"), "other");
  EXPECT_EQ(think(), true);
  models.completer->description.thinks = true;
  EXPECT_EQ(ask_with(asked).header("x-ingle-ignored"), "other");
  EXPECT_EQ(think(), true);
}

TEST_F(RequestFaults, an_answer_s_id_is_its_own_whatever_its_request_is_called) {
  std::set<std::string> ids;
  for (const auto& [path, body] :
       {std::pair{"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})"},
        {"/v1/completions", R"({"model":"m:1","prompt":"x"})"},
        {"/v1/messages", R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}]})"}}) {
    for (int i = 0; i < 2; ++i) {
      auto wanted = request("POST", path, body);
      wanted.headers.push_back({"x-request-id", "same"});
      const Seen seen = ask(std::move(wanted));
      EXPECT_EQ(seen.header("x-request-id"), "same");
      ids.insert(Json::parse(seen.reply.body)["id"].get<std::string>());
    }
  }
  EXPECT_EQ(ids.size(), 6U);
}

TEST_F(RequestFaults, unknown_words_of_a_schema_are_refused_where_it_is_strict_and_named_elsewhere) {
  constexpr std::string_view kSchema =
      R"({"type":"object","requird":["a"],"properties":{"a":{"type":"string","minLenght":3,"format":"dat"}}})";
  const auto shape = [&](bool strict) {
    return R"({"model":"m:1","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema",)"
           R"("json_schema":{"name":"s","strict":)" +
           std::string(strict ? "true" : "false") + R"(,"schema":)" + std::string(kSchema) + "}}}";
  };
  const Seen strict = ask("POST", "/v1/chat/completions", shape(true));
  EXPECT_EQ(strict.reply.status, 400);
  EXPECT_THAT(strict.reply.body, HasSubstr("response_format.json_schema.schema.requird"));
  EXPECT_THAT(strict.reply.body, HasSubstr("did you mean 'required'?"));
  EXPECT_EQ(ask("POST", "/v1/chat/completions", shape(false)).header("x-ingle-ignored"),
            "response_format.json_schema.schema.requird, response_format.json_schema.schema.properties.a.minLenght, "
            "response_format.json_schema.schema.properties.a.format");
  const std::string format = R"({"model":"m:1","prompt":"x","format":)" + std::string(kSchema) + "}";
  EXPECT_THAT(ask("POST", "/api/generate", format).header("x-ingle-ignored"), HasSubstr("format.requird"));
  const std::string tool =
      R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}],"tools":[{"name":"f","input_schema":)" +
      std::string(kSchema);
  EXPECT_THAT(ask("POST", "/v1/messages", tool + "}]}").header("x-ingle-ignored"),
              HasSubstr("tools[0].input_schema.properties.a.minLenght"));
  EXPECT_EQ(ask("POST", "/v1/messages", tool + R"(,"strict":true}]})").reply.status, 400);
}

TEST_F(RequestFaults, many_unknown_keywords_are_named_as_far_as_a_header_goes) {
  std::string properties;
  for (int i = 0; i < 200; ++i)
    properties += (i == 0 ? "" : ",") + ("\"p" + std::to_string(i) + "\":{\"markdownDescription\":\"x\"}");
  const std::string body =
      R"({"model":"m:1","prompt":"hi","format":{"type":"object","properties":{)" + properties + "}}}";
  const std::string named = ask("POST", "/api/generate", body).header("x-ingle-ignored");
  EXPECT_THAT(named, HasSubstr("format.properties.p0.markdownDescription, "));
  EXPECT_THAT(named, ::testing::EndsWith(", ..."));
  EXPECT_LT(named.size(), 1100U);
}

TEST_F(RequestFaults, the_options_of_a_model_hold_in_every_dialect_and_a_request_s_own_win) {
  services.defaults = [](std::string_view) {
    return ModelDefaults{
        .options_json =
            R"({"temperature":0.25,"top_k":7,"num_predict":5,"num_ctx":512,"stop":["<end>"],"seed":11,"repeat_penalty":1.5})"};
  };
  const std::pair<const char*, std::string> asked[] = {
      {"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}])"},
      {"/v1/completions", R"({"model":"m:1","prompt":"x")"},
      {"/v1/responses", R"({"model":"m:1","input":"x")"},
      {"/v1/messages", R"({"model":"m:1","max_tokens":5,"messages":[{"role":"user","content":"x"}])"},
      {"/api/v1/chat", R"({"model":"m:1","input":"x")"},
      {"/api/chat", R"({"model":"m:1","messages":[{"role":"user","content":"x"}])"},
  };
  for (const auto& [path, body] : asked) {
    EXPECT_EQ(ask("POST", path, body + "}").reply.status, 200) << last->reply.body;
    const chat::CompleteRequest& request = models.completer->request;
    EXPECT_FLOAT_EQ(request.sampling.temperature, 0.25F) << path;
    EXPECT_EQ(request.sampling.top_k, 7) << path;
    EXPECT_FLOAT_EQ(request.sampling.repeat_penalty, 1.5F) << path;
    EXPECT_EQ(request.sampling.seed, 11U) << path;
    EXPECT_EQ(request.max_tokens, 5) << path;
    EXPECT_EQ(request.context, 512U) << path;
    EXPECT_EQ(request.stop, std::vector<std::string>{"<end>"}) << path;
    const bool is_ollama = std::string_view(path) == "/api/chat";
    ask("POST", path, body + (is_ollama ? R"(,"options":{"temperature":0.5}})" : R"(,"temperature":0.5})"));
    EXPECT_FLOAT_EQ(models.completer->request.sampling.temperature, 0.5F) << path;
  }
}

TEST_F(RequestFaults, numbers_out_of_range_are_told_with_the_range_that_is_meant) {
  const auto told = [&](std::string_view field) {
    return ask("POST", "/v1/chat/completions",
               R"({"model":"m:1","messages":[{"role":"user","content":"x"}],)" + std::string(field) + "}")
        .reply.body;
  };
  for (const char* field : {R"("max_tokens":0)", R"("max_tokens":-5)"})
    EXPECT_THAT(told(field), HasSubstr("'max_tokens' must be -1, which is no limit, or a whole number from 1 to"));
  EXPECT_THAT(told(R"("temperature":3)"), HasSubstr("'temperature' must be a number from 0 to 2"));
}

}  // namespace
}  // namespace ingle::api
