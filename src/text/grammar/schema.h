// JSON Schema (drafts 4, 6, 7, 2019-09 and 2020-12) -> SchemaTree.
//
// Every keyword is enforced, is an annotation, or is told in SchemaTree::unenforced, by name and path: nothing is dropped
// silently. Where something is left out the tree takes more documents than the schema, never fewer. Two keywords of our own:
// "x-ingle-copy": NAME, a string that must be a span of the copy source NAME, and "x-ingle-copy-as".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/grammar/ir.h"

namespace ingle::text::grammar {

struct SchemaLimits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_nodes = 50'000;
  uint32_t max_depth = 32;         // of nested schemas
  size_t max_steps = 400'000;      // schemas looked at while they are merged
  size_t max_alternatives = 1024;  // of one value, after they are merged
};

struct SchemaOptions {
  bool may_check = false;      // false: what cannot be enforced is kRefused
  bool assert_formats = true;  // false: "format" is an annotation
  SchemaLimits limits = {};
};

/// kUsage: no JSON, or no schema. kRefused: a keyword that cannot be enforced, or a limit.
Result<SchemaTree> parse_schema(std::string_view json, std::span<const std::string> copy_sources,
                                const SchemaOptions& options = {});

}  // namespace ingle::text::grammar
