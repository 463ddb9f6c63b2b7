#include "base/utf8.h"

#include <gtest/gtest.h>

namespace ingle::base {
namespace {

TEST(Utf8, accepts_shortest_forms_only) {
  EXPECT_TRUE(is_valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  EXPECT_FALSE(is_valid_utf8("\xC0\x80"));
  EXPECT_FALSE(is_valid_utf8("\xE0\x80\x80"));
  EXPECT_FALSE(is_valid_utf8("\xED\xA0\x80"));      // a surrogate
  EXPECT_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  EXPECT_FALSE(is_valid_utf8("\xE2\x82"));
}

TEST(Utf8, keeps_back_only_what_more_bytes_could_complete) {
  EXPECT_EQ(complete_utf8_prefix("ab\xF0\x9F\x98"), 2U);
  EXPECT_EQ(complete_utf8_prefix("ab\xF0\x9F\x98\x80"), 6U);
  EXPECT_EQ(complete_utf8_prefix("ab\xE2"), 2U);
  EXPECT_EQ(complete_utf8_prefix("\x80\x80"), 2U);  // can never become valid: do not wait
  EXPECT_EQ(complete_utf8_prefix("\xE0\x80"), 2U);
  EXPECT_EQ(complete_utf8_prefix(""), 0U);
}

TEST(Utf8, replaces_each_maximal_subpart_once) {
  EXPECT_EQ(to_valid_utf8("a\xF0\x9F\x98z"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(to_valid_utf8("\xC0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace ingle::base
