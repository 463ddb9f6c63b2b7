#include "engine/kv_cache.h"

#include <algorithm>

#include "base/check.h"

namespace ingle::engine {

KvCache::KvCache(uint32_t n_pages, uint32_t page_tokens)
    : page_tokens_(page_tokens), references_(n_pages), index_(n_pages, page_tokens) {
  INGLE_CHECK(page_tokens > 0);
  // Low pages first: memory that was never used stays untouched.
  for (uint32_t page = n_pages; page > 0; --page)
    free_.push_back(page - 1);
}

uint32_t KvCache::take() {
  uint32_t page = kNoPage;
  if (free_.empty()) {
    page = index_.evict();
  } else {
    page = free_.back();
    free_.pop_back();
  }
  references_[page] = 1;
  return page;
}

void KvCache::acquire(uint32_t page) {
  if (references_[page]++ == 0) index_.unpark(page);
}

void KvCache::release(uint32_t page) {
  INGLE_CHECK(references_[page] > 0);
  if (--references_[page] > 0) return;
  if (index_.contains(page)) {
    index_.park(page);
  } else {
    free_.push_back(page);
  }
}

void KvCache::shrink(Sequence& sequence, size_t n_pages) {
  // From the end: a page must be parked before its parent (PrefixIndex::evict).
  while (sequence.pages.size() > n_pages) {
    release(sequence.pages.back());
    sequence.pages.pop_back();
  }
}

KvCache::Scope KvCache::scope_of(std::string_view client) {
  const auto found = scopes_.find(client);
  if (found != scopes_.end()) return found->second;
  const auto scope = static_cast<Scope>(scopes_.size());
  INGLE_CHECK(root_of(scope) >= n_pages());
  return scopes_.emplace(client, scope).first->second;
}

KvCache::SequenceId KvCache::open(Scope scope) {
  if (closed_.empty()) {
    sequences_.emplace_back();
    closed_.push_back(static_cast<SequenceId>(sequences_.size() - 1));
  }
  const SequenceId id = closed_.back();
  closed_.pop_back();
  sequences_[id].open = true;
  sequences_[id].scope = scope;
  return id;
}

KvCache::SequenceId KvCache::fork(SequenceId id) {
  INGLE_CHECK(sequences_[id].open);
  const SequenceId copy = open(sequences_[id].scope);
  const Sequence& source = sequences_[id];
  Sequence& target = sequences_[copy];
  target.pages.assign(source.pages.begin(), source.pages.begin() + (source.n_tokens + page_tokens_ - 1) / page_tokens_);
  target.n_tokens = source.n_tokens;
  target.n_published = source.n_published;
  for (const uint32_t page : target.pages)
    acquire(page);
  return copy;
}

void KvCache::close(SequenceId id) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open);
  shrink(sequence, 0);
  sequence.n_tokens = 0;
  sequence.n_published = 0;
  sequence.open = false;
  closed_.push_back(id);
}

uint32_t KvCache::match(SequenceId id, std::span<const int32_t> tokens) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && sequence.n_tokens == sequence.n_published * page_tokens_);
  INGLE_CHECK(sequence.pages.size() == sequence.n_published);
  while (sequence.scope != kAlone && tokens.size() - sequence.n_tokens >= page_tokens_) {
    const uint32_t page =
        index_.find(parent_of(sequence, sequence.n_published), tokens.subspan(sequence.n_tokens, page_tokens_));
    if (page == kNoPage) break;
    acquire(page);
    sequence.pages.push_back(page);
    ++sequence.n_published;
    sequence.n_tokens += page_tokens_;
  }
  return sequence.n_tokens;
}

uint32_t KvCache::match_rest(SequenceId id, std::span<const int32_t> tokens) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && sequence.pages.size() == sequence.n_published);
  if (sequence.scope == kAlone) return sequence.n_tokens;
  const auto rest =
      tokens.subspan(sequence.n_tokens, std::min<size_t>(page_tokens_, tokens.size() - sequence.n_tokens));
  const auto found = index_.longest_beginning(parent_of(sequence, sequence.n_published), rest);
  if (found.page == kNoPage) return sequence.n_tokens;
  acquire(found.page);
  sequence.pages.push_back(found.page);
  sequence.n_tokens += found.n_tokens;
  return sequence.n_tokens;
}

bool KvCache::must_copy(const Sequence& sequence) const {
  if (sequence.n_tokens % page_tokens_ == 0) return false;
  const uint32_t last = sequence.pages[sequence.n_tokens / page_tokens_];
  return references_[last] > 1 || index_.contains(last);
}

uint32_t KvCache::pages_needed(SequenceId id, uint32_t n_tokens) const {
  const Sequence& sequence = sequences_[id];
  if (n_tokens <= sequence.n_tokens) return 0;
  const uint32_t total = (n_tokens - 1) / page_tokens_ + 1;
  const auto held = static_cast<uint32_t>(sequence.pages.size());
  return (total > held ? total - held : 0) + (must_copy(sequence) ? 1 : 0);
}

bool KvCache::reserve(SequenceId id, uint32_t n_tokens, std::vector<Copy>& copies) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && n_tokens > sequence.n_tokens);
  if (pages_needed(id, n_tokens) > available()) return false;
  uint32_t copied = kNoPage;
  if (must_copy(sequence)) {
    uint32_t& last = sequence.pages[sequence.n_tokens / page_tokens_];
    copied = last;
    last = take();
    copies.push_back({copied, last});
  }
  const size_t total = (n_tokens - 1) / page_tokens_ + 1;
  while (sequence.pages.size() < total)
    sequence.pages.push_back(take());
  // Let go of last, so that this very call does not hand out the page that is to be copied.
  if (copied != kNoPage) release(copied);
  return true;
}

void KvCache::commit(SequenceId id, std::span<const int32_t> tokens) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && tokens.size() >= sequence.n_tokens);
  INGLE_CHECK(tokens.size() <= sequence.pages.size() * page_tokens_);
  sequence.n_tokens = static_cast<uint32_t>(tokens.size());
  if (sequence.scope == kAlone) return;
  for (; sequence.n_published < sequence.n_tokens / page_tokens_; ++sequence.n_published) {
    const size_t i = sequence.n_published;
    const uint32_t parent = parent_of(sequence, i);
    const auto content = tokens.subspan(i * page_tokens_, page_tokens_);
    const uint32_t known = index_.find(parent, content);
    if (known == kNoPage) {
      index_.insert(parent, content, sequence.pages[i]);
    } else if (known != sequence.pages[i]) {
      // Another sequence computed the same page meanwhile. Its bits are the same: keep one.
      acquire(known);
      release(sequence.pages[i]);
      sequence.pages[i] = known;
    }
  }
}

void KvCache::publish_rest(SequenceId id, std::span<const int32_t> tokens) {
  const Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && tokens.size() >= sequence.n_tokens);
  const uint32_t begin = sequence.n_published * page_tokens_;
  const uint32_t n_rest = sequence.n_tokens - begin;
  if (sequence.scope == kAlone || n_rest == 0 || n_rest >= page_tokens_) return;
  const uint32_t last = sequence.pages[sequence.n_published];
  const uint32_t parent = parent_of(sequence, sequence.n_published);
  const auto rest = tokens.subspan(begin, n_rest);
  // Another sequence may still write behind what it shares with this one.
  if (references_[last] > 1 || index_.contains(last) || index_.longest_beginning(parent, rest).n_tokens == n_rest)
    return;
  index_.insert(parent, rest, last);
}

void KvCache::truncate(SequenceId id, uint32_t n_tokens) {
  Sequence& sequence = sequences_[id];
  INGLE_CHECK(sequence.open && n_tokens <= sequence.n_tokens);
  sequence.n_tokens = n_tokens;
  sequence.n_published = std::min(sequence.n_published, n_tokens / page_tokens_);
  shrink(sequence, (n_tokens + page_tokens_ - 1) / page_tokens_);
}

}  // namespace ingle::engine
