// Small pieces that detectors share: character classes and numbers that are written in groups. Internal to detectors/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ingle::router {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
constexpr bool is_letter(char c) {
  return is_upper(c) || is_lower(c);
}
constexpr bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}
constexpr bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr char to_upper(char c) {
  return is_lower(c) ? static_cast<char>(c - 'a' + 'A') : c;
}
constexpr char to_lower(char c) {
  return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}
/// The character before `at`; NUL at the beginning.
constexpr char before(std::string_view text, size_t at) {
  return at == 0 ? '\0' : text[at - 1];
}
constexpr char at_or_nul(std::string_view text, size_t at) {
  return at < text.size() ? text[at] : '\0';
}

/// Characters of one class with separators between them, read from a place on: "DE89 3704-00" is ten characters.
struct Reading {
  static constexpr size_t kMax = 40;
  std::array<char, kMax> chars{};
  std::array<size_t, kMax> ends{};  // where in the text the character ends
  std::array<bool, kMax> whole{};   // no digit or letter follows directly: a number may end here
  size_t n = 0;
  size_t n_lines = 0;  // line breaks crossed

  std::string_view text(size_t count) const { return {chars.data(), count}; }
};

/// Up to `max` characters that `wanted` accepts, with at most three separators (blank, tab, line break, - . / _) between
/// two of them and at most one line break in all.
template <typename Wanted>
Reading read_grouped(std::string_view text, size_t from, size_t max, Wanted wanted) {
  constexpr size_t kMaxSeparators = 3;
  Reading reading;
  size_t separators = 0;
  for (size_t i = from; i < text.size() && reading.n < max && reading.n < Reading::kMax; ++i) {
    const char c = text[i];
    if (wanted(c)) {
      reading.chars[reading.n] = c;
      reading.ends[reading.n] = i + 1;
      reading.whole[reading.n] = !is_alnum(at_or_nul(text, i + 1));
      ++reading.n;
      separators = 0;
    } else if (c == '\n' && reading.n_lines == 0 && ++separators <= kMaxSeparators) {
      ++reading.n_lines;
    } else if ((c == ' ' || c == '\t' || c == '\r' || c == '-' || c == '.' || c == '/' || c == '_') &&
               ++separators <= kMaxSeparators) {
      continue;
    } else {
      break;
    }
  }
  return reading;
}

/// Which characters the words of a table can begin with, so that most places of a text cost one look.
class FirstLetters {
 public:
  template <typename Rows, typename Word>
  constexpr FirstLetters(const Rows& rows, Word word) {
    for (const auto& row : rows)
      may_begin_[static_cast<unsigned char>((row.*word).front())] = true;
  }
  constexpr bool has(char c) const { return may_begin_[static_cast<unsigned char>(c)]; }

 private:
  std::array<bool, 256> may_begin_{};
};

bool luhn(std::string_view digits);
/// ISO 7064, MOD 11,10 over all digits, the last being the check digit.
bool mod_11_10(std::string_view digits);

}  // namespace ingle::router
