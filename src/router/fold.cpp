#include "router/fold.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/check.h"

namespace ingle::router {
namespace {

/// The digit zero of every script whose ten digits follow one another (Unicode 15, general category Nd).
constexpr char32_t kZeros[] = {0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,
                               0x0CE6,  0x0D66,  0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,
                               0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,  0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,
                               0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30, 0x11066, 0x110F0,
                               0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0, 0x11950,
                               0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2,
                               0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E950, 0x1FBF0};

struct Lookalike {
  char32_t point;
  char ascii;
};

/// Sorted. Letters that a reader takes for Latin ones, digits that stand above or below the line or in a circle, and signs.
constexpr Lookalike kLookalikes[] = {
    {0x00B2, '2'}, {0x00B3, '3'}, {0x00B7, '.'}, {0x00B9, '1'}, {0x0391, 'A'}, {0x0392, 'B'}, {0x0395, 'E'},
    {0x0396, 'Z'}, {0x0397, 'H'}, {0x0399, 'I'}, {0x039A, 'K'}, {0x039C, 'M'}, {0x039D, 'N'}, {0x039F, 'O'},
    {0x03A1, 'P'}, {0x03A4, 'T'}, {0x03A5, 'Y'}, {0x03A7, 'X'}, {0x03BF, 'o'}, {0x0405, 'S'}, {0x0406, 'I'},
    {0x0408, 'J'}, {0x0410, 'A'}, {0x0412, 'B'}, {0x0415, 'E'}, {0x041A, 'K'}, {0x041C, 'M'}, {0x041D, 'H'},
    {0x041E, 'O'}, {0x0420, 'P'}, {0x0421, 'C'}, {0x0422, 'T'}, {0x0425, 'X'}, {0x0430, 'a'}, {0x0435, 'e'},
    {0x043E, 'o'}, {0x0440, 'p'}, {0x0441, 'c'}, {0x0443, 'y'}, {0x0445, 'x'}, {0x0456, 'i'}, {0x2024, '.'},
    {0x2044, '/'}, {0x2070, '0'}, {0x2212, '-'}, {0x24EA, '0'}, {0x3002, '.'}, {0xFE52, '.'}, {0xFE6B, '@'},
    {0xFF61, '.'}};

constexpr bool is_invisible(char32_t c) {
  return c == 0x00AD || c == 0x034F || c == 0x061C || (c >= 0x180B && c <= 0x180F) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF ||
         (c >= 0xE0000 && c <= 0xE0FFF) || (c >= 0x0300 && c <= 0x036F) || c == 0x20E3;
}

constexpr bool is_space(char32_t c) {
  return c == 0x00A0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F ||
         c == 0x205F || c == 0x3000;
}

constexpr bool is_dash(char32_t c) {
  return (c >= 0x2010 && c <= 0x2015) || c == 0x2E3A || c == 0x2E3B || c == 0xFE58 || c == 0xFE63;
}

constexpr char kDrop = '\0';

/// The ASCII that a code point stands for, kDrop for nothing at all; no value: it stays what it is.
std::optional<char> ascii_of(char32_t c) {
  if (is_invisible(c)) return kDrop;
  if (is_space(c)) return ' ';
  if (is_dash(c)) return '-';
  if (c >= 0xFF01 && c <= 0xFF5E) return static_cast<char>(c - 0xFF01 + '!');
  if (c >= 0x2074 && c <= 0x2079) return static_cast<char>(c - 0x2074 + '4');
  if (c >= 0x2080 && c <= 0x2089) return static_cast<char>(c - 0x2080 + '0');
  if (c >= 0x2460 && c <= 0x2468) return static_cast<char>(c - 0x2460 + '1');
  // Thirteen alphabets of 26 capitals and 26 small letters; the few holes stand elsewhere and are rare.
  if (c >= 0x1D400 && c < 0x1D400 + 13 * 52) {
    const auto at = static_cast<int>((c - 0x1D400) % 52);
    return static_cast<char>(at < 26 ? 'A' + at : 'a' + at - 26);
  }
  if (c >= 0x1F130 && c <= 0x1F149) return static_cast<char>(c - 0x1F130 + 'A');
  const auto zero = std::upper_bound(std::begin(kZeros), std::end(kZeros), c);
  if (zero != std::begin(kZeros) && c - *(zero - 1) < 10) return static_cast<char>(c - *(zero - 1) + '0');
  const auto like = std::ranges::lower_bound(kLookalikes, c, {}, &Lookalike::point);
  if (like != std::end(kLookalikes) && like->point == c) return like->ascii;
  return std::nullopt;
}

struct CodePoint {
  char32_t value = 0;
  size_t size = 1;
};

/// Malformed bytes count as one code point each that nothing looks like.
CodePoint decode(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t size = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  if (size <= 1 || size > text.size()) return {first < 0x80 ? char32_t{first} : char32_t{0xFFFD}, 1};
  char32_t value = first & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) {
    if (byte(i) >> 6 != 2) return {0xFFFD, 1};
    value = value << 6 | (byte(i) & 0x3FU);
  }
  return {value, size};
}

}  // namespace

Folded fold(std::string_view text) {
  INGLE_CHECK(text.size() < UINT32_MAX);
  Folded result;
  result.text.reserve(text.size());
  result.origin.reserve(text.size() + 1);
  for (size_t i = 0; i < text.size();) {
    const auto origin = static_cast<uint32_t>(i);
    if (static_cast<unsigned char>(text[i]) < 0x80) {
      result.text += text[i++];
      result.origin.push_back(origin);
      continue;
    }
    const CodePoint point = decode(text.substr(i));
    const std::optional<char> ascii = ascii_of(point.value);
    if (!ascii) {
      result.text += text.substr(i, point.size);
      result.origin.insert(result.origin.end(), point.size, origin);
    } else if (*ascii != kDrop) {
      result.text += *ascii;
      result.origin.push_back(origin);
    }
    i += point.size;
  }
  result.origin.push_back(static_cast<uint32_t>(text.size()));
  return result;
}

}  // namespace ingle::router
