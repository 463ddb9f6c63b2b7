#include "text/tokenizer/code_points.h"

#include <cstdint>
#include <cstring>

namespace ingle::text {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

uint8_t byte_at(std::string_view bytes, size_t i) {
  return static_cast<uint8_t>(bytes[i]);
}

size_t encoded_length(char32_t c) {
  return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

}  // namespace

size_t claimed_length(char first_byte) {
  constexpr uint8_t kLengths[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
  return kLengths[static_cast<uint8_t>(first_byte) >> 4];
}

CodePoint decode_code_point(std::string_view bytes, size_t offset) {
  const uint8_t first = byte_at(bytes, offset);
  if (first < 0x80) return {first, 1};
  const size_t size = claimed_length(bytes[offset]);
  if (size == 1 || first >= 0xF8 || bytes.size() - offset < size) return {kReplacement, 1};
  char32_t value = first & (0x7FU >> size);
  for (size_t i = 1; i < size; ++i) {
    const uint8_t next = byte_at(bytes, offset + i);
    if ((next & 0xC0) != 0x80) return {kReplacement, 1};
    value = (value << 6) | (next & 0x3FU);
  }
  if (value > 0x10FFFF) return {kReplacement, 1};
  return {value, size};
}

void append_utf8(char32_t c, std::string& out) {
  auto tail = [&](unsigned shift) { out += static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
  switch (encoded_length(c)) {
    case 1:
      out += static_cast<char>(c);
      return;
    case 2:
      out += static_cast<char>(0xC0 | (c >> 6));
      return tail(0);
    case 3:
      out += static_cast<char>(0xE0 | (c >> 12));
      tail(6);
      return tail(0);
    default:
      out += static_cast<char>(0xF0 | (c >> 18));
      tail(12);
      tail(6);
      return tail(0);
  }
}

bool is_normal_utf8(std::string_view bytes) {
  size_t i = 0;
  while (i < bytes.size()) {
    uint64_t eight;
    if (bytes.size() - i >= sizeof eight) {
      std::memcpy(&eight, bytes.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    const CodePoint c = decode_code_point(bytes, i);
    // A replacement of one byte and an over-long form both differ in length from what they decode to.
    if (encoded_length(c.value) != c.size) return false;
    i += c.size;
  }
  return true;
}

std::string normalise_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    const CodePoint c = decode_code_point(bytes, i);
    append_utf8(c.value, out);
    i += c.size;
  }
  return out;
}

}  // namespace ingle::text
