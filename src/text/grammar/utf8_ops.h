// Sets of code points as operations on the bytes of UTF-8: one character of plain text.
#pragma once

#include "text/grammar/code_point_set.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// One character of `set`, which is normal (code_point_set.h), before `next`.
OpId emit_utf8(ProgramBuilder& builder, const CodePointSet& set, OpId next);

}  // namespace ingle::text::grammar
