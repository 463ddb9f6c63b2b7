// A text cut into numbers, words, marks and spaces, as readers of amounts and dates look at it. Internal to copy_values.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::text::grammar {

struct TextToken {
  enum class Kind : uint8_t { kNumber, kWord, kMark, kSpace };
  Kind kind = Kind::kSpace;
  char32_t mark = 0;  // kMark; all dashes are '-', all apostrophes '\''
  std::string text;   // kNumber: its digits; kWord: lower case without accents
  uint32_t from = 0;  // in code points
  uint32_t to = 0;

  bool is_number() const { return kind == Kind::kNumber; }
  bool is_mark(char32_t c) const { return kind == Kind::kMark && mark == c; }
};

/// Digits are the ASCII ones. A run of white space is one token. Bytes that are no UTF-8 are marks.
std::vector<TextToken> text_tokens(std::string_view text);

}  // namespace ingle::text::grammar
