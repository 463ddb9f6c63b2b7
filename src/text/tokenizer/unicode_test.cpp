#include <gtest/gtest.h>
#include <utf8proc.h>

#include <string>

#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/unicode_class.h"

namespace ingle::text {
namespace {

CharClass class_by_utf8proc(int32_t c) {
  switch (utf8proc_category_string(c)[0]) {
    case 'L':
      return CharClass::kLetter;
    case 'M':
      return CharClass::kMark;
    case 'N':
      return CharClass::kNumber;
    case 'P':
      return CharClass::kPunctuation;
    case 'S':
      return CharClass::kSymbol;
    case 'Z':
      return CharClass::kWhitespace;
    default:
      return CharClass::kOther;
  }
}

TEST(UnicodeClass, agrees_with_utf8proc_on_what_both_versions_of_unicode_assign) {
  int compared = 0;
  for (int32_t c = 0; c < 0x110000; ++c) {
    const bool is_control_space = (c >= 0x09 && c <= 0x0D) || c == 0x85;
    if (is_control_space || utf8proc_category(c) == UTF8PROC_CATEGORY_CN) continue;
    const CharClass ours = char_class(static_cast<char32_t>(c));
    // A newer utf8proc assigns more than our table knows.
    if (ours == CharClass::kOther && class_by_utf8proc(c) != CharClass::kOther) {
      EXPECT_NE(std::string(utf8proc_unicode_version()), "15.0.0") << std::hex << c;
      continue;
    }
    ASSERT_EQ(ours, class_by_utf8proc(c)) << std::hex << c;
    ++compared;
  }
  EXPECT_GT(compared, 280'000);
}

TEST(UnicodeClass, holds_what_unicode_15_1_added) {
  EXPECT_EQ(char_class(0x2FFC), CharClass::kSymbol);
  EXPECT_EQ(char_class(0x31EF), CharClass::kSymbol);
  EXPECT_EQ(char_class(0x2EBF0), CharClass::kLetter);
  EXPECT_EQ(char_class(0x2EE5D), CharClass::kLetter);
  EXPECT_EQ(char_class(0x2EE5E), CharClass::kOther);
}

TEST(UnicodeClass, counts_white_space_controls_and_nothing_beyond_unicode) {
  for (const char32_t c : {U'\t', U'\n', U'\v', U'\f', U'\r', U' ', U'\u0085', U'\u00a0', U'\u3000'}) {
    EXPECT_EQ(char_class(c), CharClass::kWhitespace) << static_cast<uint32_t>(c);
  }
  for (const char32_t c : {U'\x1C', U'\x1F', U'\u200B', U'\uFEFF', char32_t{0xD800}, char32_t{0x110000}}) {
    EXPECT_EQ(char_class(c), CharClass::kOther) << static_cast<uint32_t>(c);
  }
}

TEST(CodePoints, are_written_back_as_they_were_read_when_the_text_is_normal) {
  std::string text;
  for (char32_t c = 0; c < 0x110000; c += 7)
    append_utf8(c, text);
  EXPECT_TRUE(is_normal_utf8(text));
  EXPECT_EQ(normalise_utf8(text), text);
}

TEST(CodePoints, replace_each_byte_that_cannot_be_read) {
  const std::string bad = "\uFFFD";
  EXPECT_EQ(normalise_utf8("a\xFFz"), "a" + bad + "z");
  EXPECT_EQ(normalise_utf8("\xE2\x82"), bad + bad);
  EXPECT_EQ(normalise_utf8("\xE2\x28\xA1"), bad + "(" + bad);
  EXPECT_EQ(normalise_utf8("\xF8\x88\x80\x80\x80"), bad + bad + bad + bad + bad);
  EXPECT_EQ(normalise_utf8("\xF4\x90\x80\x80"), bad + bad + bad + bad);
  EXPECT_EQ(normalise_utf8("\xC0\x80"), std::string(1, '\0'));
  EXPECT_EQ(normalise_utf8("\xE0\x80\xAF"), "/");
  EXPECT_FALSE(is_normal_utf8("12345678\xC0\xAF"));
  EXPECT_FALSE(is_normal_utf8("\xFF"));
  EXPECT_TRUE(is_normal_utf8("\uFFFD"));
}

TEST(ByteAlphabet, has_a_letter_for_each_byte_and_a_byte_for_each_letter) {
  for (unsigned byte = 0; byte < 256; ++byte) {
    const std::string_view letter = letter_of_byte(static_cast<uint8_t>(byte));
    EXPECT_EQ(byte_of_letter(decode_code_point(letter, 0).value), byte);
  }
  EXPECT_EQ(letter_of_byte(' '), "Ġ");
  EXPECT_EQ(letter_of_byte('\n'), "Ċ");
  EXPECT_EQ(byte_of_letter(U'Ń'), 0xAD);
  EXPECT_EQ(byte_of_letter(U'ń'), std::nullopt);
  EXPECT_EQ(byte_of_letter(U' '), std::nullopt);
}

}  // namespace
}  // namespace ingle::text
