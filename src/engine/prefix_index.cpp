#include "engine/prefix_index.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace ingle::engine {

PrefixIndex::PrefixIndex(uint32_t n_pages, uint32_t page_tokens)
    : page_tokens_(page_tokens),
      nodes_(n_pages),
      tokens_(size_t{n_pages} * page_tokens),
      buckets_(std::bit_ceil(std::max(n_pages, 1U)), kNoPage),
      families_(buckets_.size(), kNoPage) {}

std::span<const int32_t> PrefixIndex::tokens_of(uint32_t page) const {
  return std::span(tokens_).subspan(size_t{page} * page_tokens_, nodes_[page].n_tokens);
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

PrefixIndex::Beginning PrefixIndex::longest_beginning(uint32_t parent, std::span<const int32_t> tokens) const {
  Beginning best;
  uint32_t n_seen = 0;
  uint32_t page = families_[bucket_of(parent, {})];
  for (; page != kNoPage && n_seen < kMostSiblings; page = nodes_[page].next_in_family, ++n_seen) {
    if (nodes_[page].parent != parent) continue;
    const auto held = tokens_of(page);
    const auto n = static_cast<uint32_t>(std::ranges::mismatch(held, tokens).in1 - held.begin());
    if (n > best.n_tokens) best = {page, n};
  }
  return best;
}

void PrefixIndex::insert(uint32_t parent, std::span<const int32_t> tokens, uint32_t page) {
  INGLE_CHECK(!tokens.empty() && tokens.size() <= page_tokens_ && !nodes_[page].indexed);
  const bool is_root = parent >= nodes_.size();
  INGLE_CHECK(is_root || (nodes_[parent].indexed && nodes_[parent].n_tokens == page_tokens_));
  std::ranges::copy(tokens, tokens_.begin() + static_cast<std::ptrdiff_t>(size_t{page} * page_tokens_));
  uint32_t& bucket = buckets_[bucket_of(parent, tokens)];
  uint32_t& family = families_[bucket_of(parent, {})];
  nodes_[page] = {.parent = parent,
                  .n_tokens = static_cast<uint32_t>(tokens.size()),
                  .next_in_bucket = bucket,
                  .next_in_family = family,
                  .indexed = true};
  bucket = page;
  family = page;
  if (!is_root) ++nodes_[parent].n_children;
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

void PrefixIndex::unlink(uint32_t& first, uint32_t Node::* next, uint32_t page) {
  uint32_t* link = &first;
  while (*link != page)
    link = &(nodes_[*link].*next);
  *link = nodes_[page].*next;
}

uint32_t PrefixIndex::evict() {
  const uint32_t page = oldest_;
  INGLE_CHECK(page != kNoPage);
  Node& node = nodes_[page];
  // Whoever uses a page uses its ancestors too and lets go of them later, so children are always parked before parents.
  INGLE_CHECK(node.n_children == 0);
  unpark(page);
  unlink(buckets_[bucket_of(node.parent, tokens_of(page))], &Node::next_in_bucket, page);
  unlink(families_[bucket_of(node.parent, {})], &Node::next_in_family, page);
  if (node.parent < nodes_.size()) --nodes_[node.parent].n_children;
  node = {};
  return page;
}

}  // namespace ingle::engine
