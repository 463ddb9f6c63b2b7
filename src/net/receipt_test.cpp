#include "net/receipt.h"

#include <gtest/gtest.h>

#include "net/http_client.h"
#include "net/testing/server.h"

namespace ingle::net {
namespace {

using testing::Reply;
using testing::Request;
using testing::Server;

HttpRequest post_to(const std::string& url) {
  HttpRequest request{.url = *Url::parse(url)};
  request.method = HttpMethod::kPost;
  request.headers = {{"Content-Type", "application/json"}, {"Authorization", "Bearer k"}};
  request.body = R"({"prompt":"a private text"})";
  return request;
}

EgressPermit released(const HttpRequest& request, const ReceiptKey& key) {
  return EgressPermit::for_released(request.url.host, *key.sign(request));
}

Result<TextAnswer> send(const HttpRequest& request, const EgressPermit& permit, const ReceiptKey& key) {
  const auto client = HttpClient::create({}, key);
  return get_text(*client, request, permit, 1 << 20, {});
}

TEST(Receipt, covers_every_part_of_a_request) {
  const auto key = *ReceiptKey::create();
  const HttpRequest request = post_to("https://user@h:1/a?b");
  const Receipt receipt = *key.sign(request);
  EXPECT_TRUE(key.verify(request, receipt));
  EXPECT_TRUE(ReceiptKey::from_bytes(key.bytes())->verify(request, receipt));
  const std::pair<const char*, void (*)(HttpRequest&)> changes[] = {
      {"method", [](HttpRequest& r) { r.method = HttpMethod::kGet; }},
      {"scheme", [](HttpRequest& r) { r.url.scheme = "http"; }},
      {"host", [](HttpRequest& r) { r.url.host = "i"; }},
      {"port", [](HttpRequest& r) { r.url.port = 2; }},
      {"user", [](HttpRequest& r) { r.url.user_info = "x"; }},
      {"target", [](HttpRequest& r) { r.url.target = "/a?c"; }},
      {"range", [](HttpRequest& r) { r.range_from = 0; }},
      {"header value", [](HttpRequest& r) { r.headers[1].value += "x"; }},
      {"header name", [](HttpRequest& r) { r.headers[0].name += "x"; }},
      {"header added", [](HttpRequest& r) { r.headers.push_back({"X", ""}); }},
      {"body", [](HttpRequest& r) { r.body += " "; }},
      {"text moved from one field to the next",
       [](HttpRequest& r) {
         r.headers[0].name += r.headers[0].value[0];
         r.headers[0].value.erase(0, 1);
       }},
  };
  for (const auto& [what, change] : changes) {
    HttpRequest changed = request;
    change(changed);
    EXPECT_FALSE(key.verify(changed, receipt)) << what;
  }
}

TEST(Receipt, is_worth_nothing_under_another_key_or_cut_short) {
  const auto key = *ReceiptKey::create();
  const HttpRequest request = post_to("https://h/");
  const Receipt receipt = *key.sign(request);
  EXPECT_FALSE(ReceiptKey::create()->verify(request, receipt));
  EXPECT_FALSE(key.verify(request, {receipt.mac.substr(0, 31)}));
  EXPECT_FALSE(key.verify(request, {}));
  EXPECT_FALSE(ReceiptKey::from_bytes(key.bytes().substr(1)));
}

TEST(Post, sends_exactly_the_released_bytes) {
  Request seen;
  Server server([&](const Request& request) -> Reply {
    seen = request;
    return {.status = 200, .body = "answer"};
  });
  const auto key = *ReceiptKey::create();
  const HttpRequest request = post_to(server.url("/v1/x"));
  const auto answer = send(request, released(request, key), key);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "answer");
  EXPECT_EQ(seen.method, "POST");
  EXPECT_EQ(seen.body, request.body);
  EXPECT_EQ(seen.header("content-type"), "application/json");
  EXPECT_EQ(seen.header("authorization"), "Bearer k");
}

TEST(Post, without_a_receipt_that_fits_no_connection_is_opened) {
  Server server([](const Request&) -> Reply { return {}; });
  const auto key = *ReceiptKey::create();
  const HttpRequest request = post_to(server.url("/"));
  HttpRequest other = request;
  other.body += "more";
  EXPECT_EQ(send(request, EgressPermit::for_model_download(request.url.host), key).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(send(other, released(request, key), key).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(send(request, released(request, *ReceiptKey::create()), key).error().code(), ErrorCode::kRefused);
  const auto keyless = HttpClient::create({});
  EXPECT_EQ(get_text(*keyless, request, released(request, key), 10, {}).error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(server.requests().empty());
}

TEST(Post, errors_never_show_the_body) {
  Server server([](const Request&) -> Reply { return {.raw = "nonsense\r\n\r\n"}; });
  const auto key = *ReceiptKey::create();
  const HttpRequest request = post_to(server.url("/"));
  for (const auto& answer : {send(request, released(request, key), key),
                             send(request, EgressPermit::for_model_download(request.url.host), key)}) {
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().message().find("private"), std::string::npos) << answer.error().message();
  }
}

TEST(Post, is_never_redirected) {
  Server other([](const Request&) -> Reply { return {}; });
  const auto key = *ReceiptKey::create();
  for (const int status : {301, 302, 303, 307, 308}) {
    Server server(
        [&](const Request&) -> Reply { return {.status = status, .headers = {{"Location", other.url("/")}}}; });
    const HttpRequest request = post_to(server.url("/"));
    EXPECT_EQ(send(request, released(request, key), key).error().code(), ErrorCode::kRefused) << status;
  }
  EXPECT_TRUE(other.requests().empty());
}

TEST(Download, carries_no_header_that_could_hold_what_a_person_wrote) {
  Server server([](const Request&) -> Reply { return {}; });
  const auto client = HttpClient::create({});
  HttpRequest request{.url = *Url::parse(server.url("/"))};
  request.headers = {{"X-Note", "private"}};
  const auto permit = EgressPermit::for_model_download("127.0.0.1");
  EXPECT_EQ(get_text(*client, request, permit, 10, {}).error().code(), ErrorCode::kRefused);
  request.headers = {};
  request.body = "private";
  EXPECT_EQ(get_text(*client, request, permit, 10, {}).error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(server.requests().empty());
}

}  // namespace
}  // namespace ingle::net
