#include "router/gate.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <nlohmann/json.hpp>

#include "base/testing/temp_folder.h"
#include "router/detectors/detector.h"
#include "router/views.h"

namespace ingle::router {
namespace {

Policy policy_for(const std::string& allow = "") {
  auto file = parse_policy("[provider.p]\nbase_url = \"http://127.0.0.1:9/v1\"\nmodel = \"m\"\n[route]\nallow = [" +
                           allow + "]\n");
  return *file.policy;
}

chat::CompleteRequest request_of(const std::vector<std::string>& texts) {
  chat::ChatPrompt prompt;
  for (const std::string& text : texts)
    prompt.messages.push_back({"user", chat::Private(text), {}, {}, {}});
  chat::CompleteRequest request;
  request.prompt = std::move(prompt);
  return request;
}

class GateTest : public ::testing::Test {
 protected:
  auto release(const std::vector<std::string>& texts, const Policy& policy = policy_for()) {
    return gate_.release(policy, "", request_of(texts));
  }
  const base::testing::TempFolder home_;
  const net::ReceiptKey key_ = *net::ReceiptKey::create();
  const Gate gate_{key_, OfflineSwitch(home_.path(), false)};
};

TEST_F(GateTest, releases_with_a_receipt_over_exactly_these_bytes) {
  const auto released = release({"What is dark matter?"});
  ASSERT_TRUE(released) << released.error().reason;
  EXPECT_TRUE(net::check_permit(released->http(), released->permit(), &key_));
  net::HttpRequest changed = released->http();
  changed.body += ' ';
  EXPECT_FALSE(net::check_permit(changed, released->permit(), &key_));
}

TEST_F(GateTest, finds_what_is_split_escaped_or_encoded) {
  const std::vector<std::vector<std::string>> cases = {
      {"DE89 3704 0044 0532 0130 00"},
      {"DE89 3704 0044", "0532 0130 00"},  // over two messages
      {"DE89\n3704 0044 0532 0130 00"},    // "\\n" in the bytes
      {"DE89\t3704\r\n0044 0532 0130 00"},
      {"mailto:anna%40example.com"},                             // percent-encoded
      {"see YW5uYUBleGFtcGxlLmNvbQ== for more"},                 // base64 of a mail address
      {"DE89\u200B3704\u200B0044\u200B0532\u200B0130\u200B00"},  // escaped or not, the reader sees one number
      {"my password is hunter22"},
  };
  for (const auto& texts : cases) {
    const auto released = release(texts);
    ASSERT_FALSE(released) << texts[0];
    EXPECT_EQ(released.error().decided_by, "gate") << texts[0];
  }
}

TEST_F(GateTest, looks_at_stop_strings_and_not_only_at_messages) {
  chat::CompleteRequest request = request_of({"hello"});
  request.stop = {"4111111111111111"};
  EXPECT_FALSE(gate_.release(policy_for(), "", request));
}

TEST_F(GateTest, says_what_it_found_but_not_the_value) {
  const auto released = release({"card 4111111111111111 of anna@example.com"});
  ASSERT_FALSE(released);
  EXPECT_EQ(released.error().reason.find("4111"), std::string::npos);
  EXPECT_NE(released.error().reason.find("a payment card number"), std::string::npos) << released.error().reason;
}

TEST_F(GateTest, a_body_that_cannot_be_read_stays) {
  EXPECT_FALSE(inspect_body("{\"messages\": ["));
  EXPECT_FALSE(inspect_body(""));
  EXPECT_FALSE(inspect_body(std::string(9 << 20, ' ')));
  EXPECT_FALSE(release({"\xFF\xFE"}));
}

TEST_F(GateTest, whatever_is_released_holds_no_finding) {
  const auto piece = rc::gen::element<std::string>(
      "DE89 3704 0044 0532 0130 00", "DE89370400440532013000", "4111111111111111", "4111 1111 1111 1111",
      "anna@example.com", "password=hunter2", "+49 30 1234567", "192.168.1.7", "hello", " ", "\n", "\"", "\\", "%40",
      "anna", "example.com", "@", "4111", "DE89", "\u200B", "sk-proj-0123456789abcdef0123",
      "-----BEGIN PRIVATE KEY-----", "what is dark matter");
  int n_released = 0;
  rc::check([&] {
    const auto texts =
        *rc::gen::container<std::vector<std::vector<std::string>>>(rc::gen::container<std::vector<std::string>>(piece));
    std::vector<std::string> messages;
    for (const auto& pieces : texts) {
      std::string text;
      for (const std::string& one : pieces)
        text += one;
      messages.push_back(std::move(text));
    }
    const auto released = release(messages);
    if (!released) return;
    ++n_released;
    const auto body = nlohmann::json::parse(released->http().body);
    std::string all;
    for (const auto& message : body["messages"]) {
      const std::string content = message["content"];
      RC_ASSERT(find_private(content).empty());
      all += content;
    }
    RC_ASSERT(find_private(released->http().body).empty());
  });
  EXPECT_GT(n_released, 0);
}

TEST(Views, decode_what_an_encoding_hides_and_nothing_else) {
  EXPECT_TRUE(hidden_views("an ordinary sentence of words").empty());
  EXPECT_EQ(hidden_views("a%40b"), std::vector<std::string>{"a@b"});
  EXPECT_EQ(hidden_views("x: aGVsbG8gd29ybGQ="), std::vector<std::string>{"hello world"});
}

}  // namespace
}  // namespace ingle::router
