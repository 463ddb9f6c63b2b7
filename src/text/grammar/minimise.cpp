#include "text/grammar/minimise.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <unordered_map>

namespace ingle::text::grammar {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

/// Elements 0..n-1 in blocks that are split by marking some of their elements.
class Partition {
 public:
  explicit Partition(uint32_t n) : elements_(n), places_(n), block_of_(n, 0) {
    std::iota(elements_.begin(), elements_.end(), 0U);
    std::iota(places_.begin(), places_.end(), 0U);
    if (n > 0) blocks_.push_back({0, n, 0});
  }

  uint32_t n_blocks() const { return static_cast<uint32_t>(blocks_.size()); }
  uint32_t block_of(uint32_t element) const { return block_of_[element]; }
  std::span<const uint32_t> members(uint32_t block) const {
    return std::span(elements_).subspan(blocks_[block].begin, blocks_[block].end - blocks_[block].begin);
  }

  /// Marked elements stand first in their block.
  void mark(uint32_t element) {
    Block& block = blocks_[block_of_[element]];
    const uint32_t from = places_[element];
    const uint32_t to = block.begin + block.n_marked;
    if (from < to) return;
    if (block.n_marked++ == 0) touched_.push_back(block_of_[element]);
    std::swap(elements_[from], elements_[to]);
    places_[elements_[from]] = from;
    places_[elements_[to]] = to;
  }

  /// The smaller part of every block with marked and other elements becomes a block of its own, at the end of the list.
  void split() {
    for (const uint32_t id : touched_) {
      Block& block = blocks_[id];
      const uint32_t middle = block.begin + block.n_marked;
      block.n_marked = 0;
      if (middle == block.end) continue;
      Block part{block.begin, middle, 0};
      if (middle - block.begin <= block.end - middle) {
        block.begin = middle;
      } else {
        part = {middle, block.end, 0};
        block.end = middle;
      }
      for (uint32_t i = part.begin; i < part.end; ++i)
        block_of_[elements_[i]] = n_blocks();
      blocks_.push_back(part);
    }
    touched_.clear();
  }

 private:
  struct Block {
    uint32_t begin = 0;
    uint32_t end = 0;
    uint32_t n_marked = 0;
  };
  std::vector<uint32_t> elements_;
  std::vector<uint32_t> places_;
  std::vector<uint32_t> block_of_;
  std::vector<Block> blocks_;
  std::vector<uint32_t> touched_;
};

struct Edge {
  uint32_t from = 0;
  uint32_t label = 0;
  uint32_t to = 0;
};

/// Lists of edges by the state that they enter.
struct Incoming {
  std::vector<uint32_t> begins;
  std::vector<uint32_t> edges;

  Incoming(std::span<const Edge> all, uint32_t n_states) : begins(n_states + 1, 0), edges(all.size()) {
    for (const Edge& edge : all)
      ++begins[edge.to + 1];
    std::partial_sum(begins.begin(), begins.end(), begins.begin());
    std::vector<uint32_t> at(begins.begin(), begins.end() - 1);
    for (uint32_t i = 0; i < all.size(); ++i)
      edges[at[all[i].to]++] = i;
  }
  std::span<const uint32_t> of(uint32_t state) const {
    return std::span(edges).subspan(begins[state], begins[state + 1] - begins[state]);
  }
};

/// For each old column its number among the different ones, in their order.
std::vector<uint32_t> distinct_columns(std::span<const uint32_t> next, uint32_t n_classes) {
  const size_t n_states = next.size() / n_classes;
  std::vector<uint64_t> hashes(n_classes, 0);
  for (size_t i = 0; i < next.size(); ++i) {
    uint64_t& hash = hashes[i % n_classes];
    hash = (hash ^ next[i]) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 29;
  }
  const auto same = [&](uint32_t a, uint32_t b) {
    for (size_t row = 0; row < n_states; ++row) {
      if (next[row * n_classes + a] != next[row * n_classes + b]) return false;
    }
    return true;
  };
  std::vector<uint32_t> number(n_classes);
  std::unordered_multimap<uint64_t, uint32_t> firsts;  // of each different column
  uint32_t n_different = 0;
  for (uint32_t c = 0; c < n_classes; ++c) {
    number[c] = kNone;
    for (auto [it, end] = firsts.equal_range(hashes[c]); it != end && number[c] == kNone; ++it) {
      if (same(it->second, c)) number[c] = number[it->second];
    }
    if (number[c] != kNone) continue;
    number[c] = n_different++;
    firsts.emplace(hashes[c], c);
  }
  return number;
}

/// States from which an accepting one can be reached.
std::vector<bool> live_states(const RawDfa& raw, std::span<const Edge> edges) {
  const auto n_states = static_cast<uint32_t>(raw.accepts.size());
  const Incoming incoming(edges, n_states);
  std::vector<bool> live = raw.accepts;
  std::vector<uint32_t> todo;
  for (uint32_t state = 0; state < n_states; ++state) {
    if (live[state]) todo.push_back(state);
  }
  while (!todo.empty()) {
    const uint32_t state = todo.back();
    todo.pop_back();
    for (const uint32_t edge : incoming.of(state)) {
      if (live[edges[edge].from]) continue;
      live[edges[edge].from] = true;
      todo.push_back(edges[edge].from);
    }
  }
  return live;
}

/// Blocks of equivalent states: Hopcroft's refinement over the edges between live states (Valmari and Lehtinen 2008).
Partition equivalent_states(const RawDfa& raw, const std::vector<Edge>& edges) {
  const auto n_states = static_cast<uint32_t>(raw.accepts.size());
  Partition states(n_states);
  for (uint32_t state = 0; state < n_states; ++state) {
    if (raw.accepts[state]) states.mark(state);
  }
  states.split();
  Partition splitters(static_cast<uint32_t>(edges.size()));
  // Edges stand in the order of their labels: one splitter for each label.
  for (size_t begin = 0; begin < edges.size();) {
    size_t end = begin;
    while (end < edges.size() && edges[end].label == edges[begin].label)
      splitters.mark(static_cast<uint32_t>(end++));
    splitters.split();
    begin = end;
  }
  const Incoming incoming(edges, n_states);
  uint32_t n_seen = 1;
  for (uint32_t splitter = 0; splitter < splitters.n_blocks(); ++splitter) {
    for (const uint32_t edge : splitters.members(splitter))
      states.mark(edges[edge].from);
    states.split();
    for (; n_seen < states.n_blocks(); ++n_seen) {
      for (const uint32_t state : states.members(n_seen)) {
        for (const uint32_t edge : incoming.of(state))
          splitters.mark(edge);
      }
      splitters.split();
    }
  }
  return states;
}

}  // namespace

Result<MinimalDfa> minimise(const RawDfa& raw, Budget& budget) {
  const auto n_states = static_cast<uint32_t>(raw.accepts.size());
  const uint32_t n_classes = raw.classes.count();
  const uint64_t n_entries = raw.next.size();
  if (!budget.take(n_entries * static_cast<uint64_t>(std::bit_width(n_entries)) / 4)) return too_large();

  const std::vector<uint32_t> column = distinct_columns(raw.next, n_classes);
  std::vector<uint32_t> sample(n_classes, kNone);
  for (uint32_t c = n_classes; c > 0; --c)
    sample[column[c - 1]] = c - 1;
  std::erase(sample, kNone);
  std::vector<Edge> edges;
  for (uint32_t label = 0; label < sample.size(); ++label) {
    for (uint32_t state = 0; state < n_states; ++state)
      edges.push_back({state, label, raw.next[size_t{state} * n_classes + sample[label]]});
  }
  const std::vector<bool> live = live_states(raw, edges);
  std::erase_if(edges, [&](const Edge& edge) { return !live[edge.from] || !live[edge.to]; });
  const Partition blocks = equivalent_states(raw, edges);

  MinimalDfa out;
  std::vector<uint32_t> number(blocks.n_blocks(), kNone);
  std::vector<uint32_t> states = {kNone};  // one of each block, in the order of its number; state 0 is dead
  out.accepts.push_back(false);
  const auto number_of = [&](uint32_t state) {
    if (!live[state]) return Dfa::kDead;
    uint32_t& known = number[blocks.block_of(state)];
    if (known == kNone) {
      known = static_cast<uint32_t>(states.size());
      states.push_back(state);
      out.accepts.push_back(raw.accepts[state]);
    }
    return known;
  };
  out.start = number_of(raw.start);
  out.next.assign(sample.size(), Dfa::kDead);
  for (size_t i = 1; i < states.size(); ++i) {
    for (const uint32_t c : sample)
      out.next.push_back(number_of(raw.next[size_t{states[i]} * n_classes + c]));
  }
  // Columns that differed only in states that are one now.
  const auto n_labels = static_cast<uint32_t>(sample.size());
  const std::vector<uint32_t> merged = distinct_columns(out.next, n_labels);
  std::vector<uint32_t> kept(n_labels, kNone);
  for (uint32_t label = n_labels; label > 0; --label)
    kept[merged[label - 1]] = label - 1;
  std::erase(kept, kNone);
  std::vector<uint32_t> next;
  for (size_t state = 0; state < states.size(); ++state) {
    for (const uint32_t label : kept)
      next.push_back(out.next[state * n_labels + label]);
  }
  out.next = std::move(next);
  std::vector<uint32_t> of_old;
  for (const uint32_t label : column)
    of_old.push_back(merged[label]);
  out.classes = raw.classes.renumbered(of_old);
  return out;
}

}  // namespace ingle::text::grammar
