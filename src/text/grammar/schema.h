// JSON Schema (2020-12, and what draft 7 says the same way) -> SchemaTree.
//
// Every keyword is enforced, is an annotation, or is refused by name and path: nothing is dropped silently. Two keywords of
// our own: "x-ingle-copy": NAME, a string that must be a span of the copy source NAME, and "x-ingle-copy-as".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/grammar/ir.h"

namespace ingle::text::grammar {

struct SchemaLimits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_nodes = 20'000;
  uint32_t max_depth = 32;  // of nested schemas
};

/// kUsage: no JSON, or no schema. kRefused: a keyword that cannot be enforced, or a limit.
Result<SchemaTree> parse_schema(std::string_view json, std::span<const std::string> copy_sources,
                                const SchemaLimits& limits = {});

}  // namespace ingle::text::grammar
