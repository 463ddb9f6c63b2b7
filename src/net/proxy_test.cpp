#include "net/proxy.h"

#include <gtest/gtest.h>

namespace ingle::net {
namespace {

std::string chosen(std::string_view url, const HttpSettings& settings) {
  const auto proxy = proxy_for(*Url::parse(url), settings);
  if (!proxy) return "error";
  return *proxy ? (*proxy)->text() : "direct";
}

TEST(Proxy, is_chosen_by_scheme_and_passed_by_for_listed_hosts) {
  const HttpSettings settings{
      .https_proxy = "secure:1", .http_proxy = "http://plain:2", .no_proxy = "a.example, .b.example,c:8080"};
  EXPECT_EQ(chosen("https://x/", settings), "http://secure:1/");
  EXPECT_EQ(chosen("http://x/", settings), "http://plain:2/");
  EXPECT_EQ(chosen("https://a.example/", settings), "direct");
  EXPECT_EQ(chosen("https://sub.a.example/", settings), "direct");
  EXPECT_EQ(chosen("https://b.example/", settings), "direct");
  EXPECT_EQ(chosen("https://notb.example/", settings), "http://secure:1/");
  EXPECT_EQ(chosen("http://c:8080/", settings), "direct");
  EXPECT_EQ(chosen("http://c:80/", settings), "http://plain:2/");
  EXPECT_EQ(chosen("http://127.0.0.1/", settings), "direct");
  EXPECT_EQ(chosen("http://x/", {.http_proxy = "p:1", .no_proxy = "*"}), "direct");
  EXPECT_EQ(chosen("https://x/", {.https_proxy = "https://p:1"}), "error");
  EXPECT_EQ(chosen("https://x/", {}), "direct");
}

TEST(Proxy, encodes_credentials_as_basic) {
  EXPECT_EQ(basic_authorization("Aladdin:open%20sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_authorization(""), "Basic ");
}

}  // namespace
}  // namespace ingle::net
