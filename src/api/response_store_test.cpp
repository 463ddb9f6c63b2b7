#include "api/response_store.h"

#include <gtest/gtest.h>

namespace ingle::api {
namespace {

StoredResponse response(std::string words) {
  return {.model = "m", .messages = {{.role = "user", .content = chat::Private(std::move(words))}}};
}

TEST(ResponseStore, what_a_client_stored_no_other_finds) {
  ResponseStore store;
  store.put("a", "r1", response("x"));
  ASSERT_TRUE(store.find("a", "r1").has_value());
  EXPECT_EQ(store.find("a", "r1")->messages[0].content.reveal(), "x");
  EXPECT_FALSE(store.find("", "r1").has_value());
  EXPECT_FALSE(store.erase("b", "r1"));
  EXPECT_TRUE(store.erase("a", "r1"));
  EXPECT_FALSE(store.find("a", "r1").has_value());
}

TEST(ResponseStore, the_longest_unused_go_first) {
  ResponseStore store({.max_responses = 2});
  store.put("", "1", response("x"));
  store.put("", "2", response("x"));
  EXPECT_TRUE(store.find("", "1").has_value());
  store.put("", "3", response("x"));
  EXPECT_TRUE(store.find("", "1").has_value());
  EXPECT_FALSE(store.find("", "2").has_value());
  EXPECT_TRUE(store.find("", "3").has_value());
}

TEST(ResponseStore, holds_no_more_bytes_than_it_may) {
  ResponseStore store({.max_bytes = 3000});
  store.put("", "1", response(std::string(1500, 'x')));
  store.put("", "2", response(std::string(1500, 'x')));
  EXPECT_FALSE(store.find("", "1").has_value());
  store.put("", "3", response(std::string(5000, 'x')));
  EXPECT_FALSE(store.find("", "3").has_value());
  EXPECT_TRUE(store.find("", "2").has_value());
  store.put("", "2", response("y"));
  EXPECT_EQ(store.find("", "2")->messages[0].content.reveal(), "y");
}

}  // namespace
}  // namespace ingle::api
