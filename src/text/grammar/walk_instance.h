// A JSON value on its way through the masks of a schema: written as generation writes it, a byte a token.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "text/grammar/ir.h"
#include "text/grammar/token_mask.h"
#include "text/grammar/validation/json_value.h"

namespace ingle::text::grammar {

/// The text of `instance` that the masks let pass as a whole document; nothing: there is none. Members are put in the
/// schema's order, where alternatives have different orders all are followed. kRefused: too many ways.
Result<std::optional<std::string>> walk_instance(const SchemaTree& tree, Masker& masker,
                                                 const validation::JsonValue& instance);

}  // namespace ingle::text::grammar
