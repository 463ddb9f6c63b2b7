// Random schemas of what the grammar enforces.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace ingle::text::grammar::testing {

/// Every schema has a document.
nlohmann::ordered_json random_schema(uint64_t seed);

}  // namespace ingle::text::grammar::testing
