#include "roles/remote_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <thread>

#include "base/testing/temp_folder.h"
#include "net/testing/server.h"
#include "roles/egress_protocol.h"
#include "roles/egress_role.h"
#include "roles/message.h"

namespace ingle::roles {
namespace {

using ::testing::HasSubstr;

std::string long_body() {
  std::string body;
  for (int i = 0; body.size() < size_t{3} * kWindow; ++i)
    body += std::to_string(i) + "\n";
  return body;
}

net::HttpRequest request_for(const std::string& url) {
  return {.url = net::Url::parse(url).value()};
}

net::EgressPermit download_of(const net::HttpRequest& request) {
  return net::EgressPermit::for_model_download(request.url.host);
}

/// Both sides in this process: the egress role on a thread.
class RemoteTransportTest : public ::testing::Test {
 protected:
  RemoteTransportTest() : RemoteTransportTest(Channel::pair().value()) {}
  explicit RemoteTransportTest(std::pair<Channel, Channel> ends)
      : front_side_(std::move(ends.first)), egress_side_(std::move(ends.second)) {
    egress_thread_ = std::jthread([this] { serve_egress(egress_side_, [] { return Status(); }); });
    connection_ = std::make_shared<EgressConnection>(front_side_, nullptr, key_);
    transport_ = make({});
  }
  ~RemoteTransportTest() override {
    connection_.reset();
    front_side_.close_both();
  }
  std::unique_ptr<net::HttpTransport> make(net::HttpSettings settings) {
    return RemoteTransport::create(
               std::move(settings), [this] { return connection_; }, [this] { return allowed_; })
        .value();
  }
  Result<net::TextAnswer> fetch(const std::string& url) {
    const net::HttpRequest request = request_for(url);
    return net::get_text(*transport_, request, download_of(request), 64 << 20, {});
  }

  const net::ReceiptKey key_ = net::ReceiptKey::create().value();
  Channel front_side_;
  Channel egress_side_;
  std::jthread egress_thread_;
  std::shared_ptr<EgressConnection> connection_;
  std::unique_ptr<net::HttpTransport> transport_;
  Status allowed_;
  std::string body_ = long_body();
  net::testing::Server server_{[this](const net::testing::Request& request) -> net::testing::Reply {
    if (request.target == "/moved") return {.status = 302, .headers = {{"location", "/file"}}};
    if (request.target == "/file") return net::testing::file_reply(request, body_);
    if (request.target == "/stall") return {.body = "begin", .content_length = 100, .stall = true};
    if (request.method == "POST") return {.body = "got " + request.body};
    return {.status = 404, .body = "nothing here"};
  }};
};

TEST_F(RemoteTransportTest, ALongAnswerArrivesWholeThroughASmallWindow) {
  const auto answer = fetch(server_.url("/moved"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->head.status, 200);
  EXPECT_EQ(answer->body, body_);
  EXPECT_EQ(answer->head.body_bytes, body_.size());
  ASSERT_EQ(answer->head.redirects.size(), 1U);
  EXPECT_EQ(answer->head.redirects[0].status, 302);
  EXPECT_EQ(answer->head.url.target, "/file");
  EXPECT_EQ(fetch(server_.url("/none"))->head.status, 404);
}

TEST_F(RemoteTransportTest, RangesAndSeveralRequestsAtOnce) {
  std::vector<std::jthread> threads;
  for (uint64_t from : {uint64_t{0}, uint64_t{5}, uint64_t{70'000}, uint64_t{kWindow}}) {
    threads.emplace_back([this, from] {
      net::HttpRequest request = request_for(server_.url("/file"));
      request.range_from = from;
      const auto answer = net::get_text(*transport_, request, download_of(request), 64 << 20, {});
      ASSERT_TRUE(answer) << answer.error().message();
      EXPECT_EQ(answer->body, body_.substr(from));
    });
  }
}

TEST_F(RemoteTransportTest, ABodyLeavesWithAReceiptOverExactlyItsBytesOnly) {
  net::HttpRequest request = request_for(server_.url("/chat"));
  request.method = net::HttpMethod::kPost;
  request.body = "secret";
  const auto refused = net::get_text(*transport_, request, download_of(request), 1000, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  const auto receipt = key_.sign(request).value();
  const auto permit = net::EgressPermit::for_released(request.url.host, receipt);
  EXPECT_EQ(net::get_text(*transport_, request, permit, 1000, {})->body, "got secret");
  request.body = "Secret";
  EXPECT_EQ(net::get_text(*transport_, request, permit, 1000, {}).error().code(), ErrorCode::kRefused);
  EXPECT_EQ(server_.requests(), std::vector<std::string>{"POST /chat"});
}

TEST_F(RemoteTransportTest, ErrorsOfTheSinkPassThroughAndAnUnwantedBodyIsNone) {
  const net::HttpRequest request = request_for(server_.url("/file"));
  net::BodySink sink{.on_head = [](const net::HttpHead&) -> Result<bool> { return true; },
                     .on_body = [](auto) -> Status { return std::unexpected(Error::exhausted("disk full")); }};
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {}).error(), Error::exhausted("disk full"));
  sink.on_head = [](const net::HttpHead&) -> Result<bool> { return false; };
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {})->status, 200);
  sink.on_head = [](const net::HttpHead&) -> Result<bool> { return std::unexpected(Error::corrupt("wrong file")); };
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {}).error(), Error::corrupt("wrong file"));
  EXPECT_EQ(fetch(server_.url("/file"))->body, body_);
}

TEST_F(RemoteTransportTest, AStoppedRequestEndsInTheMiddleOfABody) {
  const net::HttpRequest request = request_for(server_.url("/stall"));
  std::stop_source stop;
  const net::BodySink sink{.on_head = [](const net::HttpHead&) -> Result<bool> { return true; },
                           .on_body = [&](auto) -> Status {
                             stop.request_stop();
                             return {};
                           }};
  EXPECT_EQ(transport_->send(request, download_of(request), sink, stop.get_token()).error().code(),
            ErrorCode::kCancelled);
}

TEST_F(RemoteTransportTest, WhatIsForbiddenInTheMeantimeEndsInTheMiddleOfABody) {
  const net::HttpRequest request = request_for(server_.url("/file"));
  const net::BodySink sink{.on_head = [](const net::HttpHead&) -> Result<bool> { return true; },
                           .on_body = [&](auto) -> Status {
                             allowed_ = std::unexpected(Error::refused("offline"));
                             return {};
                           }};
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {}).error(), Error::refused("offline"));
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {}).error(), Error::refused("offline"));
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(RemoteTransportTest, WhenTheProcessEndsTheRequestFails) {
  const net::HttpRequest request = request_for(server_.url("/stall"));
  const net::BodySink sink{.on_head = [](const net::HttpHead&) -> Result<bool> { return true; },
                           .on_body = [&](auto) -> Status {
                             egress_side_.close_both();
                             return {};
                           }};
  EXPECT_EQ(transport_->send(request, download_of(request), sink, {}).error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(connection_->alive());
  EXPECT_EQ(fetch(server_.url("/file")).error().code(), ErrorCode::kUnavailable);
}

TEST_F(RemoteTransportTest, CertificatesOfTheUsersAreReadHere) {
  const base::testing::TempFolder folder;
  EXPECT_EQ(RemoteTransport::create({.ca_file = (folder.path() / "none.pem").string()}, {}, {}).error().code(),
            ErrorCode::kUsage);
  net::testing::Server secure([](const net::testing::Request&) { return net::testing::Reply{.body = "tls"}; },
                              "localhost");
  std::ofstream(folder.path() / "ca.pem") << secure.certificate_pem();
  EXPECT_FALSE(fetch(secure.url("/")));
  transport_ = make({.ca_file = (folder.path() / "ca.pem").string()});
  const auto answer = fetch(secure.url("/"));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "tls");
}

/// The other side is the test itself, which says what the egress role would not.
class HostileEgressTest : public ::testing::Test {
 protected:
  HostileEgressTest() : HostileEgressTest(Channel::pair().value()) {}
  explicit HostileEgressTest(std::pair<Channel, Channel> ends)
      : front_side_(std::move(ends.first)),
        egress_side_(std::move(ends.second)),
        connection_(front_side_, nullptr, net::ReceiptKey::create().value()) {}

  /// What a request comes to when egress answers it with these frames.
  Result<net::HttpHead> answered_with(const std::vector<std::pair<FromEgress, std::string>>& frames) {
    const std::jthread egress([&] {
      EXPECT_EQ(egress_side_.receive()->type, static_cast<uint8_t>(ToEgress::kKey));
      EXPECT_EQ(egress_side_.receive()->type, static_cast<uint8_t>(ToEgress::kSend));
      for (const auto& [type, payload] : frames)
        (void)egress_side_.send(static_cast<uint8_t>(type), payload);
      while (egress_side_.receive()) {
      }
    });
    const net::HttpRequest request = request_for("http://localhost/");
    const net::BodySink sink{.on_head = [](const net::HttpHead&) -> Result<bool> { return true; },
                             .on_body = [](auto) -> Status { return {}; }};
    auto result = connection_.send({}, request, download_of(request), sink, {}, {});
    EXPECT_FALSE(connection_.alive());
    front_side_.close_both();
    return result;
  }
  static std::string piece(uint64_t number, size_t size) {
    return MessageWriter().number(number).rest(std::string(size, 'x')).take();
  }

  Channel front_side_;
  Channel egress_side_;
  EgressConnection connection_;
};

TEST_F(HostileEgressTest, ABodyBeforeItsHead) {
  EXPECT_FALSE(answered_with({{FromEgress::kBody, piece(1, 5)}}));
}
TEST_F(HostileEgressTest, ABodyLongerThanTheWindow) {
  EXPECT_FALSE(answered_with({{FromEgress::kHead, encode_head(1, {})}, {FromEgress::kBody, piece(1, kWindow + 1)}}));
}
TEST_F(HostileEgressTest, AnAnswerToNoRequest) {
  EXPECT_FALSE(answered_with({{FromEgress::kHead, encode_head(2, {})}}));
}
TEST_F(HostileEgressTest, TwoHeads) {
  EXPECT_FALSE(answered_with({{FromEgress::kHead, encode_head(1, {})}, {FromEgress::kHead, encode_head(1, {})}}));
}
TEST_F(HostileEgressTest, ADamagedHead) {
  EXPECT_FALSE(answered_with({{FromEgress::kHead, encode_head(1, {}).substr(0, 20)}}));
}
TEST_F(HostileEgressTest, AnUnknownKindOfMessage) {
  EXPECT_FALSE(answered_with({{static_cast<FromEgress>(1), "12345678"}}));
}

}  // namespace
}  // namespace ingle::roles
