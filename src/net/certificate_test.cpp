#include "net/certificate.h"

#include <gtest/gtest.h>

namespace ingle::net {
namespace {

constexpr int64_t kNow = 1'800'000'000;
constexpr int64_t kDay = 24 * 3600;
const std::vector<std::string> kNames = {"localhost", "127.0.0.1", "::1", "box.local", "192.168.7.8"};

TEST(Certificate, of_the_local_authority_names_what_was_asked_for) {
  const auto authority = make_authority({}, kNow);
  ASSERT_TRUE(authority.has_value()) << authority.error().message();
  const auto issued = issue_certificate(*authority, kNames, kNow);
  ASSERT_TRUE(issued.has_value()) << issued.error().message();
  EXPECT_TRUE(check_identity(*issued).has_value());
  EXPECT_TRUE(issued->certificate_pem.ends_with(authority->certificate_pem));
  const auto facts = read_certificate(issued->certificate_pem);
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->names, kNames);
  EXPECT_LE(facts->not_before_unix, kNow);
  EXPECT_EQ(facts->not_after_unix, kNow + 397 * kDay);
  EXPECT_EQ(facts->sha256.size(), 64U);
}

TEST(Certificate, the_authority_cannot_sign_for_names_of_others) {
  const std::vector<std::string> own = {"models.example.org"};
  const auto authority = make_authority(own, kNow);
  ASSERT_TRUE(authority.has_value());
  EXPECT_TRUE(issue_certificate(*authority, own, kNow).has_value());
  for (const std::string name : {"bank.example", "example.org", "8.8.8.8", "2001:db8::1", "xlocalhost"}) {
    const std::vector<std::string> names = {"localhost", name};
    const auto issued = issue_certificate(*authority, names, kNow);
    ASSERT_FALSE(issued.has_value()) << name;
    EXPECT_EQ(issued.error().code(), ErrorCode::kRefused) << issued.error().message();
  }
  EXPECT_FALSE(issue_certificate(*authority, kNames, kNow + 11 * 365 * kDay).has_value())
      << "the authority ended before";
}

TEST(Certificate, a_key_of_another_or_none_is_refused) {
  const auto one = make_authority({}, kNow);
  const auto two = make_authority({}, kNow);
  ASSERT_TRUE(one.has_value() && two.has_value());
  EXPECT_FALSE(check_identity({.certificate_pem = one->certificate_pem, .key_pem = two->key_pem}).has_value());
  EXPECT_FALSE(check_identity({.certificate_pem = "", .key_pem = one->key_pem}).has_value());
  EXPECT_FALSE(check_identity({.certificate_pem = one->certificate_pem, .key_pem = "x"}).has_value());
  EXPECT_FALSE(read_certificate("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n").has_value());
}

TEST(Certificate, names_that_would_mean_something_else_in_one_are_left_out) {
  EXPECT_TRUE(can_be_certified("a-b.example"));
  EXPECT_TRUE(can_be_certified("fe80::1"));
  EXPECT_FALSE(can_be_certified("a,DNS:bank.example"));
  EXPECT_FALSE(can_be_certified("*.example"));
  EXPECT_FALSE(can_be_certified(""));
}

}  // namespace
}  // namespace ingle::net
