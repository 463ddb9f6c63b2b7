#include "text/grammar/language.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/utf8.h"
#include "text/grammar/determinise.h"
#include "text/grammar/regex.h"
#include "text/tokenizer/code_points.h"

namespace ingle::text::grammar {
namespace {

/// The caller's budget, or one for this operation alone.
class Steps {
 public:
  explicit Steps(Budget* given) : budget_(given != nullptr ? given : &own_) {}
  Steps(const Steps&) = delete;
  Steps& operator=(const Steps&) = delete;
  operator Budget&() { return *budget_; }  // NOLINT(google-explicit-constructor): stands for it everywhere

 private:
  Budget own_;
  Budget* budget_;
};

std::shared_ptr<const Dfa> constant(bool accepts) {
  Budget budget;
  auto made = Dfa::minimal({.classes = {}, .next = {0}, .accepts = {accepts}}, budget);
  INGLE_CHECK(made.has_value());
  return *made;
}

}  // namespace

Language Language::any() {
  static const std::shared_ptr<const Dfa> made = constant(true);
  return Language(made);
}

Language Language::none() {
  static const std::shared_ptr<const Dfa> made = constant(false);
  return Language(made);
}

Result<Language> Language::from_automaton(const RawDfa& raw, Budget* budget) {
  INGLE_TRY(auto dfa, Dfa::minimal(raw, Steps(budget)));
  return Language(std::move(dfa));
}

Result<Language> Language::from_pattern(std::string_view pattern, Budget* budget) {
  INGLE_TRY(const Expression expression, parse_regex(pattern));
  INGLE_TRY(auto dfa, determinise(expression, Match::kAnywhere, Steps(budget)));
  return Language(std::move(dfa));
}

Result<Language> Language::from_whole_pattern(std::string_view pattern, Budget* budget) {
  INGLE_TRY(const Expression expression, parse_regex(pattern));
  INGLE_TRY(auto dfa, determinise(expression, Match::kWhole, Steps(budget)));
  return Language(std::move(dfa));
}

Result<Language> Language::literal(std::string_view text, Budget* budget) {
  const std::string one(text);
  return of_literals({&one, 1}, budget);
}

Result<Language> Language::of_literals(std::span<const std::string> texts, Budget* budget) {
  Steps steps(budget);
  Budget& left = steps;
  std::vector<std::map<char32_t, uint32_t>> tree(2);  // 0: dead
  std::vector<bool> accepts(2, false);
  CodePointSet used;
  for (const std::string& text : texts) {
    if (!base::is_valid_utf8(text)) continue;
    if (!left.take(text.size() + 1)) return too_large();
    uint32_t node = 1;
    for (size_t i = 0; i < text.size();) {
      const CodePoint c = decode_code_point(text, i);
      i += c.size;
      const auto [found, is_new] = tree[node].try_emplace(c.value, static_cast<uint32_t>(tree.size()));
      node = found->second;
      if (!is_new) continue;
      tree.emplace_back();
      accepts.push_back(false);
      used.push_back({c.value, c.value});
    }
    accepts[node] = true;
  }
  std::ranges::sort(used);
  used.erase(std::unique(used.begin(), used.end()), used.end());
  std::vector<CodePointSet> sets;
  for (const CodePointRange& range : used)
    sets.push_back({range});
  auto classes = CodePointClasses::of(sets, left);
  if (!classes) return too_large();
  const size_t n_classes = classes->count();
  if (tree.size() * n_classes > Dfa::kMaxEntries) return too_large();
  RawDfa raw{.classes = std::move(*classes), .next = {}, .accepts = std::move(accepts), .start = 1};
  raw.next.resize(tree.size() * n_classes, 0);
  for (size_t node = 1; node < tree.size(); ++node) {
    for (const auto& [c, child] : tree[node])
      raw.next[node * n_classes + raw.classes.of(c)] = child;
  }
  return from_automaton(raw, &left);
}

Result<Language> Language::of_lengths(uint32_t min, uint32_t max, Budget* budget) {
  if (min > max) return none();
  const uint32_t counted = max == kEndless ? min : max;
  Steps steps(budget);
  Budget& left = steps;
  if (counted >= Dfa::kMaxStates - 2 || !left.take(counted)) return too_large();
  RawDfa raw;
  for (uint32_t length = 0; length <= counted; ++length) {
    raw.next.push_back(length + 1);
    raw.accepts.push_back(length >= min);
  }
  raw.next.push_back(counted + 1);  // of the state for longer texts
  raw.accepts.push_back(max == kEndless);
  return from_automaton(raw, &left);
}

Result<Language> Language::intersect(const Language& other, Budget* budget) const {
  INGLE_TRY(const RawDfa raw, product(*dfa_, *other.dfa_, [](bool a, bool b) { return a && b; }, Steps(budget)));
  return from_automaton(raw, budget);
}

Result<Language> Language::unite(const Language& other, Budget* budget) const {
  INGLE_TRY(const RawDfa raw, product(*dfa_, *other.dfa_, [](bool a, bool b) { return a || b; }, Steps(budget)));
  return from_automaton(raw, budget);
}

Result<Language> Language::without(const Language& other, Budget* budget) const {
  INGLE_TRY(const RawDfa raw, product(*dfa_, *other.dfa_, [](bool a, bool b) { return a && !b; }, Steps(budget)));
  return from_automaton(raw, budget);
}

Result<Language> Language::complement(Budget* budget) const {
  Steps steps(budget);
  Budget& left = steps;
  if (!left.take(dfa_->n_states())) return too_large();
  RawDfa raw = dfa_->raw();
  raw.accepts.flip();
  return from_automaton(raw, &left);
}

Result<bool> Language::is_subset_of(const Language& other, Budget* budget) const {
  INGLE_TRY(const Language rest, without(other, budget));
  return rest.is_empty();
}

Result<bool> Language::is_disjoint_from(const Language& other, Budget* budget) const {
  INGLE_TRY(const Language both, intersect(other, budget));
  return both.is_empty();
}

std::optional<std::vector<std::string>> Language::members(size_t limit, size_t max_bytes) const {
  struct Item {
    Dfa::State state;
    std::string text;
  };
  std::vector<std::string> found;
  if (is_empty()) return found;
  std::vector<Item> todo = {{dfa_->start(), ""}};
  size_t n_bytes = 0;
  while (!todo.empty()) {
    const Item item = std::move(todo.back());
    todo.pop_back();
    if (dfa_->accepts(item.state)) found.push_back(item.text);
    n_bytes += item.text.size();
    // From every state some text can be finished, so what is waiting will be found.
    if (found.size() + todo.size() > limit || n_bytes > max_bytes || item.text.size() / 4 > dfa_->n_states())
      return std::nullopt;
    std::vector<Item> children;
    const auto pieces = dfa_->classes().pieces();
    for (size_t i = 0; i < pieces.size(); ++i) {
      const Dfa::State target = dfa_->next(item.state, pieces[i].id);
      const char32_t last = i + 1 < pieces.size() ? pieces[i + 1].first - 1 : kLastCodePoint;
      if (target == Dfa::kDead) continue;
      if (last - pieces[i].first >= limit) return std::nullopt;
      for (char32_t c = pieces[i].first; c <= last; ++c) {
        if (is_surrogate(c)) continue;
        std::string text = item.text;
        append_utf8(c, text);
        children.push_back({target, std::move(text)});
      }
      if (children.size() > limit) return std::nullopt;
    }
    std::ranges::reverse(children);
    std::ranges::move(children, std::back_inserter(todo));
  }
  return found;
}

}  // namespace ingle::text::grammar
