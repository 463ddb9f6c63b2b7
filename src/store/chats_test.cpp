#include "store/chats.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/testing/temp_folder.h"

namespace ingle::store {
namespace {

class ChatsTest : public ::testing::Test {
 protected:
  void SetUp() override { open(); }
  void open() {
    chats.reset();
    auto opened = Chats::open(folder.path() / "chats.db");
    ASSERT_TRUE(opened.has_value()) << opened.error().message();
    chats = std::move(*opened);
  }
  std::vector<std::string> found(std::string_view words) {
    std::vector<std::string> ids;
    const auto hits = chats->search(words);
    for (const ChatSummary& chat : *hits)
      ids.push_back(chat.id);
    return ids;
  }

  base::testing::TempFolder folder;
  std::unique_ptr<Chats> chats;
};

constexpr std::string_view kBread =
    R"({"title":"Bread","model":"m:1","messages":[{"role":"user","content":"How long must sourdough rest?"},{"role":"assistant","content":"Überlang, 12 hours."}],"anything":[1]})";

TEST_F(ChatsTest, a_conversation_survives_and_comes_back_as_it_was_saved) {
  ASSERT_TRUE(chats->put("a-1", kBread, 100).has_value());
  open();
  EXPECT_EQ(chats->get("a-1").value(), kBread);
  const auto list = chats->list().value();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].title, "Bread");
  EXPECT_EQ(list[0].model, "m:1");
  EXPECT_EQ(list[0].updated_unix, 100);
  EXPECT_EQ(list[0].n_messages, 2U);
}

TEST_F(ChatsTest, the_list_begins_with_what_changed_last) {
  ASSERT_TRUE(chats->put("a", "{}", 1).has_value());
  ASSERT_TRUE(chats->put("b", "{}", 2).has_value());
  ASSERT_TRUE(chats->put("a", "{}", 3).has_value());
  const auto list = chats->list().value();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].id, "a");
}

TEST_F(ChatsTest, search_finds_beginnings_of_words_in_any_case_and_without_accents) {
  ASSERT_TRUE(chats->put("bread", kBread, 1).has_value());
  ASSERT_TRUE(chats->put("cars", R"({"columns":[{"messages":[{"content":"an engine"}]}]})", 2).has_value());
  EXPECT_EQ(found("sourd REST"), std::vector<std::string>{"bread"});
  EXPECT_EQ(found("uberlang"), std::vector<std::string>{"bread"});
  EXPECT_EQ(found("engine"), std::vector<std::string>{"cars"});
  EXPECT_TRUE(found("sourdough engine").empty());
  EXPECT_TRUE(found("\"*(){}:^ AND OR NEAR(").empty());
}

TEST_F(ChatsTest, search_forgets_what_was_replaced_or_deleted) {
  ASSERT_TRUE(chats->put("a", kBread, 1).has_value());
  ASSERT_TRUE(chats->put("a", R"({"title":"Cake"})", 2).has_value());
  EXPECT_TRUE(found("bread").empty());
  EXPECT_EQ(found("cake").size(), 1U);
  ASSERT_TRUE(chats->remove("a").has_value());
  EXPECT_TRUE(found("cake").empty());
  EXPECT_EQ(chats->get("a").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(chats->remove("a").error().code(), ErrorCode::kNotFound);
}

TEST_F(ChatsTest, ids_and_documents_of_another_form_are_refused) {
  for (const char* id : {"", "A", "a/b", "..", "a b", "01234567890123456789012345678901234567890"})
    EXPECT_EQ(chats->put(id, "{}", 1).error().code(), ErrorCode::kUsage) << id;
  for (const char* document : {"", "[]", "{", "7"})
    EXPECT_EQ(chats->put("a", document, 1).error().code(), ErrorCode::kUsage) << document;
}

TEST_F(ChatsTest, nobody_else_may_read_the_file) {
  struct stat status{};
  ASSERT_EQ(::stat((folder.path() / "chats.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 077, 0U);
}

TEST_F(ChatsTest, a_file_that_is_no_database_is_an_error_with_a_next_step) {
  const auto path = folder.path() / "other.db";
  ASSERT_TRUE(base::write_file_atomic(path, std::string(5000, 'x')).has_value());
  const auto opened = Chats::open(path);
  ASSERT_FALSE(opened.has_value());
  EXPECT_FALSE(opened.error().hint().empty());
}

}  // namespace
}  // namespace ingle::store
