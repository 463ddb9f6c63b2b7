#include "api/model_defaults.h"

#include <gtest/gtest.h>

namespace ingle::api {
namespace {

std::string words(const chat::ChatPrompt& prompt) {
  std::string text;
  for (const chat::Message& message : prompt.messages)
    text += message.role.substr(0, 1) + ":" + message.content.reveal() + " ";
  return text;
}

chat::ChatPrompt prompt_of(std::initializer_list<std::pair<const char*, const char*>> messages) {
  chat::ChatPrompt prompt;
  for (const auto& [role, content] : messages) {
    chat::Message message;
    message.role = role;
    message.content = chat::Private(content);
    prompt.messages.push_back(std::move(message));
  }
  return prompt;
}

TEST(ModelDefaults, stand_where_the_request_says_nothing) {
  const ModelDefaults defaults{
      .system = "kind",
      .messages_json = R"([{"role":"user","content":"a"},{"role":"assistant","content":"b"},7])",
      .chat_template = "T"};
  chat::CompleteRequest request;
  request.prompt = prompt_of({{"user", "c"}});
  apply_defaults(defaults, request);
  EXPECT_EQ(words(std::get<chat::ChatPrompt>(request.prompt)), "s:kind u:a a:b u:c ");
  EXPECT_EQ(std::get<chat::ChatPrompt>(request.prompt).chat_template, "T");

  request.prompt = prompt_of({{"system", "own"}, {"user", "c"}});
  std::get<chat::ChatPrompt>(request.prompt).chat_template = "U";
  apply_defaults(defaults, request);
  EXPECT_EQ(words(std::get<chat::ChatPrompt>(request.prompt)), "s:own u:a a:b u:c ");
  EXPECT_EQ(std::get<chat::ChatPrompt>(request.prompt).chat_template, "U");
}

TEST(ModelDefaults, change_no_raw_prompt_and_repeat_nothing_that_stands_in_tokens) {
  const ModelDefaults defaults{.system = "kind", .messages_json = R"([{"role":"user","content":"a"}])"};
  chat::CompleteRequest raw;
  raw.prompt = chat::RawPrompt{chat::Private("x")};
  apply_defaults(defaults, raw);
  EXPECT_EQ(std::get<chat::RawPrompt>(raw.prompt).text.reveal(), "x");
  chat::ChatPrompt after = prompt_of({{"user", "c"}});
  after.before = {1, 2};
  apply_defaults(defaults, after);
  EXPECT_EQ(words(after), "s:kind u:c ");
}

TEST(ModelDefaults, are_asked_of_models_only) {
  Services services;
  EXPECT_EQ(defaults_of(services, "m").system, "");
  services.defaults = [](std::string_view) { return ModelDefaults{.system = "kind"}; };
  EXPECT_EQ(defaults_of(services, "m").system, "kind");
  EXPECT_EQ(defaults_of(services, "auto").system, "");
  EXPECT_EQ(defaults_of(services, "/etc/passwd").system, "");
}

}  // namespace
}  // namespace ingle::api
