// SchemaTree -> Program: the documents of a schema, byte by byte.
//
// Documents are compact; one space may stand after ',' and ':'. Members come in the schema's order. What refers to itself is
// unrolled to SchemaLimits::max_depth levels of arrays and objects.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/ir.h"
#include "text/grammar/program.h"
#include "text/grammar/schema.h"

namespace ingle::text::grammar {

/// A text that strings may be copied from. The text must live until the schema is compiled.
struct CopySource {
  std::string name;
  std::string_view text;
};

struct CompiledSchema {
  SchemaTree tree;
  std::shared_ptr<const Program> program;  // shared by all that walk through it
};

/// Everything from the text of a schema on. `available`: bytes that the vocabulary can say one at a time.
Result<CompiledSchema> compile_schema(std::string_view json, std::span<const CopySource> sources,
                                      const ByteSet& available, const SchemaLimits& limits = {});

/// kRefused: a pattern that cannot be enforced, no document at all, or a limit.
Result<std::shared_ptr<const Program>> compile(const SchemaTree& tree,
                                               std::vector<std::shared_ptr<const CopyText>> sources,
                                               const ByteSet& available, const SchemaLimits& limits = {});

}  // namespace ingle::text::grammar
