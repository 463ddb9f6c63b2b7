// Filters of numbers and of any value, and the look-up of all filters.
#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "text/template/arguments.h"
#include "text/template/evaluator.h"
#include "text/template/natives.h"
#include "text/template/operators.h"
#include "text/template/text_ops.h"

namespace ingle::text::jinja {
namespace value_filter {
namespace {

std::string cleaned(std::string_view text) {
  const MarkedText stripped = strip(MarkedText(text, true), std::nullopt, true, true);
  std::string out(stripped.bytes());
  // Single underscores between digits, as Python's int() and float() allow.
  for (size_t i = 1; i + 1 < out.size(); ++i) {
    const auto digit = [&](size_t at) { return std::isxdigit(static_cast<unsigned char>(out[at])) != 0; };
    if (out[i] == '_' && digit(i - 1) && digit(i + 1)) out.erase(i, 1);
  }
  return out;
}

std::optional<int64_t> parse_int(std::string_view text, int64_t base) {
  std::string digits = cleaned(text.substr(0, 200));
  bool negative = false;
  if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) {
    negative = digits[0] == '-';
    digits.erase(0, 1);
  }
  if (digits.size() > 2 && digits[0] == '0') {
    const char radix = static_cast<char>(digits[1] | 0x20);
    const int64_t named = radix == 'x' ? 16 : radix == 'o' ? 8 : radix == 'b' ? 2 : 0;
    if (named != 0 && (base == named || base == 0)) {
      base = named;
      digits.erase(0, 2);
    }
  }
  if (base == 0) base = 10;
  if (base < 2 || base > 36 || digits.empty() || digits[0] == '-' || text.size() > 200) return std::nullopt;
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, static_cast<int>(base));
  if (error != std::errc() || stop != end || value > static_cast<uint64_t>(INT64_MAX)) return std::nullopt;
  return negative ? -static_cast<int64_t>(value) : static_cast<int64_t>(value);
}

std::optional<double> parse_float(std::string_view text) {
  if (text.size() > 1000) return std::nullopt;
  std::string digits = cleaned(text);
  if (!digits.empty() && digits[0] == '+') digits.erase(0, 1);
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (stop != end || digits.empty() || error == std::errc::invalid_argument) return std::nullopt;
  // Out of range: strtod gives the infinity or zero that Python gives.
  return error == std::errc() ? value : std::strtod(digits.c_str(), nullptr);
}

std::optional<int64_t> whole(double value) {
  if (!(std::fabs(value) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(value);
}

Result<Value> to_int(Call& call) {
  const Value fallback = call.arg[0] != nullptr ? *call.arg[0] : Value::of(int64_t{0});
  INGLE_TRY(const int64_t base, int_arg(call, 1, 10));
  const Value& value = call.self;
  if (value.is_undefined()) return std::unexpected(undefined_error(value));
  if (value.is_integer()) return Value::of(value.as_integer());
  std::optional<int64_t> result;
  if (value.is(Kind::kFloat)) result = whole(value.real);
  if (value.is_str()) {
    result = parse_int(value.bytes(), base);
    if (!result) {
      const auto real = parse_float(value.bytes());
      if (real) result = whole(*real);
    }
  }
  return result ? Value::of(*result) : fallback;
}

Result<Value> to_float(Call& call) {
  const Value fallback = call.arg[0] != nullptr ? *call.arg[0] : Value::of(0.0);
  const Value& value = call.self;
  if (value.is_undefined()) return std::unexpected(undefined_error(value));
  if (value.is_number()) return Value::of(value.as_real());
  if (!value.is_str()) return fallback;
  const auto real = parse_float(value.bytes());
  return real ? Value::of(*real) : fallback;
}

Result<Value> absolute(Call& call) {
  if (call.self.is(Kind::kFloat)) return Value::of(std::fabs(call.self.real));
  if (!call.self.is_integer()) return wrong_type(call.self, "a number");
  if (call.self.as_integer() < 0) return negate(call.self);
  return Value::of(call.self.as_integer());
}

Result<Value> round_number(Call& call) {
  if (!call.self.is_number()) return wrong_type(call.self, "a number");
  INGLE_TRY(const int64_t precision, int_arg(call, 0, 0));
  INGLE_TRY(const auto given, text_arg(call, 1));
  const std::string_view method = given.value_or("common");
  if (method != "common" && method != "ceil" && method != "floor") {
    return std::unexpected(Error::corrupt("round: the method must be common, ceil or floor"));
  }
  if (std::abs(precision) > 300) return std::unexpected(Error::corrupt("round: the precision is out of range"));
  const double scale = std::pow(10.0, static_cast<double>(precision));
  if (method != "common") {
    const double scaled = call.self.as_real() * scale;
    return Value::of((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale);
  }
  if (call.self.is_integer() && precision >= 0) return Value::of(call.self.as_integer());
  if (!std::isfinite(call.self.as_real())) return call.self;
  if (precision >= 0) {
    // Python rounds the exact decimal value, half to even, which is what printing with that precision does.
    const std::string digits = fmt::format("{:.{}f}", call.self.real, static_cast<int>(precision));
    return Value::of(std::strtod(digits.c_str(), nullptr));
  }
  const double rounded = std::nearbyint(call.self.as_real() * scale) / scale;
  if (call.self.is_integer()) return Value::of(static_cast<int64_t>(rounded));
  return Value::of(rounded);
}

Result<Value> fallback_value(Call& call) {
  const bool replace = call.self.is_undefined() || (bool_arg(call, 1, false) && !truthy(call.self));
  if (!replace) return call.self;
  return call.arg[0] != nullptr ? *call.arg[0] : call.heap.text("");
}

Result<Value> attribute(Call& call) {
  if (!call.arg[0]->is_str()) return wrong_type(*call.arg[0], "the name of an attribute");
  if (call.self.is(Kind::kDict) && find_dict_method(call.arg[0]->bytes()) == nullptr) {
    return Value::undefined(call.arg[0]->str, Kind::kDict);
  }
  return call.eval.attribute(call.self, *call.arg[0]->str);
}

constexpr Native kValueFilters[] = {
    {"abs", absolute},
    {"attr", attribute, {"name"}, 1},
    {"d", fallback_value, {"default_value", "boolean"}},
    {"default", fallback_value, {"default_value", "boolean"}},
    {"float", to_float, {"default"}},
    {"int", to_int, {"default", "base"}},
    {"round", round_number, {"precision", "method"}},
};

}  // namespace
}  // namespace value_filter

std::span<const Native> value_filters() {
  return value_filter::kValueFilters;
}

const Native* find_in(std::span<const Native> table, std::string_view name) {
  for (const Native& native : table) {
    if (native.name == name) return &native;
  }
  return nullptr;
}

const Native* find_filter(std::string_view name) {
  for (const auto table : {text_filters(), list_filters(), value_filters()}) {
    if (const Native* found = find_in(table, name); found != nullptr) return found;
  }
  return nullptr;
}

}  // namespace ingle::text::jinja
