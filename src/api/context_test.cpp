// The context of a request in every dialect, and what is said of one that is too small or too large.
#include <gmock/gmock.h>

#include "api/testing/api_fixture.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::Seen;

/// A request of a dialect, with a place for the context that it asks for.
struct Asking {
  const char* path;
  const char* before;
  const char* after;
  const char* word;   // for the context
  const char* param;  // of the prompt

  std::string with(uint32_t context) const { return before + std::to_string(context) + after; }
};

constexpr Asking kAskings[] = {
    {"/v1/chat/completions", R"({"model":"m:1","messages":[{"role":"user","content":"x"}],"num_ctx":)", "}",
     "'num_ctx': ", "messages"},
    {"/v1/completions", R"({"model":"m:1","prompt":"x","context_length":)", "}", "'num_ctx': ", "prompt"},
    {"/v1/responses", R"({"model":"m:1","input":"x","num_ctx":)", "}", "'num_ctx': ", "input"},
    {"/v1/messages", R"({"model":"m:1","max_tokens":9,"messages":[{"role":"user","content":"x"}],"num_ctx":)", "}",
     "'num_ctx': ", "messages"},
    {"/completion", R"({"model":"m:1","prompt":"x","num_ctx":)", "}", "'num_ctx': ", "prompt"},
    {"/api/v1/chat", R"({"model":"m:1","input":"x","context_length":)", "}", "'context_length': ", "input"},
    {"/api/chat", R"({"model":"m:1","messages":[{"role":"user","content":"x"}],"options":{"num_ctx":)", "}}",
     "'options.num_ctx': ", "messages"},
    {"/api/generate", R"({"model":"m:1","prompt":"x","options":{"num_ctx":)", "}}", "'options.num_ctx': ", "prompt"},
};

class ContextTest : public testing::ApiTest {
 protected:
  void SetUp() override {
    ApiTest::SetUp();
    models.completer->description.context_length = 8192;
    models.completer->description.context_limit = 4096;
    models.completer->description.generates = true;
    models.completer->script = {testing::text("a"), chat::Finished{}};
  }
};

TEST_F(ContextTest, what_a_request_asks_for_is_what_its_model_is_loaded_for_and_its_own_limit) {
  for (const Asking& asking : kAskings) {
    EXPECT_EQ(ask("POST", asking.path, asking.with(200)).reply.status, 200) << asking.path << last->reply.body;
    EXPECT_EQ(models.acquired.back().second.context, 200U) << asking.path;
    EXPECT_EQ(models.completer->request.context, 200U) << asking.path;
  }
}

TEST_F(ContextTest, more_than_the_model_was_made_for_is_refused_with_both_numbers_and_clamped_for_clients_of_ollama) {
  for (const Asking& asking : kAskings) {
    const Seen seen = ask("POST", asking.path, asking.with(100'000));
    if (std::string_view(asking.path).starts_with("/api/") && std::string_view(asking.word).contains("options")) {
      EXPECT_EQ(seen.reply.status, 200) << seen.reply.body;
      EXPECT_EQ(seen.header("x-ingle-context"), "8192");
      continue;
    }
    EXPECT_EQ(seen.reply.status, 400) << asking.path;
    EXPECT_THAT(seen.reply.body, HasSubstr("100000"));
    EXPECT_THAT(seen.reply.body, HasSubstr(std::string(asking.word) + "8192"));
  }
  EXPECT_EQ(ask("POST", "/api/v1/models/load", R"({"model":"m:1","context_length":999999})").reply.status, 400);
  EXPECT_EQ(ask("POST", "/api/generate", R"({"model":"m:1","options":{"num_ctx":99999}})").header("x-ingle-context"),
            "8192");
  EXPECT_EQ(ask("POST", "/api/generate", R"({"model":"m:1","options":{"num_ctx":8192}})").header("x-ingle-context"),
            "");
}

TEST_F(ContextTest, a_prompt_that_is_too_long_is_told_in_the_words_of_the_request) {
  for (const Asking& asking : kAskings) {
    models.completer->refusal =
        std::unexpected(chat::prompt_too_long({.prompt_tokens = 5031, .context_tokens = 4096, .model_tokens = 8192}));
    const std::string body = ask("POST", asking.path, asking.with(4096)).reply.body;
    EXPECT_EQ(last->reply.status, 400);
    EXPECT_THAT(body, HasSubstr("5031"));
    EXPECT_THAT(body, HasSubstr("4096"));
    EXPECT_THAT(body, HasSubstr(std::string(asking.word) + "5543"));
    EXPECT_THAT(body, Not(HasSubstr("--ctx")));
    const bool names_fields = body.contains("\"param\"");
    EXPECT_THAT(body, HasSubstr(names_fields ? "\"param\":\"" + std::string(asking.param) + "\"" : ""));
    models.completer->refusal =
        std::unexpected(chat::prompt_too_long({.prompt_tokens = 9031, .context_tokens = 4096, .model_tokens = 8192}));
    EXPECT_THAT(ask("POST", asking.path, asking.with(4096)).reply.body,
                HasSubstr("9031 tokens; at most 8192 fit this model: shorten the text"));
  }
  EXPECT_THAT(last->reply.body, Not(HasSubstr("'truncate': true")));  // a prompt alone
  const std::string chat = kAskings[6].with(4096);
  EXPECT_THAT(ask("POST", "/api/chat", chat).reply.body, HasSubstr("'truncate': true"));
  const std::string cut = R"({"truncate":true,)" + chat.substr(1);
  EXPECT_THAT(ask("POST", "/api/chat", cut).reply.body, Not(HasSubstr("'truncate': true")));  // as it was asked to be
  EXPECT_EQ(last->reply.status, 400);
}

TEST_F(ContextTest, an_answer_without_room_is_told_in_the_words_of_the_request) {
  const std::pair<const char*, const char*> words[] = {
      {"/v1/chat/completions", "max_completion_tokens"},
      {"/v1/completions", "max_tokens"},
      {"/v1/responses", "max_output_tokens"},
      {"/v1/messages", "max_tokens"},
      {"/completion", "n_predict"},
      {"/api/v1/chat", "max_output_tokens"},
      {"/api/chat", "options.num_predict"},
  };
  models.completer->refusal = std::unexpected(chat::answer_too_short({.needed_tokens = 11, .allowed_tokens = 3}));
  for (const auto& [path, word] : words) {
    const auto* asking = std::ranges::find(kAskings, std::string_view(path), &Asking::path);
    EXPECT_THAT(ask("POST", path, asking->with(64)).reply.body,
                HasSubstr("allow at least '" + std::string(word) + "': 11;"))
        << path;
  }
}

TEST_F(ContextTest, errors_from_below_name_the_field_that_they_are_about) {
  const std::tuple<const char*, const char*, const char*> cases[] = {
      {"/v1/chat/completions", "logit_bias: there is no token 9", "logit_bias"},
      {"/v1/chat/completions", "grammar: line 1", "grammar"},
      {"/v1/chat/completions", "schema: an unknown type", "response_format"},
      {"/v1/responses", "schema: an unknown type", "text.format"},
      {"/v1/chat/completions", "stop: the text 1 has 0 bytes", "stop"},
  };
  for (const auto& [path, message, field] : cases) {
    models.completer->refusal = std::unexpected(Error::usage(message));
    const auto* asking = std::ranges::find(kAskings, std::string_view(path), &Asking::path);
    const std::string body = ask("POST", path, asking->with(64)).reply.body;
    const std::string rest(std::string_view(message).substr(std::string_view(message).find(": ")));
    EXPECT_THAT(body, HasSubstr("\"message\":\"'" + std::string(field) + "'" + rest));
    EXPECT_THAT(body, HasSubstr("\"param\":\"" + std::string(field) + "\""));
  }
}

}  // namespace
}  // namespace ingle::api
