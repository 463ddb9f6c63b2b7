// Whether a document fits a schema, decided by the very masks that generation uses.
#pragma once

#include <string_view>

#include "base/result.h"
#include "text/grammar/constraint.h"

namespace ingle::text::grammar {

/// Walks `instance` through the masks of `schema`, a byte a token. Before that, members are put in the schema's order and
/// numbers in the form that grammars write. The errors are parse_schema's and compile's, or kCorrupt: the instance is no JSON.
Result<bool> fits_schema(std::string_view schema, std::string_view instance, std::span<const CopySource> sources = {});

}  // namespace ingle::text::grammar
