// Regular expressions in a schema's "pattern": the part of ECMA-262 that is regular, matched inside a JSON string.
//
// Literals, classes, groups, alternatives, counted repetitions, ^ and $ at the borders of a top-level alternative; \d \w \s
// are ASCII, as there. No lookaround, no backreference, no \b, no \p. Without an anchor anything may stand before or after.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/grammar/code_point_set.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// What stands between the quotes of a string that the pattern matches, before `next`. kRefused: why it cannot be enforced.
Result<OpId> emit_pattern(ProgramBuilder& builder, std::string_view pattern, OpId next);

/// One code point from any of the ranges, escaped where JSON demands it.
OpId emit_code_point(ProgramBuilder& builder, const std::vector<CodePointRange>& ranges, OpId next);

}  // namespace ingle::text::grammar
