#include "net/url.h"

#include <gtest/gtest.h>

namespace ingle::net {
namespace {

TEST(Url, splits_and_joins) {
  const auto url = Url::parse("HTTPS://User:p%40ss@Example.COM:8443/a/b%20c?q=1#part");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->user_info, "User:p%40ss");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b%20c?q=1");
  EXPECT_EQ(url->decoded_path(), "/a/b c");
  EXPECT_EQ(url->text(), "https://example.com:8443/a/b%20c?q=1");
  EXPECT_EQ(Url::parse("http://h")->text(), "http://h/");
  EXPECT_EQ(Url::parse("http://h?q")->target, "/?q");
  EXPECT_EQ(Url::parse("https://h:443/x")->authority(), "h");
  EXPECT_EQ(Url::parse("http://[::1]:80/x")->host, "::1");
  EXPECT_EQ(Url::parse("http://[::1]:81/x")->authority(), "[::1]:81");
  EXPECT_EQ(Url::parse("file:///a%20b/c")->decoded_path(), "/a b/c");
}

TEST(Url, refuses_what_could_be_read_in_two_ways) {
  for (const char* text : {"",
                           "h",
                           "h/x",
                           "ftp://h/",
                           "http://",
                           "http:///x",
                           "http://h:0/",
                           "http://h:65536/",
                           "http://h:x/",
                           "http://h /",
                           "http://h/a b",
                           "http://h/\r\nX: y",
                           "http://h\\x/",
                           "http://[::1/",
                           "http://[x]/",
                           "http://[::1]x/",
                           "http://h_/\x80",
                           "http://a,b/",
                           "file://other/x",
                           "http://h:80:80/",
                           "http://[]/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
  EXPECT_FALSE(Url::parse("http://h/" + std::string(9000, 'a')));
}

TEST(Url, errors_never_show_a_password) {
  for (const char* text : {"http://user:secret@h:99999/x", "http://user:secret@h,/", "ftp://user:secret@h/"}) {
    const auto url = Url::parse(text);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().message().find("secret"), std::string::npos) << url.error().message();
  }
}

TEST(Url, resolves_references_as_rfc_3986_says) {
  const auto base = *Url::parse("http://u@h:1/a/b/c?q");
  const std::pair<const char*, const char*> cases[] = {
      {"http://x/y", "http://x/y"}, {"//x/y", "http://x/y"},
      {"/y", "http://h:1/y"},       {"y", "http://h:1/a/b/y"},
      {"../y", "http://h:1/a/y"},   {"../../../y", "http://h:1/y"},
      {"./", "http://h:1/a/b/"},    {"?z", "http://h:1/a/b/c?z"},
      {"#f", "http://h:1/a/b/c?q"}, {"y?r=http://x", "http://h:1/a/b/y?r=http://x"},
  };
  for (const auto& [reference, expected] : cases) {
    const auto url = base.resolve(reference);
    ASSERT_TRUE(url) << reference;
    EXPECT_EQ(url->text(), expected) << reference;
  }
  EXPECT_EQ(base.resolve("y")->user_info, "u");
  EXPECT_EQ(base.resolve("http://x/y")->user_info, "");
  EXPECT_EQ(Url::parse("file:///a/b/")->resolve("c.whl")->text(), "file:///a/b/c.whl");
}

TEST(Url, knows_loopback) {
  EXPECT_TRUE(Url::parse("http://127.0.0.1:1/")->is_loopback());
  EXPECT_TRUE(Url::parse("http://localhost/")->is_loopback());
  EXPECT_TRUE(Url::parse("http://[::1]/")->is_loopback());
  EXPECT_FALSE(Url::parse("http://127.0.0.1.example/")->is_loopback());
  EXPECT_FALSE(Url::parse("http://example/")->is_loopback());
}

}  // namespace
}  // namespace ingle::net
