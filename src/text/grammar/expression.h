// Expression: a regular expression as a tree, between its reader (regex.h) and the automaton that is made of it (nfa.h).
//
// Counted repetitions are still counts here, so a tree is never larger than the text it was read from. Plain data.
#pragma once

#include <cstdint>
#include <vector>

#include "text/grammar/code_point_set.h"

namespace ingle::text::grammar {

struct Expression {
  enum class Kind : uint8_t {
    kSet,           // one code point of `set`
    kSequence,      // all parts; none: nothing at all
    kAlternatives,  // any of the parts
    kRepeat,        // the only part, `min` to `max` times
    kBegin,         // ^
    kEnd,           // $
    kBorder,        // \b
    kNoBorder,      // \B
    kAhead,         // (?=part)
    kNotAhead,      // (?!part)
    kBehind,        // (?<=part)
    kNotBehind,     // (?<!part)
  };
  static constexpr uint32_t kEndless = UINT32_MAX;

  Kind kind = Kind::kSequence;
  CodePointSet set = {};
  std::vector<Expression> parts = {};
  uint32_t min = 0;
  uint32_t max = kEndless;
};

}  // namespace ingle::text::grammar
