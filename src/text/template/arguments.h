// Reading the arguments of filters, tests and methods, with Python's conversions and refusals.
#pragma once

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "base/result.h"
#include "text/template/printing.h"
#include "text/template/value.h"

namespace ingle::text::jinja {

inline std::unexpected<Error> wrong_type(const Value& value, std::string_view wanted) {
  if (value.is_undefined()) return std::unexpected(undefined_error(value));
  return std::unexpected(type_error(fmt::format("expected {}, got {}", wanted, type_name(value))));
}

inline Result<int64_t> int_arg(const Call& call, size_t i, int64_t fallback) {
  if (!call.has(i)) return fallback;
  if (!call.arg[i]->is_integer()) return wrong_type(*call.arg[i], "an integer");
  return call.arg[i]->as_integer();
}

inline bool bool_arg(const Call& call, size_t i, bool fallback) {
  return call.arg[i] == nullptr ? fallback : truthy(*call.arg[i]);
}

/// A string that must be one; nothing for an absent argument or none.
inline Result<std::optional<std::string_view>> text_arg(const Call& call, size_t i) {
  if (!call.has(i)) return std::nullopt;
  if (!call.arg[i]->is_str()) return wrong_type(*call.arg[i], "a string");
  return call.arg[i]->bytes();
}

/// A string result that is markup where what it was made from is.
inline Value like(const Value& source, Value result) {
  result.markup = source.is_str() && source.markup;
  return result;
}

}  // namespace ingle::text::jinja
