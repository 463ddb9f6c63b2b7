#include "cli/conversation.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"

namespace ingle::cli {
namespace {

std::filesystem::path fresh_home() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  const auto home = std::filesystem::path(testing::TempDir()) / (std::string("ingle_chat_") + test->name());
  std::filesystem::remove_all(home);
  std::filesystem::create_directories(home);
  return home;
}

TEST(Conversation, comes_back_from_its_file_as_it_was) {
  Conversation conversation;
  conversation.model = "smollm2:135m";
  conversation.system = "Be \"brief\".\n";
  ASSERT_TRUE(set_parameter(conversation.parameters, "temperature", "0.25"));
  ASSERT_TRUE(set_parameter(conversation.parameters, "seed", "18446744073709551615"));
  ASSERT_TRUE(set_parameter(conversation.parameters, "stop", "END"));
  conversation.messages = {message("user", "gr\xc3\xbc\xc3\x9f"), message("assistant", "hello")};

  const auto home = fresh_home();
  ASSERT_TRUE(save_chat(home, "first try", conversation));
  EXPECT_EQ(saved_chats(home), std::vector<std::string>{"first try"});
  const auto loaded = load_chat(home, "first try");
  ASSERT_TRUE(loaded) << loaded.error().message();
  EXPECT_EQ(loaded->model, conversation.model);
  EXPECT_EQ(loaded->system, conversation.system);
  EXPECT_EQ(loaded->messages, conversation.messages);
  EXPECT_EQ(loaded->parameters.sampling.temperature, 0.25F);
  EXPECT_EQ(loaded->parameters.seed, 18446744073709551615U);
  EXPECT_EQ(loaded->parameters.stop, std::vector<std::string>{"END"});
}

TEST(Conversation, is_readable_by_its_owner_only) {
  const auto home = fresh_home();
  ASSERT_TRUE(save_chat(home, "private", Conversation()));
  struct stat info{};
  ASSERT_EQ(::stat((home / "chats" / "private.json").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
}

TEST(Conversation, a_name_cannot_leave_the_folder) {
  for (const char* name : {"", "..", ".hidden", "../x", "a/b", "a\nb", "\xc3\xbc"})
    EXPECT_FALSE(chat_path("/home", name)) << name;
  EXPECT_TRUE(chat_path("/home", "A chat-1.2_3"));
}

TEST(Conversation, a_file_that_is_none_is_refused) {
  for (const char* text : {"", "[]", "{}", R"({"version": 2})", R"({"version": 1, "messages": 5})",
                           R"({"version": 1, "parameters": {"temperature": "hot"}})"})
    EXPECT_FALSE(Conversation::from_json(text, "file")) << text;
}

TEST(Conversation, without_a_template_the_texts_stand_one_below_the_other) {
  Conversation conversation;
  conversation.system = "S";
  conversation.messages = {message("user", "a"), message("assistant", "b"), message("user", "c")};
  const auto prompt = std::get<chat::RawPrompt>(conversation.prompt(false, 0));
  EXPECT_EQ(prompt.text.reveal(), "S\na\nb\nc");
}

TEST(Parameters, are_known_by_ollamas_names_too) {
  Parameters parameters;
  EXPECT_TRUE(set_parameter(parameters, "num_predict", "12"));
  EXPECT_EQ(parameters.max_tokens, 12);
  EXPECT_TRUE(set_parameter(parameters, "top-k", "3"));
  EXPECT_EQ(parameters.sampling.top_k, 3);
  const Status unknown = set_parameter(parameters, "temprature", "1");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().hint(), "did you mean 'temperature'?");
}

}  // namespace
}  // namespace ingle::cli
