#include "base/utc.h"

#include <gtest/gtest.h>

namespace ingle::base {
namespace {

TEST(Utc, seconds_are_told_as_date_and_time_of_day) {
  EXPECT_EQ(utc_text(0), "1970-01-01T00:00:00");
  EXPECT_EQ(utc_text(951'827'696), "2000-02-29T12:34:56");
  EXPECT_EQ(utc_text(-1), "1969-12-31T23:59:59");
}

}  // namespace
}  // namespace ingle::base
