// The shape of an answer that may call tools, as a grammar.
//
// Free text leads into calls by the same Openings that the parser knows. Within a call all but the values is forced, and
// the values are those of the tool's schema; objects that name their properties have no others unless they say so.
#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "text/grammar/program.h"
#include "text/tools/format.h"

namespace ingle::text::tools {

struct CompiledCalls {
  std::shared_ptr<const grammar::Program> program;  // shared by all sequences that walk through it
  bool needs_check = false;  // some schema could not be enforced in full: judge the arguments when they are whole
};
/// The answers that `rules` allow. `available`: bytes that the vocabulary can say one at a time; `controls`: its control
/// tokens. kRefused: a strict tool whose schema cannot be enforced (tool, keyword and path are named), one whose arguments
/// cannot be written, or a limit. kUsage: `only` is no tool, or a schema takes no object.
Result<CompiledCalls> compile_calls(const Format& format, std::span<const Tool> tools, const CallRules& rules,
                                    const grammar::ByteSet& available, const grammar::ControlSpellings& controls);

/// Answers in words, in which nothing that alone says that a call follows can be said.
Result<std::shared_ptr<const grammar::Program>> compile_words(const Format& format, const grammar::ByteSet& available);

}  // namespace ingle::text::tools
