// Expression -> automaton: subsets of a nondeterministic one (Thompson 1968; Rabin and Scott 1959), made while they are met.
//
// Places between characters (^, $, \b) are decided when the next character is known. What a lookahead asks of the rest of
// the text goes along with the place that asked, as a state of an automaton of its own, and a lookbehind is an automaton that
// reads everything so far: both are exact wherever they stand, and cost what the product of the automata costs.
#pragma once

#include "base/result.h"
#include "text/grammar/dfa.h"
#include "text/grammar/expression.h"

namespace ingle::text::grammar {

enum class Match : uint8_t {
  kWhole,     // the expression is the whole text
  kAnywhere,  // it is somewhere in the text
  kAtBegin,   // the text begins with it
  kAtEnd,     // the text ends with it
};

/// kRefused: past a limit, or a lookaround inside a lookbehind.
Result<std::shared_ptr<const Dfa>> determinise(const Expression& expression, Match match, Budget& budget);

}  // namespace ingle::text::grammar
