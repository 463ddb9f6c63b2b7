#include "text/grammar/validation/exact_number.h"

#include <gtest/gtest.h>

namespace ingle::text::grammar::validation {
namespace {

TEST(ExactNumber, is_read_ordered_and_divided_by_its_digits) {
  const auto n = [](const char* text) { return ExactNumber::read(text).value(); };
  EXPECT_EQ(n("100"), n("1.00e2"));
  EXPECT_EQ(n("-0.0"), n("0"));
  const char* ascending[] = {"-1e9",  "-12.5", "-12.49", "-0.001", "0",   "1e-400",
                             "0.001", "1",     "1.0001", "12",     "123", "1e300"};
  for (size_t i = 1; i < std::size(ascending); ++i) {
    EXPECT_LT(n(ascending[i - 1]), n(ascending[i]));
    EXPECT_GT(n(ascending[i]), n(ascending[i - 1]));
  }
  EXPECT_EQ(n("1e3").count(), 1000);
  EXPECT_EQ(n("1e30").count(), UINT64_MAX);
  EXPECT_EQ(n("-1").count(), std::nullopt);
  EXPECT_EQ(is_multiple(n("1e1000000"), n("7")), false);
  EXPECT_EQ(is_multiple(n("1e99999999999999999999"), n("1024")), true);
  for (const char* text : {"", "-", ".5", "1.", "1e", "a", "1-2"})
    EXPECT_FALSE(ExactNumber::read(text).has_value()) << text;
}

}  // namespace
}  // namespace ingle::text::grammar::validation
