#include "engine/text_stream.h"

#include <algorithm>
#include <utility>

#include "base/utf8.h"

namespace ingle::engine {
namespace {

/// Length of the longest end of `text` that is a beginning of `stop`, the whole of it excepted.
size_t partial_match(std::string_view text, std::string_view stop) {
  for (size_t n = std::min(text.size(), stop.size() - 1); n > 0; --n) {
    if (text.ends_with(stop.substr(0, n))) return n;
  }
  return 0;
}

}  // namespace

std::string TextStream::push(std::string_view bytes) {
  n_read_ += bytes.size();
  if (stopped_) return {};
  held_ += bytes;
  // The stop string that is complete first, so that it does not matter how tokens cut the text; the longest of those.
  size_t first_end = std::string::npos;
  for (const std::string& stop : stops_) {
    const size_t found = held_.find(stop);
    if (found == std::string::npos) continue;
    const size_t end = found + stop.size();
    if (end > first_end || (end == first_end && stop.size() <= stop_text_.size())) continue;
    first_end = end;
    stop_text_ = stop;
  }
  if (first_end != std::string::npos) {
    stopped_ = true;
    held_.resize(first_end - stop_text_.size());
    return finish();
  }
  size_t certain = held_.size();
  for (const std::string& stop : stops_)
    certain = std::min(certain, held_.size() - partial_match(held_, stop));
  certain = base::complete_utf8_prefix(std::string_view(held_).substr(0, certain));
  std::string text = held_.substr(0, certain);
  held_.erase(0, certain);
  n_given_ += certain;
  return text;
}

std::string TextStream::finish() {
  n_given_ += held_.size();
  return std::exchange(held_, {});
}

}  // namespace ingle::engine
