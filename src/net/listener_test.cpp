#include "net/listener.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "net/testing/server.h"

namespace ingle::net {
namespace {

TEST(ListenAddress, is_read_in_every_form_that_people_write) {
  const auto text = [](std::string_view input) { return ListenAddress::parse(input, 11434).value().text(); };
  EXPECT_EQ(text("127.0.0.1:8080"), "127.0.0.1:8080");
  EXPECT_EQ(text("localhost:0"), "127.0.0.1:0");
  EXPECT_EQ(text("http://localhost:8080/"), "127.0.0.1:8080");
  EXPECT_EQ(text("http://localhost"), "127.0.0.1:80");
  EXPECT_EQ(text("HTTPS://127.0.0.2/ollama/api"), "127.0.0.2:443");
  EXPECT_EQ(text("https://:8443/v1"), "127.0.0.1:8443");
  EXPECT_EQ(text("http://[::1]"), "[::1]:80");
  EXPECT_EQ(text("localhost/path"), "127.0.0.1:11434");
  EXPECT_EQ(text(""), "127.0.0.1:11434");
  EXPECT_EQ(text(":81"), "127.0.0.1:81");
  EXPECT_EQ(text("8080"), "127.0.0.1:8080");
  EXPECT_EQ(text("0.0.0.0"), "0.0.0.0:11434");
  EXPECT_EQ(text("[::1]:80"), "[::1]:80");
  EXPECT_EQ(text("::1"), "[::1]:11434");
  for (const char* wrong : {"127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "example.org:80", "[::1", "[::1]80",
                            "1.2.3", "ftp://127.0.0.1", "http://http://127.0.0.1"})
    EXPECT_FALSE(ListenAddress::parse(wrong, 1).has_value()) << wrong;
  EXPECT_FALSE(ListenAddress::parse(std::string_view("::1\0.1", 6), 1).has_value());
}

TEST(ListenAddress, knows_what_is_loopback) {
  EXPECT_TRUE(ListenAddress::parse("127.1.2.3", 1)->is_loopback());
  EXPECT_TRUE(ListenAddress::parse("::1", 1)->is_loopback());
  EXPECT_FALSE(ListenAddress::parse("0.0.0.0", 1)->is_loopback());
  EXPECT_FALSE(ListenAddress::parse("::", 1)->is_loopback());
}

TEST(Listener, of_a_taken_port_says_who_has_it_and_how_to_choose_another) {
  const testing::Server first([](const auto&) { return testing::Reply{}; });
  const auto second = open_listener({.host = "127.0.0.1", .port = first.port()});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message().find("(process " + std::to_string(::getpid()) + ")"), std::string::npos)
      << second.error().message();
  EXPECT_NE(second.error().hint().find("--host 127.0.0.1:"), std::string::npos);
}

TEST(Listener, of_a_taken_port_recognises_an_ollama_and_another_inglenook) {
  const auto port_taken_by = [](const testing::Reply& reply) {
    const testing::Server other([&](const auto&) { return reply; });
    return open_listener({.host = "127.0.0.1", .port = other.port()}).error().message();
  };
  EXPECT_NE(port_taken_by({.body = R"({"version":"0.12.3"})"}).find("an Ollama"), std::string::npos);
  EXPECT_NE(
      port_taken_by({.headers = {{"server", "ingle/0.1"}}, .body = R"({"version":"0.1"})"}).find("another Inglenook"),
      std::string::npos);
}

}  // namespace
}  // namespace ingle::net
