// Keys of members that "properties" does not name.
#pragma once

#include <vector>

#include "text/grammar/ir.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// Any key, in quotes and without escapes, that is none of the named ones: a member is never written twice.
OpId emit_other_key(ProgramBuilder& builder, const std::vector<Node::Property>& named, OpId next);

}  // namespace ingle::text::grammar
