// TextIndex: a UTF-8 text addressed by code points, and the same text folded for comparison.
//
// `folded` has exactly one ASCII byte a code point, so that an index in it is an index in the text: lower case, accents
// dropped, every space ' ', every dash '-', apostrophes '\''. What has no ASCII relative becomes kOther. Immutable; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "documents/document.h"

namespace ingle::documents {

inline constexpr char kOther = '\x7f';     // a letter or sign without an ASCII relative
inline constexpr char kEuroSign = '\x01';  // signs that matter for amounts have bytes of their own
inline constexpr char kPoundSign = '\x02';
inline constexpr char kYenSign = '\x03';

class TextIndex {
 public:
  explicit TextIndex(std::string_view utf8);

  uint32_t size() const { return static_cast<uint32_t>(folded_.size()); }
  const std::string& folded() const { return folded_; }
  std::string_view folded(Span span) const { return std::string_view(folded_).substr(span.from, span.to - span.from); }
  /// The original text of a span.
  std::string text(Span span) const;
  std::string_view view(Span span) const;

 private:
  std::string utf8_;
  std::string folded_;
  std::vector<uint32_t> offsets_;  // of each code point, and the end
};

/// The folded form of any text, for labels and comparisons.
std::string fold(std::string_view utf8);

}  // namespace ingle::documents
