#include "text/tokenizer/special_finder.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "text/tokenizer/hash.h"

namespace ingle::text {
namespace {

// The largest vocabularies known have 6,000 such tokens of 20 bytes.
constexpr size_t kMostSpecialBytes = size_t{16} << 20;

bool is_c_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

uint64_t edge_key(uint32_t node, uint8_t byte) {
  return (uint64_t{node} << 8) | byte;
}

}  // namespace

class SpecialFinder::Builder {
 public:
  Builder() { add_node(kNone, 0, 0); }

  void insert(std::string_view text, uint32_t token) {
    uint32_t at = 0;
    for (size_t i = text.size(); i-- > 0;) {
      const auto byte = static_cast<uint8_t>(text[i]);
      const auto [it, is_new] = children_.try_emplace(edge_key(at, byte), static_cast<uint32_t>(nodes_.size()));
      if (is_new) add_node(at, byte, origins_[at].depth + 1);
      at = it->second;
    }
    nodes_[at].token = token;
  }

  void finish(SpecialFinder& out) {
    std::vector<std::pair<uint64_t, uint32_t>> edges(children_.begin(), children_.end());
    std::ranges::sort(edges);
    for (const auto& [key, to] : edges) {
      ++nodes_[key >> 8].first_edge;
      out.edges_.push_back({static_cast<uint8_t>(key), to});
    }
    uint32_t first = 0;
    for (Node& node : nodes_)
      first += std::exchange(node.first_edge, first);
    nodes_.push_back({.first_edge = first});  // closes the last node's edges
    out.nodes_ = std::move(nodes_);
    out.root_.resize(256);
    for (uint32_t i = 0; i < out.nodes_[1].first_edge; ++i)
      out.root_[out.edges_[i].byte] = out.edges_[i].to;
    link(out);
  }

 private:
  struct HashEdge {
    size_t operator()(uint64_t key) const {
      return hash_pair(static_cast<uint32_t>(key >> 32), static_cast<uint32_t>(key));
    }
  };
  struct Origin {
    uint32_t parent;
    uint8_t byte;
    uint32_t depth;
  };

  void add_node(uint32_t parent, uint8_t byte, uint32_t depth) {
    nodes_.emplace_back();
    origins_.push_back({parent, byte, depth});
  }

  /// Shallow nodes first: a node's suffixes are all shallower than itself.
  void link(SpecialFinder& out) const {
    std::vector<uint32_t> order(origins_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, {}, [&](uint32_t node) { return origins_[node].depth; });
    for (const uint32_t i : order) {
      Node& node = out.nodes_[i];
      if (origins_[i].depth > 1) node.fail = out.step(out.nodes_[origins_[i].parent].fail, origins_[i].byte);
      node.longest = node.token != kNone ? i : out.nodes_[node.fail].longest;
    }
  }

  std::vector<Node> nodes_;
  std::vector<Origin> origins_;
  std::unordered_map<uint64_t, uint32_t, HashEdge> children_;
};

bool SpecialFinder::Candidate::operator<(const Candidate& other) const {
  // For a heap: the greatest is taken first.
  if (size != other.size) return size < other.size;
  if (id != other.id) return id > other.id;
  return begin > other.begin;
}

Result<SpecialFinder> SpecialFinder::build(std::span<const SpecialToken> tokens) {
  size_t bytes = 0;
  for (const SpecialToken& token : tokens)
    bytes += token.text.size();
  if (bytes > kMostSpecialBytes) {
    return std::unexpected(Error::refused(
        fmt::format("tokenizer.ggml.tokens: {} bytes of control and user-defined tokens, at most {} are accepted",
                    bytes, kMostSpecialBytes)));
  }
  SpecialFinder finder;
  Builder builder;
  for (const SpecialToken& token : tokens) {
    builder.insert(token.text, static_cast<uint32_t>(finder.tokens_.size()));
    finder.tokens_.push_back({static_cast<uint32_t>(token.text.size()), token.id, token.always, token.strips_right});
  }
  builder.finish(finder);
  return finder;
}

uint32_t SpecialFinder::child(uint32_t node, uint8_t byte) const {
  const auto begin = edges_.begin() + nodes_[node].first_edge;
  const auto end = edges_.begin() + nodes_[node + 1].first_edge;
  const auto at = std::ranges::lower_bound(begin, end, byte, {}, &Edge::byte);
  return at != end && at->byte == byte ? at->to : 0;
}

uint32_t SpecialFinder::step(uint32_t node, uint8_t byte) const {
  for (; node != 0; node = nodes_[node].fail) {
    if (const uint32_t next = child(node, byte); next != 0) return next;
  }
  return root_[byte];
}

void SpecialFinder::add_candidate(uint32_t node, size_t begin, size_t trusted_end, std::vector<Candidate>& out) const {
  for (uint32_t at = nodes_[node].longest; at != 0; at = nodes_[nodes_[at].fail].longest) {
    const Token& token = tokens_[nodes_[at].token];
    if (!token.always && begin + token.size > trusted_end) continue;
    out.push_back({token.size, token.id, begin, at});
    return;
  }
}

std::vector<SpecialFinder::Candidate> SpecialFinder::find_all(std::string_view text,
                                                              std::span<const Stretch> trusted) const {
  std::vector<Candidate> found;
  size_t stretch = trusted.size();
  uint32_t node = 0;
  for (size_t at = text.size(); at-- > 0;) {
    node = node == 0 ? root_[static_cast<uint8_t>(text[at])] : step(node, static_cast<uint8_t>(text[at]));
    if (nodes_[node].longest == 0) continue;
    while (stretch > 0 && trusted[stretch - 1].begin > at)
      --stretch;
    add_candidate(node, at, stretch > 0 ? trusted[stretch - 1].end : 0, found);
  }
  return found;
}

std::vector<TextPart> SpecialFinder::cut(std::string_view text, std::span<const Stretch> trusted) const {
  std::vector<TextPart> parts;
  if (text.empty()) return parts;
  std::vector<Candidate> heap;
  if (!nodes_.empty()) heap = find_all(text, trusted);
  if (heap.empty()) {
    parts.push_back({text});
    return parts;
  }

  struct Taken {
    size_t begin;
    size_t end;  // with the white space that the token swallows
    TokenId token;
  };
  std::vector<Taken> taken;
  std::vector<bool> is_taken(text.size());
  std::make_heap(heap.begin(), heap.end());
  while (!heap.empty()) {
    std::pop_heap(heap.begin(), heap.end());
    const Candidate best = heap.back();
    heap.pop_back();
    if (is_taken[best.begin]) continue;
    // What is taken so far is at least as long, so it cannot lie strictly inside.
    if (is_taken[best.begin + best.size - 1]) {
      const auto inside = std::ranges::upper_bound(trusted, best.begin, {}, &Stretch::end);
      const bool is_trusted = inside != trusted.end() && inside->begin <= best.begin;
      const size_t before = heap.size();
      add_candidate(nodes_[best.node].fail, best.begin, is_trusted ? inside->end : 0, heap);
      if (heap.size() != before) std::push_heap(heap.begin(), heap.end());
      continue;
    }
    size_t end = best.begin + best.size;
    if (tokens_[nodes_[best.node].token].strips_right) {
      while (end < text.size() && !is_taken[end] && is_c_space(text[end]))
        ++end;
    }
    std::fill(is_taken.begin() + static_cast<std::ptrdiff_t>(best.begin),
              is_taken.begin() + static_cast<std::ptrdiff_t>(end), true);
    taken.push_back({best.begin, end, best.id});
  }

  std::ranges::sort(taken, {}, &Taken::begin);
  size_t at = 0;
  for (const Taken& token : taken) {
    if (token.begin > at) parts.push_back({text.substr(at, token.begin - at)});
    parts.push_back({text.substr(token.begin, token.end - token.begin), token.token});
    at = token.end;
  }
  if (at < text.size()) parts.push_back({text.substr(at)});
  return parts;
}

}  // namespace ingle::text
