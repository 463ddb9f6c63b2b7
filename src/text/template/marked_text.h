// MarkedText: UTF-8 text that knows of every byte whether it may be trusted.
//
// What users, tools and clients wrote is untrusted; what the template wrote is trusted. All operations of the template
// engine move text through append and slice, so that the mark cannot be lost on the way. A plain value.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::text::jinja {

class MarkedText {
 public:
  struct Run {
    size_t begin;
    size_t end;
  };

  MarkedText() = default;
  MarkedText(std::string_view bytes, bool trusted) { append(bytes, trusted); }

  std::string_view bytes() const { return bytes_; }
  size_t size() const { return bytes_.size(); }
  bool empty() const { return bytes_.empty(); }
  /// The untrusted bytes: sorted, disjoint, never touching.
  const std::vector<Run>& untrusted() const { return untrusted_; }

  void append(std::string_view bytes, bool trusted);
  void append(const MarkedText& other) { append(other, 0, other.size()); }
  /// Bytes [begin, end) of `other`, with their marks.
  void append(const MarkedText& other, size_t begin, size_t end);
  MarkedText slice(size_t begin, size_t end) const;

 private:
  void mark_untrusted(size_t begin, size_t end);

  std::string bytes_;
  std::vector<Run> untrusted_;
};

/// Asks for the mark of bytes in ascending order, at constant cost.
class MarkReader {
 public:
  explicit MarkReader(const MarkedText& text) : runs_(text.untrusted()) {}
  bool trusted(size_t at) {
    while (next_ < runs_.size() && runs_[next_].end <= at)
      ++next_;
    return next_ == runs_.size() || at < runs_[next_].begin;
  }

 private:
  const std::vector<MarkedText::Run>& runs_;
  size_t next_ = 0;
};

}  // namespace ingle::text::jinja
