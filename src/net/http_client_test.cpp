#include "net/http_client.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "net/testing/server.h"

namespace ingle::net {
namespace {

using testing::Reply;
using testing::Request;
using testing::Server;

HttpRequest request_for(const std::string& url) {
  return {.url = *Url::parse(url)};
}

Result<TextAnswer> fetch(const HttpRequest& request, HttpSettings settings = {}, uint64_t max_bytes = 1 << 20,
                         std::stop_token stop = {}) {
  auto client = HttpClient::create(std::move(settings));
  if (!client) return std::unexpected(client.error());
  return get_text(*client, request, EgressPermit::for_model_download(request.url.host), max_bytes, std::move(stop));
}

std::string pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i)
    bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

TEST(HttpClient, fetches_a_body_with_its_status_and_headers) {
  Server server([](const Request& request) -> Reply {
    return {.status = 404, .headers = {{"X-Name", "Value"}}, .body = "seen " + request.header("accept")};
  });
  HttpRequest request = request_for(server.url("/a?b"));
  request.headers = {{"Accept", "yes"}};
  const auto answer = fetch(request);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->head.status, 404);
  EXPECT_EQ(answer->head.header("x-name"), "Value");
  EXPECT_EQ(answer->head.body_bytes, 8U);
  EXPECT_EQ(answer->body, "seen yes");
  EXPECT_EQ(server.requests(), std::vector<std::string>{"GET /a?b"});
}

TEST(HttpClient, streams_a_large_body_in_bounded_chunks) {
  const std::string body = pattern(5'000'000);
  Server server([&](const Request& request) { return file_reply(request, body); });
  const auto client = HttpClient::create({});
  std::string received;
  size_t largest = 0;
  const BodySink sink{[](const HttpHead&) -> Result<bool> { return true; },
                      [&](std::span<const std::byte> chunk) -> Status {
                        largest = std::max(largest, chunk.size());
                        received.append(reinterpret_cast<const char*>(chunk.data()), chunk.size());
                        return {};
                      }};
  ASSERT_TRUE(client->send(request_for(server.url("/")), EgressPermit::for_model_download("127.0.0.1"), sink, {}));
  EXPECT_TRUE(received == body);
  EXPECT_LE(largest, 256U * 1024);
}

TEST(HttpClient, continues_from_a_position) {
  const std::string body = pattern(10'000);
  Server server([&](const Request& request) { return file_reply(request, body); });
  HttpRequest request = request_for(server.url("/"));
  request.range_from = 9'000;
  const auto answer = fetch(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->head.status, 206);
  EXPECT_EQ(answer->head.range_start, 9'000U);
  EXPECT_EQ(answer->head.range_total, 10'000U);
  EXPECT_EQ(answer->body, body.substr(9'000));
  request.range_from = 10'000;
  const auto past = fetch(request);
  ASSERT_TRUE(past);
  EXPECT_EQ(past->head.status, 416);
  EXPECT_EQ(past->head.range_total, 10'000U);
}

TEST(HttpClient, refuses_a_range_that_is_not_the_one_asked_for) {
  for (const char* range : {"bytes 0-9/100", "bytes 50-40/100", "bytes 50-59/20", "bytes 50-99/100", "bytes x-9/100",
                            "", "50-59/100", "bytes 50-18446744073709551616/*"}) {
    Server server([&](const Request&) -> Reply {
      return {.status = 206, .headers = {{"Content-Range", range}}, .body = "0123456789"};
    });
    HttpRequest request = request_for(server.url("/"));
    request.range_from = 50;
    const auto answer = fetch(request);
    ASSERT_FALSE(answer) << range;
    EXPECT_EQ(answer.error().code(), ErrorCode::kCorrupt) << range;
  }
  Server server([&](const Request&) -> Reply {
    return {.status = 206, .headers = {{"Content-Range", "bytes 0-9/10"}}, .body = "0123456789"};
  });
  EXPECT_FALSE(fetch(request_for(server.url("/")))) << "no part was asked for";
}

TEST(HttpClient, follows_redirects_and_remembers_their_headers) {
  Server server([](const Request& request) -> Reply {
    if (request.target == "/a") return {.status = 302, .headers = {{"Location", "b"}, {"X-Linked-ETag", "digest"}}};
    if (request.target == "/b") return {.status = 308, .headers = {{"Location", "/c?d"}}};
    return {.body = request.target};
  });
  const auto answer = fetch(request_for(server.url("/a")));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "/c?d");
  ASSERT_EQ(answer->head.redirects.size(), 2U);
  EXPECT_EQ(answer->head.redirects[0].header("x-linked-etag"), "digest");
  EXPECT_EQ(answer->head.url.target, "/c?d");
}

TEST(HttpClient, stops_after_five_redirects) {
  Server server([](const Request&) -> Reply { return {.status = 302, .headers = {{"Location", "/again"}}}; });
  const auto answer = fetch(request_for(server.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kRefused);
  EXPECT_EQ(server.requests().size(), 6U);
}

TEST(HttpClient, keeps_credentials_from_other_origins) {
  Server other([](const Request& request) -> Reply { return {.body = "[" + request.header("authorization") + "]"}; });
  Server server([&](const Request& request) -> Reply {
    if (request.target == "/away") return {.status = 302, .headers = {{"Location", other.url("/x")}}};
    if (request.target == "/near") return {.status = 302, .headers = {{"Location", "/here"}}};
    return {.body = "[" + request.header("authorization") + "]"};
  });
  HttpRequest token = request_for(server.url("/away"));
  token.headers = {{"Authorization", "Bearer t"}};
  EXPECT_EQ(fetch(token)->body, "[]");
  token.url.target = "/near";
  EXPECT_EQ(fetch(token)->body, "[Bearer t]");
  HttpRequest user = request_for(server.url("/near"));
  user.url.user_info = "u:p";
  EXPECT_EQ(fetch(user)->body, "[Basic dTpw]");
  user.url.target = "/away";
  EXPECT_EQ(fetch(user)->body, "[]");
}

TEST(HttpClient, redirects_to_no_other_scheme) {
  Server server(
      [](const Request&) -> Reply { return {.status = 302, .headers = {{"Location", "file:///etc/passwd"}}}; });
  EXPECT_EQ(fetch(request_for(server.url("/"))).error().code(), ErrorCode::kRefused);
}

TEST(HttpClient, reports_a_body_that_breaks_off) {
  Server server([](const Request&) -> Reply { return {.body = pattern(100'000), .cut_after = 50'000}; });
  const auto answer = fetch(request_for(server.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  Server early([](const Request&) -> Reply { return {.raw = "HTTP/1.1 200 OK\r\nContent-"}; });
  EXPECT_EQ(fetch(request_for(early.url("/"))).error().code(), ErrorCode::kUnavailable);
}

TEST(HttpClient, takes_no_more_than_the_limit) {
  Server honest([](const Request&) -> Reply { return {.body = pattern(2'000)}; });
  EXPECT_EQ(fetch(request_for(honest.url("/")), {}, 1'999).error().code(), ErrorCode::kRefused);
  EXPECT_TRUE(fetch(request_for(honest.url("/")), {}, 2'000));
  Server endless([](const Request&) -> Reply { return {.raw = "HTTP/1.1 200 OK\r\n\r\n" + pattern(500'000)}; });
  EXPECT_EQ(fetch(request_for(endless.url("/")), {}, 1'999).error().code(), ErrorCode::kRefused);
}

TEST(HttpClient, refuses_hostile_headers) {
  struct Case {
    std::string raw;
    ErrorCode code;
  };
  const Case cases[] = {
      {"HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'a') + "\r\n\r\n", ErrorCode::kRefused},
      {"SSH-2.0-OpenSSH\r\n\r\n", ErrorCode::kCorrupt},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello", ErrorCode::kCorrupt},
      {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", ErrorCode::kCorrupt},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ErrorCode::kCorrupt},
      {"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n", ErrorCode::kUnsupported},
      {"HTTP/1.1 302 Found\r\nLocation: http://h/\x01\r\nContent-Length: 0\r\n\r\n", ErrorCode::kCorrupt},
  };
  for (const Case& c : cases) {
    Server server([&](const Request&) -> Reply { return {.raw = c.raw}; });
    const auto answer = fetch(request_for(server.url("/")));
    ASSERT_FALSE(answer) << c.raw.substr(0, 80);
    EXPECT_EQ(answer.error().code(), c.code) << answer.error().message();
  }
  std::string interim;
  for (int i = 0; i < 20; ++i)
    interim += "HTTP/1.1 100 Continue\r\n\r\n";
  Server server([&](const Request&) -> Reply { return {.raw = interim}; });
  EXPECT_FALSE(fetch(request_for(server.url("/"))));
}

TEST(HttpClient, reads_chunked_bodies_and_skips_interim_answers) {
  Server server([](const Request&) -> Reply {
    return {.raw =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"};
  });
  const auto answer = fetch(request_for(server.url("/")));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "hello world");
}

TEST(HttpClient, gives_up_on_a_silent_server) {
  Server header([](const Request&) -> Reply { return {.stall = true, .raw = "HTTP/1.1 200 OK\r\n"}; });
  const auto answer = fetch(request_for(header.url("/")), {.idle_timeout_ms = 50});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message().find("in time"), std::string::npos);
  Server body([](const Request&) -> Reply { return {.body = "half", .content_length = 8, .stall = true}; });
  EXPECT_EQ(fetch(request_for(body.url("/")), {.idle_timeout_ms = 50}).error().code(), ErrorCode::kUnavailable);
}

TEST(HttpClient, says_who_refused_the_connection) {
  uint16_t port = 0;
  {
    const Server server([](const Request&) -> Reply { return {}; });
    port = server.port();
  }
  const auto answer = fetch(request_for("http://127.0.0.1:" + std::to_string(port) + "/"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(answer.error().message().find("127.0.0.1:" + std::to_string(port)), std::string::npos);
}

TEST(HttpClient, stops_when_told_to) {
  std::stop_source source;
  Server server([&](const Request&) -> Reply {
    source.request_stop();
    return {.stall = true, .raw = "HTTP/1.1 200 OK\r\n"};
  });
  const auto answer = fetch(request_for(server.url("/")), {}, 100, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kCancelled);
  EXPECT_EQ(fetch(request_for(server.url("/")), {}, 100, source.get_token()).error().code(), ErrorCode::kCancelled);
}

TEST(HttpClient, sends_nothing_without_the_right_permit) {
  Server server([](const Request&) -> Reply { return {}; });
  const auto client = HttpClient::create({});
  const auto answer =
      get_text(*client, request_for(server.url("/")), EgressPermit::for_model_download("elsewhere"), 10, {});
  EXPECT_EQ(answer.error().code(), ErrorCode::kInternal);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, sends_no_header_that_could_smuggle_another) {
  Server server([](const Request&) -> Reply { return {}; });
  HttpRequest request = request_for(server.url("/"));
  request.headers = {{"Accept", "a\r\nY: b"}};
  EXPECT_EQ(fetch(request).error().code(), ErrorCode::kUsage);
  EXPECT_TRUE(server.requests().empty());
}

TEST(HttpClient, passes_errors_of_the_sink_through) {
  Server server([](const Request&) -> Reply { return {.body = "x"}; });
  const auto client = HttpClient::create({});
  const BodySink full{
      [](const HttpHead&) -> Result<bool> { return true; },
      [](std::span<const std::byte>) -> Status { return std::unexpected(Error::exhausted("disk full")); }};
  const auto permit = EgressPermit::for_model_download("127.0.0.1");
  EXPECT_EQ(client->send(request_for(server.url("/")), permit, full, {}).error().message(), "disk full");
  const BodySink unwanted{[](const HttpHead&) -> Result<bool> { return false; }, full.on_body};
  EXPECT_TRUE(client->send(request_for(server.url("/")), permit, unwanted, {}));
}

class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ca_file_ = ::testing::TempDir() + "ingle-ca-" + std::to_string(::getpid()) + ".pem";
    std::ofstream(ca_file_) << server_.certificate_pem();
  }
  void TearDown() override { ::unlink(ca_file_.c_str()); }

  Server server_{[](const Request&) -> Reply { return {.body = "secret"}; }, "localhost"};
  std::string ca_file_;
};

TEST_F(TlsTest, trusts_the_given_bundle_and_checks_the_host) {
  const auto answer = fetch(request_for(server_.url("/")), {.ca_file = ca_file_});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "secret");
  const auto other =
      fetch(request_for("https://127.0.0.1:" + std::to_string(server_.port()) + "/"), {.ca_file = ca_file_});
  ASSERT_FALSE(other) << "the certificate is not for this address";
  EXPECT_NE(other.error().hint().find("SSL_CERT_FILE"), std::string::npos);
}

TEST_F(TlsTest, refuses_a_certificate_that_nobody_vouches_for) {
  const auto answer = fetch(request_for(server_.url("/")));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(TlsTest, names_a_bundle_that_cannot_be_read) {
  const auto answer = fetch(request_for(server_.url("/")), {.ca_file = "/nonexistent/bundle.pem"});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("/nonexistent/bundle.pem"), std::string::npos);
}

TEST(Proxying, sends_plain_requests_with_the_whole_url) {
  Server proxy([](const Request& request) -> Reply {
    return {.body = request.target + " " + request.header("proxy-authorization")};
  });
  const auto answer =
      fetch(request_for("http://model.test/x"), {.http_proxy = "http://u:p@127.0.0.1:" + std::to_string(proxy.port())});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "http://model.test/x Basic dTpw");
}

TEST(Proxying, tunnels_tls_so_that_the_proxy_sees_nothing) {
  Server target([](const Request&) -> Reply { return {.body = "secret"}; }, "model.test");
  Server proxy([](const Request& request) -> Reply {
    if (request.method != "CONNECT") return {.status = 500};
    return {.tunnel = true};
  });
  const std::string ca_file = ::testing::TempDir() + "ingle-ca-proxy-" + std::to_string(::getpid()) + ".pem";
  std::ofstream(ca_file) << target.certificate_pem();
  const HttpSettings settings{.https_proxy = "127.0.0.1:" + std::to_string(proxy.port()), .ca_file = ca_file};
  const auto answer = fetch(request_for("https://model.test:" + std::to_string(target.port()) + "/"), settings);
  ::unlink(ca_file.c_str());
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "secret");
  EXPECT_EQ(proxy.requests(), std::vector<std::string>{"CONNECT model.test:" + std::to_string(target.port())});
}

TEST(Proxying, reports_a_refused_tunnel) {
  Server proxy([](const Request&) -> Reply { return {.status = 407, .body = "who are you"}; });
  const auto answer = fetch(request_for("https://model.test/"), {.https_proxy = proxy.url("")});
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().message().find("407"), std::string::npos);
  EXPECT_FALSE(answer.error().hint().empty());
}

}  // namespace
}  // namespace ingle::net
