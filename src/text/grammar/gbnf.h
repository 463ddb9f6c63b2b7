// GBNF, the grammar notation of llama.cpp (its grammars/README.md describes it), as a Program over plain text.
//
//     root ::= "- " item ("\n- " item){0,4}    # a rule, a group, a counted repetition
//     item ::= [^\n]+ | "none"
//
// Rules may refer to each other in any order and in circles, but not begin with themselves. Beyond that notation: names may
// have '_', and an alternative may begin on a line of its own with '|'. References to tokens, <...>, are refused.
// Time and memory are bounded by the size of the text; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

struct GbnfLimits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_items = 200'000;
  uint32_t max_depth = 256;  // of groups
};

/// kUsage: what is wrong, with line and column. kRefused: a limit, left recursion, a rule that cannot end.
Result<std::shared_ptr<const Program>> compile_gbnf(std::string_view text, const ByteSet& available,
                                                    const GbnfLimits& limits = {});

}  // namespace ingle::text::grammar
