#include "roles/egress_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "base/testing/temp_folder.h"
#include "net/testing/server.h"

namespace ingle::roles {
namespace {

class EgressProcessTest : public ::testing::Test {
 protected:
  /// A head and a body that does not end.
  net::testing::Server server_{[](const net::testing::Request& request) {
    if (request.target == "/whole") return net::testing::Reply{.body = "all of it"};
    return net::testing::Reply{.body = "begun", .content_length = 1000, .stall = true};
  }};
  const base::testing::TempFolder folder_;
  std::shared_ptr<Spawner> spawner_ = Spawner::start().value();
  std::atomic<bool> offline_ = false;
  EgressProcess process_{spawner_, [this] { return offline_.load(); }, net::ReceiptKey::create().value(),
                         folder_ / "resolv.conf"};

  Result<net::HttpHead> fetch(const std::shared_ptr<EgressConnection>& connection, std::string_view path,
                              const std::function<void()>& on_body = {}) {
    const net::HttpRequest request{.url = net::Url::parse(server_.url(path)).value(), .max_body_bytes = 1 << 20};
    const net::BodySink sink{.on_head = {}, .on_body = [&](std::span<const std::byte>) -> Status {
                               if (on_body) on_body();
                               return {};
                             }};
    return connection->send({}, request, net::EgressPermit::for_model_download(request.url.host), sink, {}, {});
  }
};

TEST_F(EgressProcessTest, while_the_switch_is_on_the_kernel_refuses) {
  offline_ = true;
  EXPECT_FALSE(fetch(process_.connection().value(), "/whole"));
  EXPECT_TRUE(server_.requests().empty());
  offline_ = false;
  EXPECT_TRUE(fetch(process_.connection().value(), "/whole"));
}

TEST_F(EgressProcessTest, turning_the_switch_on_ends_what_is_on_its_way) {
  const auto connection = process_.connection().value();
  const auto answer = fetch(connection, "/endless", [&] {
    offline_ = true;
    process_.obey();
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
  EXPECT_FALSE(connection->alive());
}

TEST_F(EgressProcessTest, a_switch_that_another_process_turned_is_seen_without_a_request) {
  const auto answer = fetch(process_.connection().value(), "/endless", [&] { offline_ = true; });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code(), ErrorCode::kUnavailable);
}

TEST_F(EgressProcessTest, new_resolver_settings_get_a_new_process_and_the_old_one_finishes) {
  const auto first = process_.connection().value();
  EXPECT_EQ(process_.connection().value(), first);
  base::testing::write(folder_ / "resolv.conf", "nameserver 192.0.2.1\n");
  const auto second = process_.connection().value();
  EXPECT_NE(second, first);
  process_.obey();
  EXPECT_TRUE(fetch(first, "/whole"));
  EXPECT_TRUE(fetch(second, "/whole"));
}

}  // namespace
}  // namespace ingle::roles
