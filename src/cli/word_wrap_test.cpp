#include "cli/word_wrap.h"

#include <gtest/gtest.h>

namespace ingle::cli {
namespace {

/// What a terminal shows after these bytes: enough of one for the two sequences that WordWrap sends.
std::string shown(const std::string& bytes) {
  std::string screen;
  size_t cursor = 0;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] != '\x1b') {
      screen.resize(cursor);
      screen += bytes[i];
      ++cursor;
      continue;
    }
    i += 2;
    size_t count = 0;
    for (; bytes[i] >= '0' && bytes[i] <= '9'; ++i)
      count = count * 10 + static_cast<size_t>(bytes[i] - '0');
    if (bytes[i] == 'D') cursor -= count;
    if (bytes[i] == 'K') screen.resize(cursor);
  }
  return screen;
}

std::string wrapped(std::string_view text, int width, size_t piece) {
  WordWrap wrap(width);
  std::string out;
  for (size_t i = 0; i < text.size(); i += piece)
    out += wrap.feed(text.substr(i, piece));
  return shown(out);
}

TEST(WordWrap, moves_the_word_that_does_not_fit_however_the_text_arrives) {
  for (size_t piece = 1; piece < 12; ++piece)
    EXPECT_EQ(wrapped("one two three four", 9, piece), "one two \nthree \nfour") << piece;
}

TEST(WordWrap, breaks_words_that_are_longer_than_a_line) {
  EXPECT_EQ(wrapped("abcdefgh", 3, 1), "abc\ndef\ngh");
}

TEST(WordWrap, a_full_line_ends_without_an_empty_one_after_it) {
  EXPECT_EQ(wrapped("abc def", 3, 1), "abc\ndef");
}

TEST(WordWrap, keeps_the_line_breaks_of_the_text) {
  EXPECT_EQ(wrapped("a\n\n  b\nc", 4, 1), "a\n\n  b\nc");
}

TEST(WordWrap, without_a_width_nothing_changes) {
  EXPECT_EQ(wrapped("one two three", 0, 1), "one two three");
}

TEST(WordWrap, wide_characters_take_two_columns) {
  EXPECT_EQ(wrapped("\xe6\xbc\xa2\xe5\xad\x97\xe6\xbc\xa2", 4, 3), "\xe6\xbc\xa2\xe5\xad\x97\n\xe6\xbc\xa2");
}

}  // namespace
}  // namespace ingle::cli
