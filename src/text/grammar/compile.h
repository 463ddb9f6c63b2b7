// SchemaTree -> Program: the documents of a schema, byte by byte.
//
// Documents are written in one form: a space after ',' and ':', no other white space, members in the schema's order. What
// refers to itself is a rule that calls itself; how deep a document nests is bounded where it is walked (kMaxFrames).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/emit_containers.h"
#include "text/grammar/ir.h"
#include "text/grammar/program.h"
#include "text/grammar/schema.h"

namespace ingle::text::grammar {

struct CompiledSchema {
  SchemaTree tree;
  std::shared_ptr<const Program> program;  // shared by all that walk through it
};

/// Everything from the text of a schema on. `available`: bytes that the vocabulary can say one at a time.
Result<CompiledSchema> compile_schema(std::string_view json, std::span<const CopySource> sources,
                                      const ByteSet& available, const SchemaOptions& options = {});

/// The documents of `tree`, then `next`: how other grammars, such as those of tool calls, contain a schema. Copies are taken
/// from the builder's sources. kRefused: a pattern that cannot be enforced, or a limit.
Result<OpId> emit_schema(ProgramBuilder& builder, const SchemaTree& tree, OpId next, Layout layout = Layout::kOneLine);

/// kRefused: what emit_schema refuses, or no document at all.
Result<std::shared_ptr<const Program>> compile(const SchemaTree& tree,
                                               std::vector<std::shared_ptr<const CopyText>> sources,
                                               const ByteSet& available);

}  // namespace ingle::text::grammar
