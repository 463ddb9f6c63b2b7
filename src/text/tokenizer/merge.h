// The merging loop that both families of BPE share: join the best pair of neighbours until no pair is left.
//
// Best is the lowest rank, then the leftmost. A heap of candidates over a linked list of symbols: n symbols take
// O(n log n), whatever the text, so a megabyte of one letter is as cheap as prose.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace ingle::text {

inline constexpr uint32_t kNoSymbol = 0xFFFFFFFF;

struct MergeSymbol {
  uint32_t piece;  // whatever the family calls a symbol
  uint32_t begin;  // in bytes of the word
  uint32_t size;   // 0: swallowed by a symbol to the left
  uint32_t prev;
  uint32_t next;
};

struct MergeResult {
  uint32_t rank;
  uint32_t piece;
};

/// A word in work; kept between words so that its memory is reused. Not for two threads at once.
class Merger {
 public:
  void clear() { symbols_.clear(); }
  void add(uint32_t piece, uint32_t size) {
    const auto i = static_cast<uint32_t>(symbols_.size());
    const uint32_t begin = i == 0 ? 0 : symbols_.back().begin + symbols_.back().size;
    if (i != 0) symbols_.back().next = i;
    symbols_.push_back({piece, begin, size, i == 0 ? kNoSymbol : i - 1, kNoSymbol});
  }

  /// `find(left, right)` gives what two neighbouring MergeSymbols become, or nothing.
  template <typename Find>
  void run(Find find) {
    heap_.clear();
    for (uint32_t i = 0; i + 1 < symbols_.size(); ++i)
      consider(i, find);
    while (!heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
      const Candidate best = heap_.back();
      heap_.pop_back();
      MergeSymbol& left = symbols_[best.left()];
      if (left.size == 0 || left.next == kNoSymbol) continue;
      MergeSymbol& right = symbols_[left.next];
      // Symbols only grow, so a pair whose length has changed is not the pair that was considered.
      if (left.size + right.size != best.size) continue;
      left.piece = best.piece;
      left.size += right.size;
      right.size = 0;
      left.next = right.next;
      if (left.next != kNoSymbol) symbols_[left.next].prev = best.left();
      if (left.prev != kNoSymbol) consider(left.prev, find);
      consider(best.left(), find);
    }
  }

  template <typename Visit>
  void for_each(Visit visit) const {
    for (const MergeSymbol& symbol : symbols_) {
      if (symbol.size != 0) visit(symbol);
    }
  }

 private:
  struct Candidate {
    uint64_t order;  // rank, then position
    uint32_t size;
    uint32_t piece;
    uint32_t left() const { return static_cast<uint32_t>(order); }
    bool operator>(const Candidate& other) const { return order > other.order; }
  };

  template <typename Find>
  void consider(uint32_t i, Find& find) {
    const MergeSymbol& left = symbols_[i];
    if (left.next == kNoSymbol) return;
    const MergeSymbol& right = symbols_[left.next];
    if (const std::optional<MergeResult> found = find(left, right)) {
      heap_.push_back({(uint64_t{found->rank} << 32) | i, left.size + right.size, found->piece});
      std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
    }
  }

  std::vector<MergeSymbol> symbols_;
  std::vector<Candidate> heap_;
};

}  // namespace ingle::text
