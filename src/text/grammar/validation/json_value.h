// A JSON document as plain values, with numbers as they are written: what validation works on. Immutable after parsing.
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "text/grammar/validation/exact_number.h"

namespace ingle::text::grammar::validation {

struct JsonValue {
  struct Member;
  using Array = std::vector<JsonValue>;
  using Object = std::vector<Member>;  // sorted by key, no key twice

  std::variant<std::nullptr_t, bool, ExactNumber, std::string, Array, Object> data;

  bool is_null() const { return std::holds_alternative<std::nullptr_t>(data); }
  const bool* boolean() const { return std::get_if<bool>(&data); }
  const ExactNumber* number() const { return std::get_if<ExactNumber>(&data); }
  const std::string* string() const { return std::get_if<std::string>(&data); }
  const Array* array() const { return std::get_if<Array>(&data); }
  const Object* object() const { return std::get_if<Object>(&data); }

  /// The member of an object; null where there is none, or no object.
  const JsonValue* find(std::string_view key) const;
};

struct JsonValue::Member {
  std::string key;
  JsonValue value;
};

/// Of a key that comes twice the last value counts. kUsage: no JSON; kRefused: nested deeper than `max_depth`. `what`
/// begins the error.
Result<JsonValue> read_json(std::string_view text, size_t max_depth, std::string_view what);

/// Numbers are those that `json` holds: doubles as their shortest digits.
JsonValue to_exact(const nlohmann::ordered_json& json);

/// A total order; 1 and 1.0 are equal. Adds to `steps` the values that were looked at.
std::strong_ordering compare(const JsonValue& a, const JsonValue& b, size_t& steps);

/// The place of `part`, which is inside `whole`, as a JSON pointer.
std::string pointer_to(const JsonValue& whole, const JsonValue& part);

/// `key` as a step of a JSON pointer, with its slash.
std::string pointer_step(std::string_view key);

/// Where the first step of `pointer`, which is not empty, leads from `value`; null: nowhere. Takes it off the pointer.
const JsonValue* take_step(const JsonValue& value, std::string_view& pointer);

}  // namespace ingle::text::grammar::validation
