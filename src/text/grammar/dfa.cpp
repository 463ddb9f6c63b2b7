#include "text/grammar/dfa.h"

#include <algorithm>
#include <map>
#include <queue>
#include <unordered_map>

#include "base/check.h"
#include "text/grammar/minimise.h"
#include "text/tokenizer/code_points.h"

namespace ingle::text::grammar {

CodePointClasses::CodePointClasses(std::vector<Piece> pieces) {
  std::unordered_map<uint32_t, uint32_t> renumbered;
  for (const Piece& piece : pieces) {
    // No text holds a surrogate: they go with what stands before them.
    if (is_surrogate(piece.first)) continue;
    const uint32_t id = renumbered.try_emplace(piece.id, static_cast<uint32_t>(renumbered.size())).first->second;
    if (pieces_.empty() || pieces_.back().id != id) pieces_.push_back({piece.first, id});
  }
  count_ = static_cast<uint32_t>(renumbered.size());
  for (char32_t c = 0; c < 128; ++c)
    ascii_[c] = find(c);
}

std::optional<CodePointClasses> CodePointClasses::of(std::span<const CodePointSet> sets, Budget& budget) {
  std::vector<char32_t> borders = {0, 0xD800, 0xE000};
  for (const CodePointSet& set : sets) {
    for (const auto& [first, last] : set) {
      borders.push_back(first);
      if (last < kLastCodePoint) borders.push_back(last + 1);
    }
  }
  if (!budget.take(borders.size() * 4)) return std::nullopt;
  std::ranges::sort(borders);
  borders.erase(std::unique(borders.begin(), borders.end()), borders.end());
  std::vector<Piece> pieces;
  for (const char32_t border : borders)
    pieces.push_back({border, 0});
  uint32_t n_ids = 1;
  for (const CodePointSet& set : sets) {
    std::unordered_map<uint32_t, uint32_t> inside;
    for (const auto& [first, last] : set) {
      auto piece = std::ranges::lower_bound(pieces, first, {}, &Piece::first);
      for (; piece != pieces.end() && piece->first <= last; ++piece) {
        if (!budget.take(1)) return std::nullopt;
        const auto [found, is_new] = inside.try_emplace(piece->id, n_ids);
        n_ids += is_new ? 1 : 0;
        piece->id = found->second;
      }
    }
  }
  return CodePointClasses(std::move(pieces));
}

uint32_t CodePointClasses::find(char32_t c) const {
  return std::prev(std::ranges::upper_bound(pieces_, c, {}, &Piece::first))->id;
}

CodePointSet CodePointClasses::members(uint32_t id) const {
  CodePointSet set;
  for (size_t i = 0; i < pieces_.size(); ++i) {
    const char32_t last = i + 1 < pieces_.size() ? pieces_[i + 1].first - 1 : kLastCodePoint;
    if (pieces_[i].id == id) set.push_back({pieces_[i].first, last});
  }
  return normal_set(std::move(set));
}

std::vector<char32_t> CodePointClasses::samples() const {
  std::vector<char32_t> samples;
  for (const Piece& piece : pieces_) {
    if (piece.id == samples.size()) samples.push_back(piece.first);
  }
  return samples;
}

CodePointClasses CodePointClasses::renumbered(std::span<const uint32_t> of_old) const {
  std::vector<Piece> pieces = pieces_;
  for (Piece& piece : pieces)
    piece.id = of_old[piece.id];
  return CodePointClasses(std::move(pieces));
}

std::unexpected<Error> too_large() {
  return std::unexpected(Error::refused("the texts that are allowed make an automaton that is too large")
                             .hint("use smaller counts, fewer names, or anchor the pattern with '^' and '$'"));
}

uint32_t json_bytes(char32_t c) {
  if (c == '"' || c == '\\' || c == '\b' || c == '\t' || c == '\n' || c == '\f' || c == '\r') return 2;
  if (c < 0x20) return 6;
  if (c < 0x80) return 1;
  if (c < 0x800) return 2;
  return c < 0x10000 ? 3 : 4;
}

Result<std::shared_ptr<const Dfa>> Dfa::minimal(const RawDfa& raw, Budget& budget) {
  INGLE_TRY(const MinimalDfa table, minimise(raw, budget));
  if (table.accepts.size() > kMaxStates) return too_large();
  auto made = std::shared_ptr<Dfa>(new Dfa);
  made->classes_ = table.classes;
  made->next_.assign(table.next.begin(), table.next.end());
  made->accepts_ = table.accepts;
  made->start_ = table.start;
  // The cheapest code points of a class come first in one of its pieces, but for those that need an escape.
  std::vector<uint32_t> costs(made->n_classes(), kFar);
  for (char32_t c = 0; c < 128; ++c)
    costs[made->class_of(c)] = std::min(costs[made->class_of(c)], json_bytes(c));
  for (const auto& [first, id] : made->classes_.pieces())
    costs[id] = std::min(costs[id], json_bytes(first));
  made->distances_ = made->distances(costs);
  return made;
}

std::vector<uint32_t> Dfa::distances(std::span<const uint32_t> costs) const {
  struct Edge {
    State from;
    uint32_t cost;
  };
  std::vector<std::vector<Edge>> into(n_states());
  std::vector<uint32_t> best(n_states(), kFar);
  for (State state = 1; state < n_states(); ++state) {
    std::vector<State> targets;
    for (uint32_t c = 0; c < n_classes(); ++c) {
      const State target = next(state, c);
      if (target == kDead || costs[c] >= best[target]) continue;
      if (best[target] == kFar) targets.push_back(target);
      best[target] = costs[c];
    }
    for (const State target : targets) {
      into[target].push_back({state, best[target]});
      best[target] = kFar;
    }
  }
  std::vector<uint32_t> found(n_states(), kFar);
  using Item = std::pair<uint32_t, State>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> queue;
  for (State state = 1; state < n_states(); ++state) {
    if (!accepts_[state]) continue;
    found[state] = 0;
    queue.emplace(0, state);
  }
  while (!queue.empty()) {
    const auto [distance, state] = queue.top();
    queue.pop();
    if (distance > found[state]) continue;
    for (const auto& [from, cost] : into[state]) {
      const uint32_t longer = far_sum(distance, cost);
      if (longer >= found[from]) continue;
      found[from] = longer;
      queue.emplace(longer, from);
    }
  }
  return found;
}

bool Dfa::contains(std::string_view utf8) const {
  State state = start_;
  for (size_t i = 0; i < utf8.size() && state != kDead;) {
    const CodePoint c = decode_code_point(utf8, i);
    state = step(state, c.value);
    i += c.size;
  }
  return accepts_[state];
}

RawDfa Dfa::raw() const {
  RawDfa raw{.classes = classes_, .next = {}, .accepts = accepts_, .start = start_};
  raw.next.assign(next_.begin(), next_.end());
  return raw;
}

size_t Dfa::bytes() const {
  return sizeof *this + next_.size() * sizeof next_[0] + accepts_.size() / 8 +
         distances_.size() * sizeof distances_[0] + classes_.pieces().size_bytes();
}

namespace {

/// Classes that tell apart what either tells apart, and the class of each in both.
struct CommonClasses {
  CodePointClasses classes;
  std::vector<uint32_t> in_a;
  std::vector<uint32_t> in_b;
};

CommonClasses common_classes(const CodePointClasses& a, const CodePointClasses& b) {
  std::vector<CodePointClasses::Piece> pieces;
  std::unordered_map<uint64_t, uint32_t> ids;
  size_t i = 0;
  size_t j = 0;
  for (char32_t at = 0;;) {
    const uint64_t pair = uint64_t{a.pieces()[i].id} << 32 | b.pieces()[j].id;
    pieces.push_back({at, ids.try_emplace(pair, static_cast<uint32_t>(ids.size())).first->second});
    const char32_t next_a = i + 1 < a.pieces().size() ? a.pieces()[i + 1].first : kLastCodePoint + 1;
    const char32_t next_b = j + 1 < b.pieces().size() ? b.pieces()[j + 1].first : kLastCodePoint + 1;
    at = std::min(next_a, next_b);
    if (at > kLastCodePoint) break;
    i += next_a == at ? 1 : 0;
    j += next_b == at ? 1 : 0;
  }
  CommonClasses out{CodePointClasses(std::move(pieces)), {}, {}};
  for (const char32_t c : out.classes.samples()) {
    out.in_a.push_back(a.of(c));
    out.in_b.push_back(b.of(c));
  }
  return out;
}

}  // namespace

Result<RawDfa> product(const Dfa& a, const Dfa& b, const std::function<bool(bool, bool)>& accepts, Budget& budget) {
  if (budget.is_spent()) return too_large();
  const CommonClasses common = common_classes(a.classes(), b.classes());
  const size_t n_classes = common.classes.count();
  RawDfa raw{.classes = common.classes, .next = {}, .accepts = {}};
  std::unordered_map<uint64_t, uint32_t> ids;
  std::vector<std::pair<Dfa::State, Dfa::State>> pairs;
  const auto id_of = [&](Dfa::State in_a, Dfa::State in_b) {
    const auto [found, is_new] = ids.try_emplace(uint64_t{in_a} << 32 | in_b, static_cast<uint32_t>(pairs.size()));
    if (is_new) {
      pairs.emplace_back(in_a, in_b);
      raw.accepts.push_back(accepts(a.accepts(in_a), b.accepts(in_b)));
    }
    return found->second;
  };
  raw.start = id_of(a.start(), b.start());
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (!budget.take(n_classes) || pairs.size() * n_classes > Dfa::kMaxEntries) return too_large();
    const auto [in_a, in_b] = pairs[i];
    for (size_t c = 0; c < n_classes; ++c)
      raw.next.push_back(id_of(a.next(in_a, common.in_a[c]), b.next(in_b, common.in_b[c])));
  }
  return raw;
}

}  // namespace ingle::text::grammar
