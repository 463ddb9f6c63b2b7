// Mail addresses: RFC 5321's dot-atoms with a host name whose last label is no number, international names included.
#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

constexpr bool is_foreign(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}

constexpr bool is_local(char c) {
  return is_alnum(c) || is_foreign(c) || std::string_view(".!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

constexpr bool is_host(char c) {
  return is_alnum(c) || is_foreign(c) || c == '-';
}

/// Where the host name that begins at `from` ends; `from` when there is none with two labels.
size_t host_end(std::string_view text, size_t from) {
  constexpr size_t kMaxHost = 255;
  size_t end = from;
  size_t label = from;
  for (size_t i = from; i < text.size() && i - from < kMaxHost; ++i) {
    if (is_host(text[i])) continue;
    if (text[i] != '.' || i == label) break;
    label = i + 1;
  }
  size_t stop = label;
  while (stop < text.size() && stop - from < kMaxHost && is_host(text[stop]))
    ++stop;
  // A dot at the end belongs to the sentence.
  const size_t last_end = stop == label && label > from ? label - 1 : stop;
  size_t last = last_end;
  while (last > from && text[last - 1] != '.')
    --last;
  if (last == from || last_end - last < 2) return from;
  for (size_t i = last; i < last_end; ++i) {
    if (is_letter(text[i]) || is_foreign(text[i])) end = last_end;
  }
  return end;
}

void scan(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kMaxLocal = 64;
  for (size_t at = text.find('@'); at != std::string_view::npos; at = text.find('@', at + 1)) {
    size_t begin = at;
    while (begin > 0 && at - begin < kMaxLocal && is_local(text[begin - 1]))
      --begin;
    while (begin < at && !is_alnum(text[begin]) && !is_foreign(text[begin]) && text[begin] != '_')
      ++begin;
    const size_t end = host_end(text, at + 1);
    if (begin < at && end > at + 1) found.push_back({begin, end});
  }
}

}  // namespace

const Detector kEmailDetector{"email", "a mail address", scan};

}  // namespace ingle::router
