#include "text/grammar/determinise.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <unordered_set>

#include "text/grammar/nfa.h"

namespace ingle::text::grammar {
namespace {

using Kind = Expression::Kind;

constexpr size_t kMaxThreads = size_t{1} << 20;      // kept in all states together
constexpr size_t kMaxSubsets = 2 * Dfa::kMaxStates;  // before states that are alike are put together
constexpr size_t kMaxObligations = 100'000;
constexpr size_t kMaxLooks = 64;

const CodePointSet kWords = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};

/// What stands before a place or after it.
enum class Side : uint8_t { kBorder, kWord, kOther };

using ObligationId = uint32_t;
constexpr ObligationId kNothing = 0;  // nothing is asked of the rest of the text
constexpr ObligationId kBroken = UINT32_MAX;

/// What lookaheads ask of the rest: states of their automata.
using Obligation = std::vector<std::pair<uint32_t, Dfa::State>>;

/// A place of the expression that the text so far may have led to.
struct Thread {
  Nfa::NodeId node = 0;
  ObligationId obligation = kNothing;
  friend auto operator<=>(const Thread&, const Thread&) = default;
};

class Determiniser {
 public:
  Determiniser(const Expression& expression, Match match, Side before, Budget& budget)
      : expression_(expression), match_(match), before_(before), budget_(budget) {}

  Result<std::shared_ptr<const Dfa>> run() {
    INGLE_TRY(nfa_, Nfa::of(expression_, budget_));
    tells_words_ = has_kind(expression_, Kind::kBorder, Kind::kNoBorder);
    tells_begin_ = tells_words_ || has_kind(expression_, Kind::kBegin, Kind::kBegin);
    INGLE_TRY_VOID(prepare_looks());
    INGLE_TRY_VOID(prepare_classes());
    obligations_.push_back({});
    seen_plain_.resize(nfa_.nodes.size(), 0);

    State first{.before = tells_begin_ ? before_ : Side::kOther, .behinds = {}, .threads = {{nfa_.start, kNothing}}};
    for (const auto& look : looks_) {
      if (!look.is_ahead) first.behinds.push_back(dfas_[look.dfa_of[0]]->start());
    }
    raw_.start = id_of(std::move(first));
    for (uint32_t id = 0; id < states_.size(); ++id) {
      if (budget_.is_spent() || states_.size() > kMaxSubsets || states_.size() * n_classes_ > Dfa::kMaxEntries ||
          n_threads_ > kMaxThreads || obligations_.size() > kMaxObligations)
        return too_large();
      expand(id);
    }
    if (budget_.is_spent()) return too_large();
    return Dfa::minimal(raw_, budget_);
  }

 private:
  struct Look {
    bool is_ahead = true;
    bool negated = false;
    uint32_t behind = 0;               // of the states' `behinds`
    std::array<uint32_t, 3> dfa_of{};  // by what stands before it
  };
  struct State {
    Side before = Side::kOther;
    std::vector<Dfa::State> behinds;
    std::vector<Thread> threads;  // sorted; empty with `is_all`
    bool is_all = false;          // whatever comes, the text is in the set

    std::vector<uint32_t> key() const {
      std::vector<uint32_t> words = {is_all ? 9U : static_cast<uint32_t>(before)};
      words.insert(words.end(), behinds.begin(), behinds.end());
      for (const Thread& thread : threads)
        words.insert(words.end(), {thread.node, thread.obligation});
      return words;
    }
  };
  struct KeyHash {
    size_t operator()(const std::vector<uint32_t>& words) const {
      uint64_t hash = words.size();
      for (const uint32_t word : words) {
        hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
        hash ^= hash >> 29;
      }
      return hash;
    }
  };

  static std::unexpected<Error> refuse(std::string why) {
    return std::unexpected(Error::refused("the pattern has " + std::move(why)));
  }

  Status prepare_looks() {
    if (nfa_.looks.size() > kMaxLooks) return refuse("more than " + std::to_string(kMaxLooks) + " lookarounds");
    uint32_t n_behinds = 0;
    for (const Expression* e : nfa_.looks) {
      Look look{.is_ahead = e->kind == Kind::kAhead || e->kind == Kind::kNotAhead,
                .negated = e->kind == Kind::kNotAhead || e->kind == Kind::kNotBehind};
      const Expression& body = e->parts.front();
      const bool has_behind = has_kind(body, Kind::kBehind, Kind::kNotBehind);
      if (!look.is_ahead && (has_behind || has_kind(body, Kind::kEnd, Kind::kNotAhead)))
        return refuse("a lookaround, '$' or \\b inside a lookbehind");
      if (look.is_ahead && has_behind) return refuse("a lookbehind inside a lookahead");
      if (!look.is_ahead) look.behind = n_behinds++;
      const bool depends = look.is_ahead && tells_begin_;
      for (size_t side = 0; side < 3; ++side) {
        if (side > 0 && !depends) {
          look.dfa_of[side] = look.dfa_of[0];
          continue;
        }
        const Side before = depends || !look.is_ahead ? static_cast<Side>(side) : Side::kOther;
        INGLE_TRY(auto dfa, Determiniser(body, look.is_ahead ? Match::kAtBegin : Match::kAtEnd, before, budget_).run());
        if (look.negated && look.is_ahead) {
          RawDfa opposite = dfa->raw();
          opposite.accepts.flip();
          INGLE_TRY(dfa, Dfa::minimal(opposite, budget_));
        }
        look.dfa_of[side] = static_cast<uint32_t>(dfas_.size());
        dfas_.push_back(std::move(dfa));
      }
      looks_.push_back(look);
    }
    return {};
  }

  Status prepare_classes() {
    std::vector<CodePointSet> sets = nfa_.sets;
    if (tells_words_) sets.push_back(kWords);
    for (const auto& dfa : dfas_) {
      for (uint32_t id = 0; id < dfa->n_classes(); ++id)
        sets.push_back(dfa->classes().members(id));
    }
    auto classes = CodePointClasses::of(sets, budget_);
    if (!classes) return too_large();
    raw_.classes = std::move(*classes);
    n_classes_ = raw_.classes.count();
    const std::vector<char32_t> samples = raw_.classes.samples();
    if (!budget_.take(samples.size() * (nfa_.sets.size() + dfas_.size()))) return too_large();
    for (const CodePointSet& set : nfa_.sets) {
      auto& ids = classes_of_set_.emplace_back();
      for (uint32_t id = 0; id < n_classes_; ++id) {
        if (contains(set, samples[id])) ids.push_back(id);
      }
    }
    for (const auto& dfa : dfas_) {
      auto& ids = class_in_dfa_.emplace_back();
      for (const char32_t c : samples)
        ids.push_back(dfa->class_of(c));
      // The state that accepts whatever comes asks for nothing any more.
      Dfa::State any = Dfa::kDead;
      for (Dfa::State state = 1; state < dfa->n_states() && any == Dfa::kDead; ++state) {
        bool stays = dfa->accepts(state);
        for (uint32_t id = 0; id < dfa->n_classes() && stays; ++id)
          stays = dfa->next(state, id) == state;
        if (stays) any = state;
      }
      any_of_dfa_.push_back(any);
    }
    for (const char32_t c : samples)
      side_of_class_.push_back(tells_words_ && contains(kWords, c) ? Side::kWord : Side::kOther);
    return {};
  }

  uint32_t id_of(State state) {
    auto& threads = state.threads;
    if (state.is_all) {
      state.behinds.clear();
      threads.clear();
    }
    std::ranges::sort(threads);
    // A place that asks for nothing holds wherever the same one with a demand does.
    const auto covered = [](const Thread& kept, const Thread& next) {
      return kept.node == next.node && (kept.obligation == kNothing || kept.obligation == next.obligation);
    };
    threads.erase(std::unique(threads.begin(), threads.end(), covered), threads.end());
    budget_.take(threads.size() + 1);
    const auto [found, is_new] = ids_.try_emplace(state.key(), static_cast<uint32_t>(states_.size()));
    if (is_new) {
      budget_.take(4 * threads.size() + 16);  // what a state costs to keep
      n_threads_ += threads.size();
      states_.push_back(std::move(state));
      raw_.accepts.push_back(false);
      raw_.next.resize(raw_.next.size() + n_classes_, 0);
    }
    return found->second;
  }

  void expand(uint32_t id) {
    const State state = states_[id];
    if (state.is_all) {
      std::fill_n(raw_.next.begin() + static_cast<std::ptrdiff_t>(size_t{id} * n_classes_), n_classes_, id);
      raw_.accepts[id] = true;
      return;
    }
    raw_.accepts[id] = accepts(state);
    std::vector<std::vector<Thread>> targets(n_classes_);
    std::vector<bool> is_all(n_classes_, false);
    for (const Side after : {Side::kWord, Side::kOther}) {
      if (after == Side::kWord && !tells_words_) continue;
      for (const Thread& thread : follow(state, after)) {
        if (thread.node == Nfa::kMatch) {
          advance_match(thread, after, targets, is_all);
        } else {
          advance_set(thread, after, targets);
        }
      }
    }
    for (uint32_t c = 0; c < n_classes_ && !budget_.is_spent(); ++c) {
      State next{.before = tells_begin_ ? side_of_class_[c] : Side::kOther,
                 .behinds = {},
                 .threads = std::move(targets[c]),
                 .is_all = is_all[c]};
      if (next.is_all) next.before = Side::kOther;
      if (match_ == Match::kAnywhere || match_ == Match::kAtEnd) next.threads.push_back({nfa_.start, kNothing});
      for (const Look& look : looks_) {
        if (look.is_ahead) continue;
        const uint32_t dfa = look.dfa_of[0];
        next.behinds.push_back(dfas_[dfa]->next(state.behinds[look.behind], class_in_dfa_[dfa][c]));
      }
      const uint32_t target = id_of(std::move(next));
      raw_.next[size_t{id} * n_classes_ + c] = target;
    }
  }

  void advance_set(const Thread& thread, Side after, std::vector<std::vector<Thread>>& targets) {
    const Nfa::Node& node = nfa_.nodes[thread.node];
    for (const uint32_t c : classes_of_set_[node.arg]) {
      if (side_of_class_[c] != after) continue;
      budget_.take(1);
      const ObligationId asked = step(thread.obligation, c);
      if (asked != kBroken) targets[c].push_back({node.next, asked});
    }
  }

  /// What follows a match is free, but for what a lookahead asks.
  void advance_match(const Thread& thread, Side after, std::vector<std::vector<Thread>>& targets,
                     std::vector<bool>& is_all) {
    if (match_ == Match::kWhole || match_ == Match::kAtEnd) return;
    for (uint32_t c = 0; c < n_classes_; ++c) {
      if (side_of_class_[c] != after) continue;
      budget_.take(1);
      const ObligationId asked = step(thread.obligation, c);
      if (asked == kNothing) is_all[c] = true;
      if (asked != kBroken) targets[c].push_back({Nfa::kMatch, asked});
    }
  }

  bool accepts(const State& state) {
    const auto ends_well = [this](const Thread& thread) {
      return thread.node == Nfa::kMatch &&
             std::ranges::all_of(obligations_[thread.obligation],
                                 [this](const auto& asked) { return dfas_[asked.first]->accepts(asked.second); });
    };
    return std::ranges::any_of(follow(state, Side::kBorder), ends_well);
  }

  /// All places that wait for a character, and matches, when what comes next is `after`.
  std::vector<Thread> follow(const State& state, Side after) {
    std::vector<Thread> reached;
    ++stamp_;
    seen_.clear();
    todo_ = state.threads;
    while (!todo_.empty() && budget_.take(1)) {
      const Thread thread = todo_.back();
      todo_.pop_back();
      if (!is_new(thread)) continue;
      const Nfa::Node& node = nfa_.nodes[thread.node];
      switch (node.kind) {
        case Nfa::Kind::kSplit:
          todo_.push_back({node.next, thread.obligation});
          todo_.push_back({node.other, thread.obligation});
          break;
        case Nfa::Kind::kPlace:
          if (holds(node.place, state.before, after)) todo_.push_back({node.next, thread.obligation});
          break;
        case Nfa::Kind::kLook: {
          const ObligationId asked = look(state, looks_[node.arg], thread.obligation);
          if (asked != kBroken) todo_.push_back({node.next, asked});
          break;
        }
        default:
          reached.push_back(thread);
      }
    }
    return reached;
  }

  bool is_new(const Thread& thread) {
    if (seen_plain_[thread.node] == stamp_) return false;
    if (thread.obligation != kNothing) return seen_.insert(uint64_t{thread.node} << 32 | thread.obligation).second;
    seen_plain_[thread.node] = stamp_;
    return true;
  }

  static bool holds(Kind place, Side before, Side after) {
    const bool is_border = (before == Side::kWord) != (after == Side::kWord);
    switch (place) {
      case Kind::kBegin:
        return before == Side::kBorder;
      case Kind::kEnd:
        return after == Side::kBorder;
      case Kind::kBorder:
        return is_border;
      default:
        return !is_border;
    }
  }

  ObligationId look(const State& state, const Look& look, ObligationId asked) {
    if (!look.is_ahead) {
      const bool found = dfas_[look.dfa_of[0]]->accepts(state.behinds[look.behind]);
      return found != look.negated ? asked : kBroken;
    }
    const uint32_t dfa = look.dfa_of[static_cast<size_t>(state.before)];
    Obligation all = obligations_[asked];
    return add(std::move(all), dfa, dfas_[dfa]->start());
  }

  /// The obligations of `all` and one more.
  ObligationId add(Obligation all, uint32_t dfa, Dfa::State state) {
    if (state == Dfa::kDead) return kBroken;
    if (state != any_of_dfa_[dfa]) all.emplace_back(dfa, state);
    return intern(std::move(all));
  }

  ObligationId intern(Obligation all) {
    std::ranges::sort(all);
    all.erase(std::unique(all.begin(), all.end()), all.end());
    if (all.empty()) return kNothing;
    budget_.take(all.size());
    const auto [found, is_new] = obligation_ids_.try_emplace(std::move(all), obligations_.size());
    if (is_new) obligations_.push_back(found->first);
    return found->second;
  }

  ObligationId step(ObligationId asked, uint32_t c) {
    if (asked == kNothing) return kNothing;
    Obligation next;
    for (const auto& [dfa, state] : obligations_[asked]) {
      const Dfa::State target = dfas_[dfa]->next(state, class_in_dfa_[dfa][c]);
      if (target == Dfa::kDead) return kBroken;
      if (target != any_of_dfa_[dfa]) next.emplace_back(dfa, target);
    }
    return intern(std::move(next));
  }

  const Expression& expression_;
  Match match_;
  Side before_;
  Budget& budget_;
  Nfa nfa_;
  bool tells_words_ = false;
  bool tells_begin_ = false;
  std::vector<Look> looks_;
  std::vector<std::shared_ptr<const Dfa>> dfas_;  // of the looks
  std::vector<Dfa::State> any_of_dfa_;
  std::vector<std::vector<uint32_t>> class_in_dfa_;  // [dfas, classes]
  std::vector<std::vector<uint32_t>> classes_of_set_;
  std::vector<Side> side_of_class_;
  size_t n_classes_ = 0;

  std::vector<Obligation> obligations_;
  std::map<Obligation, ObligationId> obligation_ids_;
  std::vector<State> states_;
  std::unordered_map<std::vector<uint32_t>, uint32_t, KeyHash> ids_;
  size_t n_threads_ = 0;
  RawDfa raw_;

  // Of the state that is being followed.
  std::vector<Thread> todo_;
  std::vector<uint32_t> seen_plain_;
  std::unordered_set<uint64_t> seen_;
  uint32_t stamp_ = 0;
};

}  // namespace

Result<std::shared_ptr<const Dfa>> determinise(const Expression& expression, Match match, Budget& budget) {
  return Determiniser(expression, match, Side::kBorder, budget).run();
}

}  // namespace ingle::text::grammar
