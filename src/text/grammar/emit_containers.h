// Arrays and objects of a SchemaTree as operations of a Program.
//
// Documents are written in one form: a space after ',' and ':' and no other white space, members in the order of the node.
// Calls of tools may have other white space (Layout).
#pragma once

#include <functional>

#include "base/result.h"
#include "text/grammar/ir.h"
#include "text/grammar/program.h"

namespace ingle::text::grammar {

/// Of arrays and objects.
enum class Layout : uint8_t {
  kOneLine,  // one space after ',' and ':'
  kFree,     // white space wherever JSON has it but before ',' and ':'
};

/// The operations of a value, then `next`.
using EmitValue = std::function<Result<OpId>(NodeId value, OpId next)>;

/// Each ends in ProgramBuilder::kReturnOp.
Result<OpId> emit_array(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout);
Result<OpId> emit_object(ProgramBuilder& builder, const Node& node, const EmitValue& emit_value, Layout layout);

/// White space that may be left out, then `next`.
OpId gap(ProgramBuilder& builder, OpId next);

}  // namespace ingle::text::grammar
