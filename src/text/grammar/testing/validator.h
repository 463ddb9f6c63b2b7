// A small validator of JSON Schema, written apart from the grammar and by other means: what random documents are held to.
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace ingle::text::grammar::testing {

/// Knows the keywords that the grammar enforces, "x-ingle-copy" apart.
bool is_valid(const nlohmann::ordered_json& schema, const nlohmann::ordered_json& instance,
              const nlohmann::ordered_json& root);

}  // namespace ingle::text::grammar::testing
