#include "text/template/text_search.h"

namespace ingle::text::jinja {
namespace {
constexpr size_t kShort = 16;  // up to here the library's quadratic search is bounded well enough, and faster
}

// Knuth, Morris, Pratt 1977.
Finder::Finder(std::string_view needle) : needle_(needle) {
  if (needle.size() <= kShort) return;
  border_.assign(needle.size(), 0);
  size_t matched = 0;
  for (size_t i = 1; i < needle.size(); ++i) {
    while (matched > 0 && needle[i] != needle[matched])
      matched = border_[matched - 1];
    if (needle[i] == needle[matched]) ++matched;
    border_[i] = matched;
  }
}

size_t Finder::find(std::string_view text, size_t from) const {
  if (border_.empty()) return text.find(needle_, from);
  size_t matched = 0;
  for (size_t i = from; i < text.size(); ++i) {
    while (matched > 0 && text[i] != needle_[matched])
      matched = border_[matched - 1];
    if (text[i] == needle_[matched]) ++matched;
    if (matched == needle_.size()) return i + 1 - matched;
  }
  return kNone;
}

}  // namespace ingle::text::jinja
