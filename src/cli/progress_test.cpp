#include "cli/progress.h"

#include <gtest/gtest.h>

#include "cli/table.h"
#include "cli/testing/collecting_console.h"

namespace ingle::cli {
namespace {

TEST(Progress, is_silent_where_there_is_no_terminal) {
  CollectingConsole console;
  {
    Progress progress(console);
    progress.spin("loading");
    progress.fraction("loading", 0.5);
    progress.bytes("pulling", 5, 10);
  }
  EXPECT_EQ(console.said, "");
}

TEST(Progress, leaves_a_clean_line_and_a_visible_cursor_behind) {
  CollectingConsole console;
  console.terminal_talk = true;
  {
    Progress progress(console);
    progress.fraction("loading", 0.5);
  }
  EXPECT_NE(console.said.find("loading"), std::string::npos);
  EXPECT_NE(console.said.find("50 %"), std::string::npos);
  EXPECT_TRUE(console.said.ends_with("\r\x1b[K\x1b[?25h")) << console.said;
}

TEST(Progress, a_line_is_never_wider_than_the_terminal) {
  CollectingConsole console;
  console.terminal_talk = true;
  const std::string label(300, 'm');
  for (const auto draw : {+[](Progress& p, const std::string& l) { p.fraction(l, 0.3); },
                          +[](Progress& p, const std::string& l) { p.bytes(l, uint64_t{1} << 39, uint64_t{1} << 40); },
                          +[](Progress& p, const std::string& l) { p.bytes(l, 12345, 0); },
                          +[](Progress& p, const std::string& l) { p.spin(l); }}) {
    console.said.clear();
    Progress progress(console);
    draw(progress, label);
    EXPECT_LT(display_width(console.said), console.width()) << console.said;
  }
}

TEST(Progress, a_bar_is_as_wide_as_it_was_told) {
  for (const double fraction : {-1.0, 0.0, 0.01, 0.33, 0.999, 1.0, 7.0})
    EXPECT_EQ(display_width(bar_text(fraction, 20)), 20) << fraction;
}

TEST(Table, columns_stand_below_each_other_whatever_the_script) {
  EXPECT_EQ(table_text({{"A", "B"}, {"\xe6\xbc\xa2", "x"}, {"long", "y"}}), "A      B\n\xe6\xbc\xa2     x\nlong   y\n");
}

}  // namespace
}  // namespace ingle::cli
