// A keyword that is null is absent: programs whose lists and maps can be nil (Go's) write `"required": null` for "nothing".
//
// Decided here for both readings of a schema, the one that is enforced and the one that checks. A null that is a value stays:
// `const`, members of `enum`, names below `properties`; so does what is no keyword.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "text/grammar/validation/json_value.h"

namespace ingle::text::grammar {

/// In the schema and in all that its keywords hold. Recursive: the depth was limited when it was read.
void drop_null_keywords(nlohmann::ordered_json& schema);
void drop_null_keywords(validation::JsonValue& schema);

}  // namespace ingle::text::grammar
