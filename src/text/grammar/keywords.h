// The values of single keywords, read and checked for being what a schema may say.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/grammar/ir.h"
#include "text/grammar/json_types.h"

namespace ingle::text::grammar {

/// Errors name the place: a JSON pointer.
std::unexpected<Error> malformed_schema(const std::string& path, std::string_view why);
std::unexpected<Error> refused_schema(const std::string& path, std::string_view why);

/// A keyword of a schema with its place.
struct Keyword {
  const nlohmann::ordered_json& value;
  std::string_view name;
  std::string path;
};

Result<uint32_t> count_of(const Keyword& keyword);
Result<Types> types_of(const Keyword& keyword);
Result<std::string> text_of(const Keyword& keyword);
/// A list of names.
Result<std::vector<std::string>> names_of(const Keyword& keyword);
/// A list with at least one schema.
Status must_be_schemas(const Keyword& keyword);
Status must_be_object(const Keyword& keyword);

/// The bound that `minimum` and `exclusiveMinimum`, or the same of the maximum, make: draft 4's exclusive... is a boolean.
/// Nothing for a bound with too many digits: then `is_exact` becomes false.
Result<std::optional<Bound>> bound_of(const nlohmann::ordered_json& schema, const std::string& path, bool is_lower,
                                      bool& is_exact);

}  // namespace ingle::text::grammar
