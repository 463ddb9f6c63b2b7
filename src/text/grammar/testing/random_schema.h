// Random schemas: of what the grammar always enforces, and of everything that 2020-12 can say.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>

namespace ingle::text::grammar::testing {

/// Every schema has a document.
nlohmann::ordered_json random_schema(uint64_t seed);

/// Any keywords beside each other. It may have no document, and may be refused.
nlohmann::ordered_json wild_schema(uint64_t seed);
/// A value that such a schema may well accept.
nlohmann::ordered_json wild_value(uint64_t seed);

}  // namespace ingle::text::grammar::testing
