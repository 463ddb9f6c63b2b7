#include "engine/prefix_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ingle::engine {

PrefixIndex::PrefixIndex(uint32_t n_pages, uint32_t page_tokens)
    : page_tokens_(page_tokens),
      nodes_(n_pages),
      tokens_(size_t{n_pages} * page_tokens),
      buckets_(std::bit_ceil(std::max(n_pages, 1U)), kNoPage) {}

std::span<const int32_t> PrefixIndex::tokens_of(uint32_t page) const {
  return std::span(tokens_).subspan(size_t{page} * page_tokens_, page_tokens_);
}

size_t PrefixIndex::bucket_of(uint32_t parent, std::span<const int32_t> tokens) const {
  // FNV-1a over words with a final mix; equality is always checked, so a collision costs time only.
  uint64_t hash = 0xcbf29ce484222325ULL ^ parent;
  for (const int32_t token : tokens)
    hash = (hash ^ static_cast<uint32_t>(token)) * 0x100000001b3ULL;
  hash ^= hash >> 32;
  return hash & (buckets_.size() - 1);
}

uint32_t PrefixIndex::find(uint32_t parent, std::span<const int32_t> tokens) const {
  for (uint32_t page = buckets_[bucket_of(parent, tokens)]; page != kNoPage; page = nodes_[page].next_in_bucket) {
    if (nodes_[page].parent == parent && std::ranges::equal(tokens_of(page), tokens)) return page;
  }
  return kNoPage;
}

void PrefixIndex::insert(uint32_t parent, std::span<const int32_t> tokens, uint32_t page) {
  INGLE_CHECK(tokens.size() == page_tokens_ && !nodes_[page].indexed);
  INGLE_CHECK(parent == kNoPage || nodes_[parent].indexed);
  std::ranges::copy(tokens, tokens_.begin() + static_cast<std::ptrdiff_t>(size_t{page} * page_tokens_));
  uint32_t& bucket = buckets_[bucket_of(parent, tokens)];
  nodes_[page] = {.parent = parent, .next_in_bucket = bucket, .indexed = true};
  bucket = page;
  if (parent != kNoPage) ++nodes_[parent].n_children;
}

void PrefixIndex::park(uint32_t page) {
  Node& node = nodes_[page];
  node.older = newest_;
  node.newer = kNoPage;
  (newest_ == kNoPage ? oldest_ : nodes_[newest_].newer) = page;
  newest_ = page;
  ++n_parked_;
}

void PrefixIndex::unpark(uint32_t page) {
  const Node& node = nodes_[page];
  (node.older == kNoPage ? oldest_ : nodes_[node.older].newer) = node.newer;
  (node.newer == kNoPage ? newest_ : nodes_[node.newer].older) = node.older;
  --n_parked_;
}

uint32_t PrefixIndex::evict() {
  const uint32_t page = oldest_;
  INGLE_CHECK(page != kNoPage);
  Node& node = nodes_[page];
  // Whoever uses a page uses its ancestors too and lets go of them later, so children are always parked before parents.
  INGLE_CHECK(node.n_children == 0);
  unpark(page);
  uint32_t* link = &buckets_[bucket_of(node.parent, tokens_of(page))];
  while (*link != page)
    link = &nodes_[*link].next_in_bucket;
  *link = node.next_in_bucket;
  if (node.parent != kNoPage) --nodes_[node.parent].n_children;
  node = {};
  return page;
}

}  // namespace ingle::engine
