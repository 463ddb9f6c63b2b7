// Who may ask: the guard against pages of others, and the owner's key, links and cookies.
#include "api/guard.h"

#include <gtest/gtest.h>

#include "api/app_keys.h"
#include "api/testing/api_fixture.h"
#include "base/files.h"

namespace ingle::api {
namespace {

using testing::ApiTest;
using testing::kNow;
using testing::Seen;
using testing::text;

const std::string kChat = R"({"model":"m:1","messages":[{"role":"user","content":"x"}]})";

TEST_F(ApiTest, requests_for_another_host_are_refused_on_every_route) {
  for (const Route& route : routes()) {
    for (const char* host :
         {"evil.example", "evil.example:11434", "127.0.0.1.evil.example", "localhost.evil.example",
          "127.0.0.2.evil.example", "127.0.0", "127.evil.example", "0.0.0.0", "[::2]", "[", "]", ""}) {
      auto wanted = request(std::string(route.method), std::string(route.pattern));
      wanted.headers = {{"host", host}};
      EXPECT_EQ(ask(std::move(wanted)).reply.status, 403) << route.pattern << " " << host;
    }
  }
  for (const char* host : {"localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.0.0.2", "127.255.0.9:1", "[::1]",
                           "[::1]:99", "house.local:11434"}) {
    auto wanted = request("GET", "/health");
    wanted.headers = {{"host", host}};
    EXPECT_EQ(ask(std::move(wanted)).reply.status, 200) << host;
  }
}

TEST_F(ApiTest, pages_of_other_origins_are_refused_before_the_body_is_read) {
  for (const char* origin : {"http://evil.example", "null", "https://127.0.0.1:11434", "http://127.0.0.1:11435",
                             "file://", "http://localhost:", "http://localhost:80x", "http://localhost", "app://",
                             "http://app://x", "chrome-extension://abc", "https://tauri.localhost"}) {
    auto wanted = request("POST", "/api/chat", kChat);
    wanted.headers.push_back({"origin", origin});
    EXPECT_EQ(ask(std::move(wanted)).reply.status, 403) << origin;
  }
  for (const char* site : {"cross-site", "same-site"}) {
    auto wanted = request("GET", "/api/tags");
    wanted.headers.push_back({"sec-fetch-site", site});
    EXPECT_EQ(ask(std::move(wanted)).reply.status, 403) << site;
  }
  for (const char* origin :
       {"http://127.0.0.1:11434", "http://page.example", "http://localhost:3000", "app://obsidian.md",
        "TAURI://localhost", "vscode-webview://1a2b3c", "vscode-file://vscode-app", "moz-extension://1a2b"}) {
    auto wanted = request("GET", "/api/tags");
    wanted.headers.push_back({"origin", origin});
    EXPECT_EQ(ask(std::move(wanted)).reply.status, 200) << origin;
  }
}

TEST_F(ApiTest, only_configured_pages_are_told_that_they_may_read) {
  auto own = request("GET", "/api/tags");
  own.headers.push_back({"origin", "http://127.0.0.1:11434"});
  EXPECT_EQ(ask(std::move(own)).header("access-control-allow-origin"), "");
  auto page = request("OPTIONS", "/api/chat");
  page.headers.push_back({"origin", "http://page.example"});
  page.headers.push_back({"access-control-request-headers", "content-type,x-stainless-os"});
  const Seen seen = ask(std::move(page));
  EXPECT_EQ(seen.reply.status, 204);
  EXPECT_EQ(seen.header("access-control-allow-origin"), "http://page.example");
  EXPECT_EQ(seen.header("access-control-allow-methods"), "POST");
  EXPECT_EQ(seen.header("access-control-allow-headers"), "content-type,x-stainless-os");
  EXPECT_EQ(seen.header("access-control-allow-credentials"), "");
  auto stranger = request("OPTIONS", "/api/chat");
  stranger.headers.push_back({"access-control-request-headers", "content-type"});
  EXPECT_EQ(ask(std::move(stranger)).header("access-control-allow-headers"), "");
}

TEST_F(ApiTest, a_link_from_another_page_may_open_the_app_but_not_an_api) {
  const auto navigate = [&](std::string path) {
    auto wanted = request("GET", std::move(path));
    wanted.headers.push_back({"sec-fetch-site", "cross-site"});
    wanted.headers.push_back({"sec-fetch-mode", "navigate"});
    wanted.headers.push_back({"sec-fetch-dest", "document"});
    return ask(std::move(wanted)).reply.status;
  };
  EXPECT_EQ(navigate("/"), 200);
  EXPECT_EQ(navigate("/api/tags"), 403);
  EXPECT_EQ(navigate("/ingle/v1/chats"), 403);
}

TEST_F(ApiTest, a_browser_must_say_json_and_other_programs_need_not) {
  const auto status = [&](std::string type, bool browser) {
    auto wanted = request("POST", "/api/show", R"({"model":"/x"})");
    wanted.headers[1].value = std::move(type);
    if (browser) wanted.headers.push_back({"origin", "http://127.0.0.1:11434"});
    return ask(std::move(wanted)).reply.status;
  };
  EXPECT_EQ(status("application/json; charset=utf-8", true), 404);
  EXPECT_EQ(status("APPLICATION/JSON", true), 404);
  EXPECT_EQ(status("application/x-www-form-urlencoded", false), 404);
  EXPECT_EQ(status("application/x-www-form-urlencoded", true), 415);
  EXPECT_EQ(status("", false), 404);
  EXPECT_EQ(status("", true), 415);
  for (const char* type : {"text/plain", "text/plain;charset=UTF-8", "multipart/form-data; boundary=x"}) {
    EXPECT_EQ(status(type, true), 415) << type;
    EXPECT_EQ(status(type, false), 415) << type;
  }
}

TEST_F(ApiTest, a_compressed_body_is_refused_before_it_is_read) {
  auto wanted = request("POST", "/api/show", "x");
  wanted.headers.push_back({"content-encoding", "gzip"});
  const Seen seen = ask(std::move(wanted));
  EXPECT_EQ(seen.reply.status, 415);
  EXPECT_NE(seen.reply.body.find("Content-Encoding"), std::string::npos);
}

TEST_F(ApiTest, what_is_the_owners_needs_the_key_or_a_cookie_on_every_such_route) {
  size_t n_routes = 0;
  for (const Route& route : routes()) {
    if (route.scope != Scope::kOwner) continue;
    ++n_routes;
    std::string path(route.pattern);
    if (path.ends_with('*')) path.back() = 'x';
    EXPECT_EQ(ask(std::string(route.method), path).reply.status, 401) << path;
    auto wrong = request(std::string(route.method), path);
    wrong.headers.push_back({"authorization", "Bearer " + std::string(64, 'b')});
    wrong.headers.push_back({"cookie", "ingle_session_11434=1797970243.aa.bb"});
    EXPECT_EQ(ask(std::move(wrong)).reply.status, 401) << path;
    EXPECT_NE(ask_as_owner(std::string(route.method), path).reply.status, 401) << path;
  }
  EXPECT_GE(n_routes, 12U);
}

TEST_F(ApiTest, a_link_lets_one_browser_in_once) {
  const Seen link = ask_as_owner("POST", "/ingle/v1/links");
  const size_t start = link.reply.body.find("/open");
  const std::string path = link.reply.body.substr(start, link.reply.body.rfind('"') - start);
  const Seen opened = ask("GET", path);
  EXPECT_EQ(opened.reply.status, 303);
  EXPECT_EQ(opened.header("location"), "/");
  const std::string cookie = opened.header("set-cookie");
  EXPECT_NE(cookie.find("; HttpOnly; SameSite=Strict"), std::string::npos);
  auto wanted = request("GET", "/ingle/v1/status");
  wanted.headers.push_back({"cookie", "other=1; " + cookie.substr(0, cookie.find(';'))});
  EXPECT_EQ(ask(std::move(wanted)).reply.status, 200);
  EXPECT_EQ(ask("GET", path).header("set-cookie"), "");
}

TEST(AppKeys, are_made_once_and_nobody_else_may_read_them) {
  const base::testing::TempFolder folder;
  const auto first = AppKeys::open(folder.path());
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(AppKeys::open(folder.path())->key(), first->key());
  const auto mode = std::filesystem::status(AppKeys::key_file(folder.path())).permissions();
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  ASSERT_TRUE(base::write_file_atomic(AppKeys::key_file(folder.path()), "short").has_value());
  EXPECT_EQ(AppKeys::open(folder.path()).error().code(), ErrorCode::kCorrupt);
}

TEST(AppKeys, a_word_made_by_whoever_has_the_key_is_taken_once_by_the_run_that_it_is_for) {
  AppKeys server(std::string(64, 'a'));
  server.set_instance("first");
  AppKeys command(std::string(64, 'a'));
  command.set_instance("first");
  const std::string word = command.make_link_word(kNow);
  EXPECT_EQ(word.find(server.key()), std::string::npos);
  AppKeys next(std::string(64, 'a'));
  next.set_instance("second");
  EXPECT_FALSE(next.redeem(word, kNow).has_value());
  AppKeys stranger(std::string(64, 'b'));
  stranger.set_instance("first");
  EXPECT_FALSE(server.redeem(stranger.make_link_word(kNow), kNow).has_value());
  EXPECT_FALSE(server.redeem(command.make_link_word(kNow + 3600), kNow).has_value()) << "of a clock that runs ahead";
  EXPECT_FALSE(server.redeem("0" + word, kNow).has_value());
  const auto cookie = server.redeem(word, kNow);
  ASSERT_TRUE(cookie.has_value());
  EXPECT_FALSE(server.redeem(word, kNow).has_value());
  EXPECT_FALSE(server.redeem(*cookie, kNow).has_value());
  EXPECT_FALSE(server.is_owner("s=" + command.make_link_word(kNow), "", "s", kNow));
}

TEST(AppKeys, links_and_cookies_end) {
  AppKeys keys(std::string(64, 'a'));
  const std::string late = keys.make_link_word(kNow);
  EXPECT_FALSE(keys.redeem(late, kNow + 61).has_value());
  const auto cookie = keys.redeem(keys.make_link_word(kNow), kNow + 60);
  ASSERT_TRUE(cookie.has_value());
  const std::string header = "s=" + *cookie;
  EXPECT_TRUE(keys.is_owner(header, "", "s", kNow));
  EXPECT_FALSE(keys.is_owner(header, "", "t", kNow));
  EXPECT_FALSE(keys.is_owner(header, "", "s", kNow + 61 + AppKeys::kCookieSeconds));
  EXPECT_FALSE(AppKeys(std::string(64, 'b')).is_owner(header, "", "s", kNow));
  std::string forged = header;
  forged[3] = forged[3] == '9' ? '8' : '9';
  EXPECT_FALSE(keys.is_owner(forged, "", "s", kNow));
}

}  // namespace
}  // namespace ingle::api
