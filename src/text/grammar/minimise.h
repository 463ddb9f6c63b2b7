// The smallest automaton of a set of texts, numbered in the one way that Dfa promises.
#pragma once

#include "base/result.h"
#include "text/grammar/dfa.h"

namespace ingle::text::grammar {

/// As in Dfa: state 0 is dead, the others are numbered as they are met from the start, class by class.
struct MinimalDfa {
  CodePointClasses classes;
  std::vector<uint32_t> next;  // [states, classes]
  std::vector<bool> accepts;
  uint32_t start = 0;
};

/// Merges states, and code points, that nothing tells apart. O(n log n) in the entries of the table; kRefused when the budget
/// is spent.
Result<MinimalDfa> minimise(const RawDfa& raw, Budget& budget);

}  // namespace ingle::text::grammar
