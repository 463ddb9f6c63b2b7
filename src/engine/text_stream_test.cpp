#include "engine/text_stream.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace ingle::engine {
namespace {

TEST(TextStream, holds_back_half_a_code_point) {
  TextStream stream;
  EXPECT_EQ(stream.push("a\xE2\x82"), "a");
  EXPECT_EQ(stream.push("\xAC!"), "\xE2\x82\xAC!");
}

TEST(TextStream, hands_on_bytes_that_never_become_a_code_point) {
  TextStream stream;
  EXPECT_EQ(stream.push("\xFF"), "\xFF");
  EXPECT_EQ(stream.push("\xE2\x82"), "");
  EXPECT_EQ(stream.finish(), "\xE2\x82");
}

TEST(TextStream, ends_before_a_stop_string_that_comes_in_pieces) {
  TextStream stream({"END"});
  EXPECT_EQ(stream.push("one E"), "one ");
  EXPECT_EQ(stream.push("N"), "");
  EXPECT_EQ(stream.push("Dtwo"), "");
  EXPECT_TRUE(stream.stopped());
  EXPECT_EQ(stream.stop_text(), "END");
  EXPECT_EQ(stream.push("more"), "");
  EXPECT_EQ(stream.finish(), "");
}

TEST(TextStream, lets_go_of_what_turned_out_to_be_no_stop_string) {
  TextStream stream({"END"});
  EXPECT_EQ(stream.push("EN"), "");
  EXPECT_EQ(stream.push("E"), "EN");
  EXPECT_EQ(stream.finish(), "E");
  EXPECT_FALSE(stream.stopped());
  EXPECT_EQ(stream.stop_text(), "");
}

TEST(TextStream, takes_the_stop_string_that_is_complete_first_and_the_longest_of_those) {
  TextStream stream({"c", "bc", "bcd", "d"});
  EXPECT_EQ(stream.push("xbcd"), "x");
  EXPECT_EQ(stream.stop_text(), "bc");
}

TEST(TextStream, a_stop_string_may_cut_a_code_point_of_the_held_text) {
  TextStream stream({"\xAC"});
  EXPECT_EQ(stream.push("\xE2\x82"), "");
  EXPECT_EQ(stream.push("\xAC"), "\xE2\x82");
  EXPECT_TRUE(stream.stopped());
}

RC_GTEST_PROP(TextStream, does_not_depend_on_where_tokens_begin_and_end, ()) {
  const auto letter = rc::gen::elementOf(std::string("ab\xC3\xA9\xE2"));
  const auto text = *rc::gen::container<std::string>(letter);
  const auto stops = *rc::gen::resize(
      3, rc::gen::container<std::vector<std::string>>(rc::gen::nonEmpty(rc::gen::container<std::string>(letter))));
  size_t end = text.size();
  bool stops_somewhere = false;
  for (size_t n = 1; n <= text.size() && !stops_somewhere; ++n) {
    for (const auto& stop : stops) {
      if (!std::string_view(text).substr(0, n).ends_with(stop)) continue;
      end = stops_somewhere ? std::min(end, n - stop.size()) : n - stop.size();
      stops_somewhere = true;
    }
  }
  TextStream stream(stops);
  std::string shown;
  for (size_t from = 0; from < text.size();) {
    const auto n = *rc::gen::inRange<size_t>(1, 4);
    const std::string piece = stream.push(std::string_view(text).substr(from, n));
    shown += piece;
    from += n;
  }
  shown += stream.finish();
  RC_ASSERT(stream.stopped() == stops_somewhere);
  RC_ASSERT(shown == text.substr(0, end));
}

}  // namespace
}  // namespace ingle::engine
