#include "text/grammar/nfa.h"

#include <algorithm>

namespace ingle::text::grammar {
namespace {

using Kind = Expression::Kind;

class Builder {
 public:
  explicit Builder(Budget& budget) : budget_(budget) { nfa_.nodes.push_back({}); }

  Result<Nfa> run(const Expression& expression) && {
    nfa_.start = emit(expression, Nfa::kMatch);
    if (is_full_) return too_large();
    return std::move(nfa_);
  }

 private:
  Nfa::NodeId add(Nfa::Node node) {
    if (nfa_.nodes.size() >= Nfa::kMaxNodes) is_full_ = true;
    if (is_full_) return Nfa::kMatch;
    nfa_.nodes.push_back(node);
    return static_cast<Nfa::NodeId>(nfa_.nodes.size() - 1);
  }

  Nfa::NodeId emit(const Expression& e, Nfa::NodeId next) {
    if (!budget_.take(1)) is_full_ = true;
    if (is_full_) return Nfa::kMatch;
    switch (e.kind) {
      case Kind::kSet: {
        const auto [found, is_new] = set_ids_.try_emplace(e.set, static_cast<uint32_t>(nfa_.sets.size()));
        if (is_new) nfa_.sets.push_back(e.set);
        return add({.kind = Nfa::Kind::kSet, .arg = found->second, .next = next});
      }
      case Kind::kSequence:
        for (size_t i = e.parts.size(); i > 0; --i)
          next = emit(e.parts[i - 1], next);
        return next;
      case Kind::kAlternatives: {
        Nfa::NodeId all = emit(e.parts.back(), next);
        for (size_t i = e.parts.size() - 1; i > 0; --i)
          all = split(emit(e.parts[i - 1], next), all);
        return all;
      }
      case Kind::kRepeat:
        return repeat(e, next);
      case Kind::kBegin:
      case Kind::kEnd:
      case Kind::kBorder:
      case Kind::kNoBorder:
        return add({.kind = Nfa::Kind::kPlace, .place = e.kind, .next = next});
      default: {
        const auto [found, is_new] = look_ids_.try_emplace(&e, static_cast<uint32_t>(nfa_.looks.size()));
        if (is_new) nfa_.looks.push_back(&e);
        return add({.kind = Nfa::Kind::kLook, .arg = found->second, .next = next});
      }
    }
  }

  Nfa::NodeId split(Nfa::NodeId a, Nfa::NodeId b) { return add({.kind = Nfa::Kind::kSplit, .next = a, .other = b}); }

  Nfa::NodeId repeat(const Expression& e, Nfa::NodeId next) {
    const Expression& item = e.parts.front();
    if (e.max == Expression::kEndless) {
      const Nfa::NodeId loop = split(next, next);
      const Nfa::NodeId body = emit(item, loop);
      if (is_full_) return next;
      nfa_.nodes[loop].next = body;
      next = loop;
    } else {
      // Each round that may be left out leads to the end of all of them, so that none is entered in two ways.
      const Nfa::NodeId end = next;
      for (uint32_t i = e.min; i < e.max && !is_full_; ++i)
        next = split(emit(item, next), end);
    }
    for (uint32_t i = 0; i < e.min && !is_full_; ++i) {
      // A body without nodes is written in no time and would be for every count.
      const Nfa::NodeId before = next;
      next = emit(item, next);
      if (next == before) break;
    }
    return next;
  }

  Budget& budget_;
  Nfa nfa_;
  std::map<CodePointSet, uint32_t> set_ids_;
  std::map<const Expression*, uint32_t> look_ids_;
  bool is_full_ = false;
};

}  // namespace

Result<Nfa> Nfa::of(const Expression& expression, Budget& budget) {
  return Builder(budget).run(expression);
}

bool has_kind(const Expression& expression, Expression::Kind first, Expression::Kind last) {
  if (expression.kind >= first && expression.kind <= last) return true;
  return std::ranges::any_of(expression.parts, [&](const Expression& part) { return has_kind(part, first, last); });
}

}  // namespace ingle::text::grammar
