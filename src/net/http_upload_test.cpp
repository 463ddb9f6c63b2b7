#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/http_server.h"
#include "net/listener.h"
#include "net/testing/raw_client.h"

namespace ingle::net {
namespace {

using testing::RawClient;

struct Collected {
  std::string bytes;
  size_t largest = 0;
  size_t enough = SIZE_MAX;
  std::promise<void> gone;
};

class Collector : public BodyReceiver {
 public:
  explicit Collector(std::shared_ptr<Collected> into) : into_(std::move(into)) {}
  ~Collector() override { into_->gone.set_value(); }
  bool take(std::string_view piece) override {
    into_->bytes += piece;
    into_->largest = std::max(into_->largest, piece.size());
    return into_->bytes.size() < into_->enough;
  }

 private:
  const std::shared_ptr<Collected> into_;
};

class HttpUploadTest : public ::testing::Test, public RequestHandler {
 protected:
  void SetUp() override {
    auto listener = open_listener({.host = "127.0.0.1", .port = 0});
    ASSERT_TRUE(listener.has_value());
    port = listener->address.port;
    auto started = HttpServer::start(std::move(listener->socket), *this, {.max_body_bytes_in_memory = 1 << 20});
    ASSERT_TRUE(started.has_value());
    server = std::move(*started);
  }
  HeadVerdict on_head(const ServerRequest& /*head*/) override {
    return {.max_body_bytes = 8 << 20, .receiver = std::make_shared<Collector>(collected)};
  }
  void on_request(std::shared_ptr<Exchange> exchange) override {
    EXPECT_TRUE(exchange->request().body.empty());
    EXPECT_NE(exchange->request().receiver, nullptr);
    exchange->respond({.body = std::to_string(collected->bytes.size())});
  }
  Reply on_overload(const ServerRequest& /*request*/) override { return {.status = 429}; }
  Reply on_fault(const ServerRequest& /*head*/, int status, std::string_view message) override {
    return {.status = status, .body = std::string(message)};
  }
  std::string unanswered_body(const ServerRequest& /*head*/) override { return "no answer"; }
  std::string ask(const std::string& bytes) {
    RawClient client(port);
    client.send(bytes);
    return client.read_answer();
  }

  std::shared_ptr<Collected> collected = std::make_shared<Collected>();
  uint16_t port = 0;
  std::unique_ptr<HttpServer> server;
};

std::string head(std::string_view more) {
  return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(more) + "\r\n\r\n";
}

std::string noise(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = 1;
  for (char& byte : bytes)
    byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

TEST_F(HttpUploadTest, a_body_larger_than_all_memory_for_bodies_arrives_in_pieces) {
  const std::string body = noise(5'000'001);
  RawClient client(port);
  client.send(head("Content-Length: " + std::to_string(body.size())) + body);
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n5000001"));
  EXPECT_EQ(collected->bytes, body);
  EXPECT_LE(collected->largest, size_t{256} * 1024);
  collected = std::make_shared<Collected>();
  client.send(head("Content-Length: 3") + "abc");  // the connection goes on
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n3"));
}

TEST_F(HttpUploadTest, chunks_and_a_client_that_waits_to_be_told_are_fine_too) {
  RawClient client(port);
  client.send(head("Expect: 100-continue\r\nTransfer-Encoding: chunked"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
  EXPECT_TRUE(client.read_answer().ends_with("\r\n\r\n11"));
  EXPECT_EQ(collected->bytes, "hello world");
}

TEST_F(HttpUploadTest, an_empty_body_is_handled_with_its_receiver) {
  EXPECT_TRUE(ask(head("Content-Length: 0")).ends_with("\r\n\r\n0"));
}

TEST_F(HttpUploadTest, more_than_allowed_is_413_said_before_or_found_on_the_way) {
  EXPECT_TRUE(ask(head("Content-Length: 99999999")).starts_with("HTTP/1.1 413 "));
  EXPECT_EQ(collected->bytes, "");
  collected = std::make_shared<Collected>();
  RawClient client(port);
  client.send(head("Transfer-Encoding: chunked") + "900000\r\n");
  const std::string part = noise(1 << 20);
  for (int i = 0; i < 8; ++i)
    client.send(part);
  client.send("x");
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 413 "));
}

TEST_F(HttpUploadTest, chunks_that_are_none_are_refused) {
  EXPECT_TRUE(ask(head("Transfer-Encoding: chunked") + "zz\r\n").starts_with("HTTP/1.1 400 "));
}

TEST_F(HttpUploadTest, a_receiver_that_has_enough_ends_the_reading_and_the_request_is_answered) {
  collected->enough = 1;
  RawClient client(port);
  client.send(head("Content-Length: 4000000") + noise(300'000));
  const std::string answer = client.read_answer();
  EXPECT_TRUE(answer.ends_with("\r\n\r\n262144")) << answer;
  EXPECT_NE(answer.find("connection: close"), std::string::npos) << answer;
}

TEST_F(HttpUploadTest, a_client_that_goes_away_takes_the_receiver_with_it) {
  auto gone = collected->gone.get_future();
  {
    RawClient client(port);
    client.send(head("Content-Length: 4000000") + noise(300'000));
  }
  gone.wait();
  EXPECT_LE(collected->bytes.size(), 300'000U);
}

}  // namespace
}  // namespace ingle::net
