#include "api/response_store.h"

#include <gtest/gtest.h>

namespace ingle::api {
namespace {

StoredResponse response(std::string words) {
  const chat::Message message{.role = "user", .content = chat::Private(std::move(words))};
  StoredResponse made{.model = "m"};
  append(made.messages, {&message, 1});
  return made;
}

TEST(ResponseStore, what_a_client_stored_no_other_finds) {
  ResponseStore store;
  store.put("a", "r1", response("x"));
  ASSERT_TRUE(store.find("a", "r1") != nullptr);
  EXPECT_EQ(store.find("a", "r1")->messages[0]->content.reveal(), "x");
  EXPECT_FALSE(store.find("", "r1") != nullptr);
  EXPECT_FALSE(store.erase("b", "r1"));
  EXPECT_TRUE(store.erase("a", "r1"));
  EXPECT_FALSE(store.find("a", "r1") != nullptr);
}

TEST(ResponseStore, the_longest_unused_go_first) {
  ResponseStore store({.max_bytes = 25'000, .least_bytes = 10'000});
  store.put("", "1", response("x"));
  store.put("", "2", response("x"));
  EXPECT_TRUE(store.find("", "1") != nullptr);
  store.put("", "3", response("x"));
  EXPECT_TRUE(store.find("", "1") != nullptr);
  EXPECT_FALSE(store.find("", "2") != nullptr);
  EXPECT_TRUE(store.find("", "3") != nullptr);
}

TEST(ResponseStore, holds_no_more_bytes_than_it_may) {
  ResponseStore store({.max_bytes = 3000, .least_bytes = 0});
  store.put("", "1", response(std::string(1500, 'x')));
  store.put("", "2", response(std::string(1500, 'x')));
  EXPECT_FALSE(store.find("", "1") != nullptr);
  store.put("", "3", response(std::string(5000, 'x')));
  EXPECT_FALSE(store.find("", "3") != nullptr);
  EXPECT_TRUE(store.find("", "2") != nullptr);
  store.put("", "2", response("y"));
  EXPECT_EQ(store.find("", "2")->messages[0]->content.reveal(), "y");
}

TEST(ResponseStore, who_stores_much_pushes_out_its_own) {
  ResponseStore store({.max_bytes = 55'000, .least_bytes = 10'000});
  store.put("small", "1", response("x"));
  for (int i = 0; i < 20; ++i)
    store.put("large", std::to_string(i), response("x"));
  EXPECT_TRUE(store.find("small", "1") != nullptr);
  EXPECT_TRUE(store.find("large", "15") == nullptr);
  EXPECT_TRUE(store.find("large", "16") != nullptr);
  store.put("large", "all", response(std::string(35'000, 'x')));
  EXPECT_TRUE(store.find("small", "1") != nullptr);
}

TEST(ResponseStore, what_responses_have_in_common_counts_once) {
  ResponseStore store({.max_bytes = 20'000, .least_bytes = 0});
  const StoredResponse first = response(std::string(10'000, 'x'));
  store.put("", "0", first);
  for (int i = 1; i < 10; ++i) {
    StoredResponse next = first;
    append(next.messages, copy_of(response("more").messages));
    store.put("", std::to_string(i), std::move(next));
  }
  EXPECT_TRUE(store.find("", "0") != nullptr);
  for (int i = 0; i < 9; ++i)
    EXPECT_TRUE(store.erase("", std::to_string(i)));
  store.put("", "other", response(std::string(10'000, 'y')));
  EXPECT_TRUE(store.find("", "9") == nullptr) << "what is still held counts";
}

TEST(ResponseStore, what_a_client_holds_goes_with_it) {
  ResponseStore store;
  store.put("a", "1", response("x"));
  store.put("b", "1", response("x"));
  store.forget_clients([](std::string_view client) { return client == "b"; });
  EXPECT_TRUE(store.find("a", "1") == nullptr);
  EXPECT_TRUE(store.find("b", "1") != nullptr);
}

}  // namespace
}  // namespace ingle::api
