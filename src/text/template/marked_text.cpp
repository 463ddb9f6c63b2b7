#include "text/template/marked_text.h"

#include <algorithm>

namespace ingle::text::jinja {

void MarkedText::mark_untrusted(size_t begin, size_t end) {
  if (begin == end) return;
  if (!untrusted_.empty() && untrusted_.back().end == begin) {
    untrusted_.back().end = end;
  } else {
    untrusted_.push_back({begin, end});
  }
}

void MarkedText::append(std::string_view bytes, bool trusted) {
  const size_t begin = bytes_.size();
  bytes_.append(bytes);
  if (!trusted) mark_untrusted(begin, bytes_.size());
}

void MarkedText::append(const MarkedText& other, size_t begin, size_t end) {
  const size_t shift = bytes_.size();
  bytes_.append(other.bytes_, begin, end - begin);
  auto run = std::upper_bound(other.untrusted_.begin(), other.untrusted_.end(), begin,
                              [](size_t at, const Run& candidate) { return at < candidate.end; });
  for (; run != other.untrusted_.end() && run->begin < end; ++run) {
    mark_untrusted(std::max(run->begin, begin) - begin + shift, std::min(run->end, end) - begin + shift);
  }
}

MarkedText MarkedText::slice(size_t begin, size_t end) const {
  MarkedText result;
  result.append(*this, begin, end);
  return result;
}

}  // namespace ingle::text::jinja
