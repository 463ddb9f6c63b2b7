// Arrays and objects of a SchemaTree as operations of a Program.
//
// Documents are written in one form: a space after ',' and ':' and no other white space, members in the order of the node.
#pragma once

#include <functional>

#include "base/result.h"
#include "text/grammar/ir.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// The operations of a value, then `next`.
using EmitValue = std::function<Result<OpId>(NodeId value, OpId next)>;

/// Each ends in ProgramBuilder::kReturnOp.
Result<OpId> emit_array(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value);
Result<OpId> emit_object(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value);

}  // namespace ingle::text::grammar
