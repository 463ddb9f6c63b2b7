#include "app/server_tls.h"

#include <gtest/gtest.h>

#include "base/files.h"
#include "base/testing/temp_folder.h"

namespace ingle::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kNow = 1'800'000'000;
constexpr int64_t kDay = 24 * 3600;

class ServerTlsTest : public ::testing::Test {
 protected:
  void SetUp() override { settings.home = folder.path().string(); }
  Result<std::optional<ServerTls>> open(int64_t now = kNow, std::vector<std::string> names = {"localhost", "[::1]"}) {
    return ServerTls::open(settings, std::move(names), now);
  }
  ServerTls must_open(int64_t now = kNow, std::vector<std::string> names = {"localhost", "[::1]"}) {
    auto tls = open(now, std::move(names));
    EXPECT_TRUE(tls.has_value() && tls->has_value()) << (tls ? "" : tls.error().message());
    return **std::move(tls);
  }

  base::testing::TempFolder folder;
  Settings settings;
};

TEST_F(ServerTlsTest, is_nothing_where_nobody_asks_for_it) {
  EXPECT_FALSE(open()->has_value());
  EXPECT_FALSE(fs::exists(folder.path() / "keys"));
}

TEST_F(ServerTlsTest, the_local_authority_is_made_once_and_its_keys_are_the_owners) {
  settings.tls = "local";
  const ServerTls first = must_open();
  EXPECT_TRUE(first.authority_is_new());
  EXPECT_EQ(first.facts().names, (std::vector<std::string>{"localhost", "::1"}));
  const ServerTls again = must_open();
  EXPECT_FALSE(again.authority_is_new());
  EXPECT_EQ(again.facts().sha256, first.facts().sha256);
  for (const char* name : {"ca-key.pem", "server-key.pem"}) {
    const auto mode = fs::status(folder.path() / "keys" / name).permissions();
    EXPECT_EQ(mode, fs::perms::owner_read | fs::perms::owner_write) << name;
  }
  EXPECT_EQ(fs::status(folder.path() / "keys").permissions(), fs::perms::owner_all);
}

TEST_F(ServerTlsTest, a_certificate_is_signed_anew_for_another_name_and_before_it_ends) {
  settings.tls = "local";
  ServerTls tls = must_open();
  const std::string first = tls.facts().sha256;
  const std::string authority = *base::read_file(tls.authority(), 1 << 20);
  EXPECT_FALSE(*tls.refresh(kNow + 300 * kDay));
  EXPECT_TRUE(*tls.refresh(kNow + 380 * kDay));
  EXPECT_EQ(tls.facts().not_after_unix, kNow + (380 + 397) * kDay);
  const ServerTls named = must_open(kNow, {"localhost", "box.local"});
  EXPECT_NE(named.facts().sha256, first);
  EXPECT_EQ(*base::read_file(tls.authority(), 1 << 20), authority);
  const ServerTls later = must_open(kNow + 9 * 365 * kDay);
  EXPECT_TRUE(later.authority_is_new()) << "what it signs may not outlive it";
}

TEST_F(ServerTlsTest, a_name_that_the_authority_may_not_sign_is_told) {
  settings.tls = "local";
  must_open();
  const auto named = open(kNow, {"localhost", "bank.example"});
  ASSERT_FALSE(named.has_value());
  EXPECT_NE(named.error().hint().find("ca.pem"), std::string::npos);
  fs::remove(folder.path() / "keys" / "ca.pem");
  EXPECT_TRUE(open(kNow, {"localhost", "bank.example"}).has_value());
}

TEST_F(ServerTlsTest, files_that_somebody_brings_are_read_again_when_they_change) {
  const auto authority = net::make_authority({}, kNow);
  const std::vector<std::string> names = {"localhost"};
  const auto write = [&](int64_t now) {
    const auto issued = net::issue_certificate(*authority, names, now);
    EXPECT_TRUE(base::write_file_atomic(folder.path() / "cert.pem", issued->certificate_pem).has_value());
    EXPECT_TRUE(base::write_file_atomic(folder.path() / "key.pem", issued->key_pem, 0600).has_value());
  };
  write(kNow);
  settings.tls_cert = (folder.path() / "cert.pem").string();
  EXPECT_EQ(open().error().code(), ErrorCode::kUsage) << "a key is missing";
  settings.tls_key = (folder.path() / "key.pem").string();
  ServerTls tls = must_open();
  EXPECT_TRUE(tls.authority().empty());
  EXPECT_FALSE(*tls.refresh(kNow));
  write(kNow + kDay);
  fs::last_write_time(folder.path() / "key.pem", fs::file_time_type::clock::now() + std::chrono::seconds(5));
  EXPECT_TRUE(*tls.refresh(kNow));
  EXPECT_EQ(tls.facts().not_after_unix, kNow + 398 * kDay);
  ASSERT_TRUE(base::write_file_atomic(folder.path() / "cert.pem", "broken").has_value());
  fs::last_write_time(folder.path() / "key.pem", fs::file_time_type::clock::now() + std::chrono::seconds(10));
  EXPECT_FALSE(tls.refresh(kNow).has_value());
  EXPECT_EQ(tls.facts().not_after_unix, kNow + 398 * kDay) << "what worked stays";
  EXPECT_FALSE(open(kNow).has_value());
  write(kNow);
  EXPECT_EQ(open(kNow + 400 * kDay).error().code(), ErrorCode::kRefused) << "it has ended";
  settings.tls = "local";
  EXPECT_EQ(open().error().code(), ErrorCode::kUsage) << "two wishes";
}

}  // namespace
}  // namespace ingle::app
