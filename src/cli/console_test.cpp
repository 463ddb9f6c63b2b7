#include "cli/console.h"

#include <gtest/gtest.h>

#include "cli/testing/collecting_console.h"

namespace ingle::cli {
namespace {

TEST(Console, hostile_text_cannot_move_the_cursor) {
  EXPECT_EQ(terminal_safe("a\x1b[2Jb\rc\x07"),
            "a\xe2\x90\x9b[2Jb\xe2\x90\x8d"
            "c\xe2\x90\x87");
  EXPECT_EQ(terminal_safe("\xc2\x9b"
                          "2J"),
            "\xef\xbf\xbd"
            "2J");
  EXPECT_EQ(terminal_safe("tab\tline\n"), "tab\tline\n");
  EXPECT_EQ(terminal_safe("\xff"), "\xef\xbf\xbd");
}

TEST(Console, an_error_says_what_and_what_to_do_next) {
  CollectingConsole console;
  print_error(console, Error::not_found("there is no model 'x'").hint("ingle pull x"));
  EXPECT_EQ(console.said, "error: there is no model 'x'\n  hint: ingle pull x\n");
  EXPECT_EQ(console.data, "");
}

TEST(Console, exit_codes_tell_failure_usage_refusal_and_interruption_apart) {
  EXPECT_EQ(exit_code_of(Error::io("x")), 1);
  EXPECT_EQ(exit_code_of(Error::not_found("x")), 1);
  EXPECT_EQ(exit_code_of(Error::usage("x")), 2);
  EXPECT_EQ(exit_code_of(Error::refused("x")), 3);
  EXPECT_EQ(exit_code_of(Error::corrupt("x")), 3);
  EXPECT_EQ(exit_code_of(Error::unsupported("x")), 3);
  EXPECT_EQ(exit_code_of(Error::cancelled()), 130);
}

TEST(Console, sizes_and_times_read_like_a_person_says_them) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(999), "999 B");
  EXPECT_EQ(format_bytes(98362432), "98 MB");
  EXPECT_EQ(format_bytes(491400064), "491 MB");
  EXPECT_EQ(format_bytes(1117320768), "1.1 GB");
  EXPECT_EQ(format_bytes(999999999), "1.0 GB");
  EXPECT_EQ(format_age(0), "just now");
  EXPECT_EQ(format_age(3600), "1 hour ago");
  EXPECT_EQ(format_age(3 * 86400), "3 days ago");
  EXPECT_EQ(format_until(20), "within a minute");
  EXPECT_EQ(format_until(299), "4 minutes from now");
  EXPECT_EQ(format_duration(0.25), "250 ms");
  EXPECT_EQ(format_duration(80), "1m 20s");
  EXPECT_EQ(format_count(494032768), "494.0M");
}

TEST(Console, width_counts_columns_and_no_escape_sequences) {
  EXPECT_EQ(display_width("abc"), 3);
  EXPECT_EQ(display_width("\x1b[31mabc\x1b[0m"), 3);
  EXPECT_EQ(display_width("\xe6\xbc\xa2\xe5\xad\x97"), 4);
  EXPECT_EQ(display_width("gr\xc3\xbc\xc3\x9f"), 4);
}

}  // namespace
}  // namespace ingle::cli
