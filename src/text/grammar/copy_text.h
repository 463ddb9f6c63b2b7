// CopyText: a text that strings of a document may be copied from, and nothing else.
//
// A span begins and ends at a border of words, so that values are whole: "INV-2024-7", "1.234,56" and "a@b.de" are not cut.
// Any run of white space and control characters in the source, line breaks too, is one space in the copy. The automaton
// reads a copy as it stands inside a JSON string, so quotes and backslashes are escaped already.
//
// A place is an interval of the sorted array of suffixes that may begin a span (a suffix array, Manber and Myers 1990): all
// occurrences of what was read so far. Immutable; any thread may call any member.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::text::grammar {

class CopyText {
 public:
  static constexpr size_t kMaxBytes = size_t{4} << 20;
  static constexpr uint32_t kMaxSpanBytes = 1024;  // longest copy, and what sorting may have to compare

  struct Place {
    uint32_t begin = 0;  // of the interval of suffixes
    uint32_t end = 0;
    uint32_t depth = 0;  // bytes read
    friend auto operator<=>(const Place&, const Place&) = default;
  };

  /// `available`: bytes that the vocabulary can say one at a time. A span with another one could not always be ended.
  static Result<std::shared_ptr<const CopyText>> create(std::string_view text,
                                                        const std::bitset<256>& available = std::bitset<256>().set());

  Place root() const { return {0, static_cast<uint32_t>(starts_.size()), 0}; }
  /// Narrows the place by a byte; false when no span goes on like this.
  bool step(Place& place, uint8_t byte) const;
  /// The byte that every span here goes on with, if it is one; spans may end here all the same.
  std::optional<uint8_t> only_byte(const Place& place) const;
  /// Bytes to the nearest end of a span of `min` to `max` code points, 0 where it may end here; kFar: none ends.
  uint32_t distance(const Place& place, uint32_t min, uint32_t max) const;

  /// Roughly what it holds, in bytes.
  size_t memory() const {
    return escaped_.size() + (next_end_.size() + characters_.size() + starts_.size()) * sizeof(uint32_t);
  }
  /// Bytes that occur.
  const std::bitset<256>& bytes() const { return bytes_; }

 private:
  CopyText() = default;
  int byte_at(uint32_t suffix, uint32_t depth) const;
  uint32_t next_end_beyond(uint32_t at) const;

  std::string escaped_;               // the text with white space joined, as in a JSON string
  std::vector<uint32_t> next_end_;    // from before each byte: where a span can end next, kFar if nowhere
  std::vector<uint32_t> characters_;  // code points that began before each byte
  std::vector<uint32_t> starts_;      // where spans may begin, sorted by what follows
  std::bitset<256> bytes_;
  std::bitset<256> available_;
};

/// A stretch of a text in code points, the end excluded.
struct CodePointSpan {
  uint32_t from = 0;
  uint32_t to = 0;
  friend bool operator==(const CodePointSpan&, const CodePointSpan&) = default;
};

/// Where `value` (a string of the document, no longer escaped) was copied from: its occurrences between borders of words,
/// in order, at most `limit`. Empty for what is no copy.
std::vector<CodePointSpan> find_copies(std::string_view text, std::string_view value, size_t limit = 64);

}  // namespace ingle::text::grammar
