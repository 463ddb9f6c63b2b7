#include "text/grammar/utf8_ops.h"

#include <algorithm>
#include <map>

namespace ingle::text::grammar {
namespace {

struct ByteRange {
  uint8_t first = 0;
  uint8_t last = 0;
  friend auto operator<=>(const ByteRange&, const ByteRange&) = default;
};

constexpr char32_t kLastOfLength[] = {0x7F, 0x7FF, 0xFFFF, 0x10FFFF};

std::vector<uint8_t> encode(char32_t c, size_t length) {
  constexpr uint8_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  std::vector<uint8_t> bytes(length);
  for (size_t i = length; i > 1; --i) {
    bytes[i - 1] = static_cast<uint8_t>(0x80 | (c & 0x3F));
    c >>= 6;
  }
  bytes[0] = static_cast<uint8_t>(kLead[length - 1] | c);
  return bytes;
}

/// Characters by the bytes after the first, each with the first bytes that they follow.
class Sequences {
 public:
  void add(CodePointRange range) {
    char32_t begin = 0;
    for (size_t length = 1; length <= 4; begin = kLastOfLength[length - 1] + 1, ++length) {
      const char32_t low = std::max(range.first, begin);
      const char32_t high = std::min(range.last, kLastOfLength[length - 1]);
      if (low <= high) split(low, high, length);
    }
  }

  OpId emit(ProgramBuilder& builder, OpId next) const {
    std::map<std::vector<ByteRange>, OpId> tails = {{{}, next}};
    const auto emit_tail = [&](const std::vector<ByteRange>& tail, auto& self) -> OpId {
      const auto known = tails.find(tail);
      if (known != tails.end()) return known->second;
      const OpId rest = self(std::vector<ByteRange>(tail.begin() + 1, tail.end()), self);
      return tails[tail] = builder.bytes(byte_range(tail[0].first, tail[0].last), rest);
    };
    std::vector<OpId> parts;
    for (const auto& [tail, leads] : leads_)
      parts.push_back(builder.bytes(leads, emit_tail(tail, emit_tail)));
    return builder.choice(parts);
  }

 private:
  /// Cuts the range until each of its bytes goes through a range of its own.
  void split(char32_t low, char32_t high, size_t length) {
    for (size_t i = 1; i < length; ++i) {
      const char32_t mask = (char32_t{1} << (6 * i)) - 1;
      if ((low & ~mask) == (high & ~mask)) continue;
      if ((low & mask) != 0) {
        split(low, low | mask, length);
        split((low | mask) + 1, high, length);
        return;
      }
      if ((high & mask) != mask) {
        split(low, (high & ~mask) - 1, length);
        split(high & ~mask, high, length);
        return;
      }
    }
    const auto first = encode(low, length);
    const auto last = encode(high, length);
    std::vector<ByteRange> tail;
    for (size_t i = 1; i < length; ++i)
      tail.push_back({first[i], last[i]});
    leads_[tail] |= byte_range(first[0], last[0]);
  }

  std::map<std::vector<ByteRange>, ByteSet> leads_;
};

}  // namespace

OpId emit_utf8(ProgramBuilder& builder, const CodePointSet& set, OpId next) {
  if (next == ProgramBuilder::kNever) return next;
  Sequences sequences;
  for (const CodePointRange& range : set)
    sequences.add(range);
  return sequences.emit(builder, next);
}

}  // namespace ingle::text::grammar
