// JSON in the one form that grammars write: the same function spells a constant of a schema and a value that is checked.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::text::grammar {

/// `what` begins the error. Nesting beyond `max_depth` is refused before it costs memory.
Result<nlohmann::ordered_json> parse_json(std::string_view text, int max_depth, std::string_view what);

/// A scalar: strings with the escapes that JSON demands and no other, whole numbers without fraction or exponent, other
/// numbers as the shortest digits that read back to the same double.
std::string scalar_text(const nlohmann::ordered_json& value);

/// A string with its quotes.
std::string string_text(std::string_view value);

}  // namespace ingle::text::grammar
