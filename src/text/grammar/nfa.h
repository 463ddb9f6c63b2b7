// Nfa: an Expression as nodes that lead to each other, counted repetitions written out. Built once, then read.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "text/grammar/dfa.h"
#include "text/grammar/expression.h"

namespace ingle::text::grammar {

struct Nfa {
  using NodeId = uint32_t;
  static constexpr size_t kMaxNodes = 200'000;
  static constexpr NodeId kMatch = 0;

  enum class Kind : uint8_t { kMatch, kSet, kSplit, kPlace, kLook };
  struct Node {
    Kind kind = Kind::kMatch;
    Expression::Kind place = {};  // kPlace: kBegin, kEnd, kBorder or kNoBorder
    uint32_t arg = 0;             // kSet: of sets; kLook: of looks
    NodeId next = 0;
    NodeId other = 0;  // kSplit: the second way
  };

  std::vector<Node> nodes;
  std::vector<CodePointSet> sets;        // all different
  std::vector<const Expression*> looks;  // into the expression, which must outlive this
  NodeId start = 0;

  /// kRefused past a limit.
  static Result<Nfa> of(const Expression& expression, Budget& budget);
};

/// Whether some part of the expression is of one of the kinds from `first` to `last`.
bool has_kind(const Expression& expression, Expression::Kind first, Expression::Kind last);

}  // namespace ingle::text::grammar
