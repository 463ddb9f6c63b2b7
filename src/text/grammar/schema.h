// JSON Schema (drafts 4, 6, 7, 2019-09 and 2020-12) -> SchemaTree.
//
// Every keyword is enforced, is an annotation, or is told in SchemaTree::unenforced, by name and path: nothing is dropped
// silently. Where something is left out the tree takes more documents than the schema, never fewer. Two keywords of our own:
// "x-ingle-copy": NAME, a string that must be a span of the copy source NAME, and "x-ingle-copy-as": "text", "amount" or "date",
// a value that the source states in its own way (copy_values.h).
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "text/grammar/ir.h"

namespace ingle::text::grammar {

/// A text that values may be copied from. It must live until the schema is compiled.
struct CopySource {
  std::string name;
  std::string_view text;
};

struct SchemaLimits {
  size_t max_bytes = size_t{1} << 20;
  size_t max_nodes = 50'000;
  uint32_t max_depth = 32;                   // of nested schemas
  size_t max_steps = 400'000;                // schemas looked at while they are merged
  uint64_t max_entries = 20'000'000;         // names, rules and values copied or compared on the way
  size_t max_alternatives = 1024;            // of one value, after they are merged
  uint64_t max_language_steps = 40'000'000;  // of all patterns, names and numbers together
};

/// Work that may still be done, for one schema or for all that are given the same budget.
struct SchemaBudget {
  explicit SchemaBudget(const SchemaLimits& limits = {})
      : steps(limits.max_steps), entries(limits.max_entries), language_steps(limits.max_language_steps) {}
  Budget steps;
  Budget entries;
  Budget language_steps;
};

struct SchemaOptions {
  bool may_check = false;      // false: what cannot be enforced is kRefused
  bool assert_formats = true;  // false: "format" is an annotation
  bool only_objects = false;   // what else the schema takes is left out
  SchemaLimits limits = {};
  SchemaBudget* budget = nullptr;  // shared with other schemas; null: one of its own
};

/// kUsage: no JSON, or no schema. kRefused: a keyword that cannot be enforced, or a limit.
Result<SchemaTree> parse_schema(std::string_view json, std::span<const CopySource> copy_sources,
                                const SchemaOptions& options = {});

}  // namespace ingle::text::grammar
