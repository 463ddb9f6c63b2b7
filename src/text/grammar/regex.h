// Reads a regular expression as JSON Schema means it: ECMA-262 with the flag "u", forgiving where browsers are.
//
// Everything of ECMA-262 but backreferences, which no automaton can follow, and the flags "i", "m", "s" and "v" of ES2025.
// An escaped mark that needs no escape ("\-", "\@") stands for itself, and so do "{", "}" and "]" where they mean nothing
// else. The reader is linear in the pattern; what an expression costs to run is bounded in nfa.h.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/grammar/expression.h"

namespace ingle::text::grammar {

inline constexpr size_t kMaxRegexBytes = size_t{64} << 10;

/// kUsage: no regular expression. kRefused: a backreference, a property of Unicode that is not known, or a limit.
Result<Expression> parse_regex(std::string_view pattern);

}  // namespace ingle::text::grammar
