#include "text/grammar/json_types.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ingle::text::grammar {

using Json = nlohmann::ordered_json;

std::optional<Types> type_named(std::string_view name) {
  if (name == "null") return kNullType;
  if (name == "boolean") return kBooleanType;
  if (name == "integer") return kWholeType;
  if (name == "number") return kNumberTypes;
  if (name == "string") return kStringType;
  if (name == "array") return kArrayType;
  if (name == "object") return kObjectType;
  return std::nullopt;
}

Types type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNullType;
    case Json::value_t::boolean:
      return kBooleanType;
    case Json::value_t::string:
      return kStringType;
    case Json::value_t::array:
      return kArrayType;
    case Json::value_t::object:
      return kObjectType;
    case Json::value_t::number_float:
      return value.get<double>() == std::trunc(value.get<double>()) ? kWholeType : kFractionalType;
    default:
      return kWholeType;
  }
}

size_t weight_of(const Json& value) {
  size_t n = 1;
  if (value.is_structured()) {
    for (const Json& element : value)
      n += weight_of(element);
  }
  return n;
}

bool are_equal(const Json& a, const Json& b) {
  if (a.is_object() && b.is_object()) {
    return a.size() == b.size() && std::ranges::all_of(a.items(), [&](const auto& member) {
             const auto other = b.find(member.key());
             return other != b.end() && are_equal(member.value(), *other);
           });
  }
  if (a.is_array() && b.is_array()) return std::ranges::equal(a, b, are_equal);
  return a == b;
}

}  // namespace ingle::text::grammar
