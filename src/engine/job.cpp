#include "engine/job.h"

#include "base/check.h"

namespace ingle::engine {

uint64_t Job::beginning(size_t n_pages, uint32_t page_tokens) {
  INGLE_CHECK(n_pages > 0 && n_pages * page_tokens <= tokens_.size());
  while (beginnings_.size() < n_pages) {
    // FNV-1a over words.
    uint64_t hash = beginnings_.empty() ? 0xcbf29ce484222325ULL : beginnings_.back();
    for (const int32_t token : std::span(tokens_).subspan(beginnings_.size() * page_tokens, page_tokens))
      hash = (hash ^ static_cast<uint32_t>(token)) * 0x100000001b3ULL;
    beginnings_.push_back(hash);
  }
  return beginnings_[n_pages - 1];
}

}  // namespace ingle::engine
