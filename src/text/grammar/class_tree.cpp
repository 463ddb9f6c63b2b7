#include "text/grammar/class_tree.h"

#include <algorithm>
#include <array>
#include <span>
#include <unordered_map>

namespace ingle::text::grammar {

/// First the nodes as the vocabulary's tree meets them, then the same in preorder.
class ClassTree::Builder {
 public:
  Builder(const Dfa& dfa, const StringTokens& tokens, Dfa::State anything)
      : dfa_(dfa), tokens_(tokens), anything_(anything) {}

  void run(ClassTree& made) {
    read();
    number();
    place(made);
  }

 private:
  struct Raw {
    uint32_t parent = kNone;
    uint32_t code_point_class = 0;
    uint32_t number = 0;  // in preorder
    uint32_t n_below = 1;
    // What its classes lead to, from all states: where nothing but the end and anything, what follows makes no difference.
    std::vector<Dfa::State> undecided;
    bool lives = false;
  };
  struct Said {
    uint32_t node = 0;
    StringTokens::PlainToken token;
  };

  void read() {
    raw_.emplace_back();
    for (Dfa::State state = 1; state < dfa_.n_states(); ++state)
      raw_[0].undecided.push_back(state);
    std::array<uint32_t, 256> way{};
    const auto& nodes = tokens_.plain();
    take(0, 0, nodes.front().first_token);
    for (size_t i = 0; i + 1 < nodes.size();) {
      const auto& node = nodes[i];
      const uint32_t at = child(way[node.depth - 1], dfa_.class_of(node.code_point));
      way[node.depth] = at;
      i = raw_[at].undecided.empty() ? node.skip : i + 1;
      if (raw_[at].lives) take(at, node.first_token, nodes[i].first_token);
    }
  }

  void take(uint32_t node, uint32_t first, uint32_t last) {
    for (uint32_t i = first; i < last; ++i)
      said_.push_back({node, tokens_.plain_tokens()[i]});
  }

  uint32_t child(uint32_t parent, uint32_t c) {
    const auto [found, is_new] = children_.try_emplace(uint64_t{parent} << 32 | c, static_cast<uint32_t>(raw_.size()));
    if (!is_new) return found->second;
    Raw made;
    made.parent = parent;
    made.code_point_class = c;
    for (const Dfa::State state : raw_[parent].undecided) {
      const Dfa::State next = dfa_.next(state, c);
      if (next != Dfa::kDead) made.lives = true;
      if (next != Dfa::kDead && next != anything_) made.undecided.push_back(next);
    }
    std::ranges::sort(made.undecided);
    made.undecided.erase(std::unique(made.undecided.begin(), made.undecided.end()), made.undecided.end());
    raw_.push_back(std::move(made));
    return found->second;
  }

  /// A parent is older than its children, so sizes are found backwards and numbers forwards.
  void number() {
    for (size_t i = raw_.size() - 1; i > 0; --i)
      raw_[raw_[i].parent].n_below += raw_[i].n_below;
    std::vector<uint32_t> next(raw_.size());
    next[0] = 1;
    for (size_t i = 1; i < raw_.size(); ++i) {
      uint32_t& free = next[raw_[i].parent];
      raw_[i].number = free;
      next[i] = free + 1;
      free += raw_[i].n_below;
    }
  }

  void place(ClassTree& made) {
    made.nodes_.resize(raw_.size() + 1);
    for (const Raw& raw : raw_) {
      Node& node = made.nodes_[raw.number];
      node.code_point_class = raw.code_point_class;
      node.skip = raw.number + raw.n_below;
      node.depth = raw.parent == kNone ? 0 : made.nodes_[raw_[raw.parent].number].depth + 1;
    }
    // Counted first, then put in place, once for the tokens of each kind.
    for (const Said& said : said_)
      ++(said.token.is_closing ? made.nodes_[raw_[said.node].number + 1].closing
                               : made.nodes_[raw_[said.node].number + 1].inside);
    for (size_t i = 1; i < made.nodes_.size(); ++i) {
      made.nodes_[i].inside += made.nodes_[i - 1].inside;
      made.nodes_[i].closing += made.nodes_[i - 1].closing;
    }
    made.inside_.resize(made.nodes_.back().inside);
    made.closing_.resize(made.nodes_.back().closing);
    std::vector<uint32_t> inside_end(raw_.size());
    std::vector<uint32_t> closing_end(raw_.size());
    for (const Said& said : said_) {
      const uint32_t node = raw_[said.node].number;
      if (said.token.is_closing) {
        made.closing_[made.nodes_[node].closing + closing_end[node]++] = said.token.number;
      } else {
        made.inside_[made.nodes_[node].inside + inside_end[node]++] = static_cast<TokenId>(said.token.number);
      }
    }
  }

  const Dfa& dfa_;
  const StringTokens& tokens_;
  const Dfa::State anything_;
  std::vector<Raw> raw_;
  std::vector<Said> said_;
  std::unordered_map<uint64_t, uint32_t> children_;
};

ClassTree::ClassTree(const Dfa& dfa, const StringTokens& tokens) {
  for (Dfa::State state = 1; state < dfa.n_states(); ++state) {
    bool stays = dfa.accepts(state);
    for (uint32_t c = 0; stays && c < dfa.n_classes(); ++c)
      stays = dfa.next(state, c) == state;
    if (stays) anything_ = state;
  }
  Builder(dfa, tokens, anything_).run(*this);
  const auto set_of = [&](std::span<const TokenId> ids) {
    TokenSet set(tokens.n_words());
    for (const TokenId id : ids)
      insert(set, id);
    return set;
  };
  if (anything_ != Dfa::kDead) all_ = set_of(inside_);
  for (size_t i = 0; i + 1 < nodes_.size(); ++i) {
    const auto own = std::span(inside_).subspan(nodes_[i].inside, nodes_[i + 1].inside - nodes_[i].inside);
    if (own.size() < kMany) continue;
    nodes_[i].set = static_cast<uint32_t>(sets_.size());
    sets_.push_back(set_of(own));
  }
}

void ClassTree::add(size_t first, size_t last, bool closes, TokenSet& inside, Closing& closing) const {
  const Node& from = nodes_[first];
  const Node& to = nodes_[last];
  const bool is_all = first == 0 && last + 1 == nodes_.size() && !all_.empty();
  if (is_all || (last == first + 1 && from.set != kNone)) {
    const TokenSet& set = is_all ? all_ : sets_[from.set];
    for (size_t i = 0; i < inside.size(); ++i)
      inside[i] |= set[i];
  } else {
    for (uint32_t i = from.inside; i < to.inside; ++i)
      insert(inside, inside_[i]);
  }
  if (!closes) return;
  for (uint32_t i = from.closing; i < to.closing; ++i)
    closing[closing_[i] / 64] |= uint64_t{1} << (closing_[i] % 64);
}

void ClassTree::follow(const Dfa& dfa, Dfa::State state, TokenSet& inside, Closing& closing) const {
  const size_t end = nodes_.size() - 1;
  if (state == anything_) return add(0, end, true, inside, closing);
  std::array<Dfa::State, 256> way;
  way[0] = state;
  add(0, 1, dfa.accepts(state), inside, closing);
  for (size_t i = 1; i < end;) {
    const Node& node = nodes_[i];
    const Dfa::State next = dfa.next(way[node.depth - 1], node.code_point_class);
    if (next == Dfa::kDead || next == anything_) {
      if (next != Dfa::kDead) add(i, node.skip, true, inside, closing);
      i = node.skip;
      continue;
    }
    way[node.depth] = next;
    add(i, i + 1, dfa.accepts(next), inside, closing);
    ++i;
  }
}

size_t ClassTree::bytes() const {
  size_t bytes = all_.size() * sizeof(uint64_t) + nodes_.size() * sizeof(Node) + inside_.size() * sizeof(TokenId) +
                 closing_.size() * sizeof(uint32_t);
  for (const TokenSet& set : sets_)
    bytes += set.size() * sizeof(uint64_t);
  return bytes;
}

}  // namespace ingle::text::grammar
