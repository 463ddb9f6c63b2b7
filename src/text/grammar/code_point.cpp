#include <algorithm>
#include <array>

#include "text/grammar/pattern.h"

namespace ingle::text::grammar {
namespace {

using Bytes = std::array<uint8_t, 4>;

constexpr char32_t kLastOfLength[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

Bytes encode(char32_t c, size_t length) {
  constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  Bytes bytes{};
  for (size_t i = length; i > 1; --i) {
    bytes[i - 1] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    c >>= 6;
  }
  bytes[0] = static_cast<uint8_t>(kLead[length - 1] | c);
  return bytes;
}

OpId any_tail(ProgramBuilder& builder, size_t n, OpId next) {
  for (size_t i = 0; i < n; ++i)
    next = builder.bytes(byte_range(0x80, 0xBF), next);
  return next;
}

/// Sequences of one length from `low` to `high`, from byte `at` on; what came before is equal in both.
OpId between(ProgramBuilder& builder, const Bytes& low, const Bytes& high, size_t at, size_t length, OpId next) {
  if (at == length) return next;
  const size_t tail = length - at - 1;
  if (low[at] == high[at])
    return builder.bytes(byte_range(low[at], low[at]), between(builder, low, high, at + 1, length, next));
  Bytes last = low;
  Bytes first = high;
  std::fill(last.begin() + static_cast<std::ptrdiff_t>(at) + 1, last.end(), 0xBF);
  std::fill(first.begin() + static_cast<std::ptrdiff_t>(at) + 1, first.end(), 0x80);
  std::vector<OpId> parts = {
      builder.bytes(byte_range(low[at], low[at]), between(builder, low, last, at + 1, length, next)),
      builder.bytes(byte_range(high[at], high[at]), between(builder, first, high, at + 1, length, next))};
  if (low[at] + 1 < high[at])
    parts.push_back(builder.bytes(byte_range(static_cast<uint8_t>(low[at] + 1), static_cast<uint8_t>(high[at] - 1)),
                                  any_tail(builder, tail, next)));
  return builder.choice(parts);
}

void add_ascii(ProgramBuilder& builder, const ByteSet& ascii, OpId next, std::vector<OpId>& parts) {
  ByteSet plain = ascii;
  constexpr std::string_view kLetters = "btnfr";
  constexpr std::string_view kCodes = "\b\t\n\f\r";
  for (size_t i = 0; i < kCodes.size(); ++i) {
    if (ascii[static_cast<uint8_t>(kCodes[i])]) parts.push_back(builder.byte('\\', builder.byte(kLetters[i], next)));
  }
  for (const char c : {'"', '\\'}) {
    if (ascii[static_cast<uint8_t>(c)]) parts.push_back(builder.byte('\\', builder.byte(c, next)));
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  for (uint8_t c = 0; c < 0x20; ++c) {
    const bool has_letter = kCodes.find(static_cast<char>(c)) != std::string_view::npos;
    if (ascii[c] && !has_letter)
      parts.push_back(builder.literal("\\u00", builder.byte(kHex[c >> 4], builder.byte(kHex[c & 15], next))));
    plain.reset(c);
  }
  plain.reset('"').reset('\\');
  parts.push_back(builder.bytes(plain, next));
}

}  // namespace

OpId emit_code_point(ProgramBuilder& builder, const std::vector<CodePointRange>& ranges, OpId next) {
  std::vector<OpId> parts;
  ByteSet ascii;
  for (const auto [first, last] : ranges) {
    char32_t begin = 0;
    for (size_t length = 1; length <= 4; begin = kLastOfLength[length - 1] + 1, ++length) {
      const char32_t low = std::max(first, begin);
      const char32_t high = std::min(last, kLastOfLength[length - 1]);
      if (low > high) continue;
      if (length == 1) {
        ascii |= byte_range(static_cast<uint8_t>(low), static_cast<uint8_t>(high));
        continue;
      }
      const auto add = [&](char32_t a, char32_t b) {
        if (a <= b) parts.push_back(between(builder, encode(a, length), encode(b, length), 0, length, next));
      };
      if (length != 3) {
        add(low, high);
        continue;
      }
      add(low, std::min<char32_t>(high, 0xD7FF));  // surrogates are no characters
      add(std::max<char32_t>(low, 0xE000), high);
    }
  }
  if (ascii.any()) add_ascii(builder, ascii, next, parts);
  return builder.choice(parts);
}

}  // namespace ingle::text::grammar
