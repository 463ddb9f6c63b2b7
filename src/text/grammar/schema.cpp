#include "text/grammar/schema.h"

#include <fmt/format.h>

#include "text/grammar/json_text.h"
#include "text/grammar/null_keywords.h"
#include "text/grammar/schema_index.h"
#include "text/grammar/tree_builder.h"

namespace ingle::text::grammar {

std::string Unenforced::message() const {
  return fmt::format("'{}' cannot be enforced at {}: {}", keyword, path, why);
}

Result<SchemaTree> parse_schema(std::string_view json, std::span<const CopySource> copy_sources,
                                const SchemaOptions& options) {
  const SchemaLimits& limits = options.limits;
  if (json.size() > limits.max_bytes) {
    return std::unexpected(
        Error::refused(fmt::format("the schema has {} bytes, at most {} are taken", json.size(), limits.max_bytes)));
  }
  INGLE_TRY(nlohmann::ordered_json root, parse_json(json, static_cast<int>(limits.max_depth) * 4, "the schema"));
  drop_null_keywords(root);
  INGLE_TRY(SchemaIndex index, SchemaIndex::create(root));
  INGLE_TRY(SchemaTree tree, TreeBuilder(index, copy_sources, options).build(root));
  if (!options.may_check && !tree.unenforced.empty()) {
    return std::unexpected(
        Error::refused("schema: " + tree.unenforced.front().message())
            .hint("leave it out, or have it checked when the answer is whole: without 'strict': true"));
  }
  return tree;
}

}  // namespace ingle::text::grammar
