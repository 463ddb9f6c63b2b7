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
TEST(Utc, what_was_written_is_read_again) {
  for (const int64_t seconds : {int64_t{0}, int64_t{1'795'419'240}, int64_t{4'948'000'000}})
    EXPECT_EQ(utc_seconds(utc_text(seconds) + "Z"), seconds);
  EXPECT_EQ(utc_seconds("1970-01-01T00:00:07.250Z"), 7);
  for (const char* bad : {"", "soon", "1970-01-01", "1970-01-01T00:00:07+01:00"})
    EXPECT_EQ(utc_seconds(bad), std::nullopt) << bad;
}

}  // namespace ingle::base
