#include "engine/page_keeper.h"

#include <algorithm>

namespace ingle::engine {
namespace {

constexpr size_t kLeastPages = 2;   // a shorter text is read again as soon as found
constexpr size_t kMostWaiting = 8;  // sequences

}  // namespace

bool PageKeeper::restore(KvCache::SequenceId id, std::string_view client, std::span<const int32_t> tokens,
                         uint32_t most, std::vector<PageKey>& keys) {
  const uint32_t page_tokens = cache_.page_tokens();
  if (tokens.size() / page_tokens < kLeastPages) return true;
  extend_page_keys(root_key(store_.file().identity(), client), tokens, page_tokens, keys);
  std::vector<KvCache::Copy> copies;
  for (; most > 0; --most) {
    const uint32_t n_stored = cache_.size(id);
    const size_t next = n_stored / page_tokens;
    if (next >= keys.size() || !store_.file().holds(keys[next])) return true;
    // Never the last page: somebody else may need one for his next token.
    if (cache_.available() < 2 || !cache_.reserve(id, n_stored + page_tokens, copies)) return true;
    if (!store_.read(keys[next], executor_.page(cache_.pages(id)[next]))) {
      cache_.truncate(id, n_stored);
      return true;
    }
    cache_.commit(id, tokens.first(n_stored + page_tokens));
  }
  return cache_.size(id) / page_tokens >= keys.size();
}

void PageKeeper::keep(KvCache::SequenceId id, std::string_view client, std::span<const int32_t> tokens) {
  const auto full = tokens.first(cache_.size(id) / cache_.page_tokens() * cache_.page_tokens());
  if (full.size() / cache_.page_tokens() < kLeastPages) return;
  std::vector<PageKey> keys;
  extend_page_keys(root_key(store_.file().identity(), client), full, cache_.page_tokens(), keys);
  if (std::ranges::all_of(keys, [&](const PageKey& key) { return store_.holds(key); })) return;
  if (waiting_.size() >= kMostWaiting) {
    cache_.close(waiting_.front().id);
    waiting_.pop_front();
  }
  waiting_.push_back({.id = cache_.fork(id), .keys = std::move(keys)});
}

void PageKeeper::store_some(bool one_page) {
  while (!waiting_.empty()) {
    Sequence& first = waiting_.front();
    while (first.next < first.keys.size() && store_.holds(first.keys[first.next]))
      ++first.next;
    if (first.next == first.keys.size()) {
      cache_.close(first.id);
      waiting_.pop_front();
      continue;
    }
    if (!store_.store(first.keys[first.next], executor_.page(cache_.pages(first.id)[first.next]))) return;
    ++first.next;
    if (one_page) return;
  }
}

bool PageKeeper::let_go() {
  if (waiting_.empty()) return false;
  for (const Sequence& sequence : waiting_)
    cache_.close(sequence.id);
  waiting_.clear();
  return true;
}

void PageKeeper::finish(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!waiting_.empty() && std::chrono::steady_clock::now() < until) {
    store_some(false);
    store_.flush(std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()));
  }
  let_go();
  store_.flush(std::max(std::chrono::milliseconds(0), std::chrono::duration_cast<std::chrono::milliseconds>(
                                                          until - std::chrono::steady_clock::now())));
}

}  // namespace ingle::engine
