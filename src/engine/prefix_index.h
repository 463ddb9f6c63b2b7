// PrefixIndex: finds KV pages again by the tokens that lead to them.
//
// Radix trees whose edges are pages: a page is known by its parent page and its own tokens, so equal prefixes of different
// requests meet in the same pages (RadixAttention, arXiv 2312.07104). A node is named by the page it stands for. There is
// a tree for every root: who asks under one never meets the pages of another. Pages with room left are leaves. Pages that
// no sequence uses are parked in the order in which they were last used. Owned by KvCache; no allocation after construction.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace ingle::engine {

inline constexpr uint32_t kNoPage = UINT32_MAX;

/// The beginning of every text of one client, in the place of a parent page. Pages count from below, roots from above.
constexpr uint32_t root_of(uint32_t scope) {
  return std::numeric_limits<uint32_t>::max() - 1 - scope;
}

class PrefixIndex {
 public:
  PrefixIndex(uint32_t n_pages, uint32_t page_tokens);

  struct Beginning {
    uint32_t page = kNoPage;
    uint32_t n_tokens = 0;  // that it shares
  };

  /// The page that holds `tokens` (exactly one page of them) after `parent`, a page or a root.
  uint32_t find(uint32_t parent, std::span<const int32_t> tokens) const;
  /// Of the pages after `parent`, one that begins with the most of `tokens`. Looks at the kMostSiblings newest only.
  Beginning longest_beginning(uint32_t parent, std::span<const int32_t> tokens) const;
  /// A page, or the beginning of one. What was inserted must not be written to any more.
  void insert(uint32_t parent, std::span<const int32_t> tokens, uint32_t page);
  bool contains(uint32_t page) const { return nodes_[page].indexed; }

  void park(uint32_t page);    // as the most recently used
  void unpark(uint32_t page);  // somebody uses it again
  uint32_t n_parked() const { return n_parked_; }
  /// Forgets the parked page that was not used for longest and returns it. Needs n_parked() > 0.
  uint32_t evict();

 private:
  static constexpr uint32_t kMostSiblings = 64;
  struct Node {
    uint32_t parent = kNoPage;
    uint32_t n_tokens = 0;
    uint32_t n_children = 0;
    uint32_t next_in_bucket = kNoPage;
    uint32_t next_in_family = kNoPage;  // another page whose parent falls into the same bucket
    uint32_t older = kNoPage;
    uint32_t newer = kNoPage;
    bool indexed = false;
  };
  std::span<const int32_t> tokens_of(uint32_t page) const;
  size_t bucket_of(uint32_t parent, std::span<const int32_t> tokens) const;
  void unlink(uint32_t& first, uint32_t Node::* next, uint32_t page);

  uint32_t page_tokens_;
  std::vector<Node> nodes_;
  std::vector<int32_t> tokens_;     // [n_pages, page_tokens]
  std::vector<uint32_t> buckets_;   // by parent and tokens
  std::vector<uint32_t> families_;  // by parent, the newest first
  uint32_t oldest_ = kNoPage;
  uint32_t newest_ = kNoPage;
  uint32_t n_parked_ = 0;
};

}  // namespace ingle::engine
