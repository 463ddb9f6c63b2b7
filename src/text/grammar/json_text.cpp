#include "text/grammar/json_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace ingle::text::grammar {

using Json = nlohmann::ordered_json;

namespace {

/// Lists and objects around the innermost value. The parser's own callback could tell, but with one it looks at all of a list
/// again for each object in it.
int depth_of(std::string_view json) {
  int depth = 0;
  int deepest = 0;
  bool is_text = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') {
      is_text = !is_text;
    } else if (is_text) {
      i += c == '\\' ? 1 : 0;
    } else if (c == '[' || c == '{') {
      deepest = std::max(deepest, ++depth);
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return deepest;
}

}  // namespace

Result<Json> parse_json(std::string_view text, int max_depth, std::string_view what) {
  if (depth_of(text) > max_depth)
    return std::unexpected(Error::refused(std::string(what) + " is nested deeper than " + std::to_string(max_depth)));
  try {
    return Json::parse(text);
  } catch (const Json::parse_error& error) {
    return std::unexpected(Error::usage(std::string(what) + " is no JSON: byte " + std::to_string(error.byte)));
  } catch (const std::exception&) {
    return std::unexpected(Error::usage(std::string(what) + " holds a number that is too large, or is no JSON"));
  }
}

std::string string_text(std::string_view value) {
  return Json(value).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string scalar_text(const Json& value) {
  if (!value.is_number_float()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  const double number = value.get<double>();
  std::array<char, 64> digits{};
  const auto write = [&](auto... format) {
    const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), number, format...);
    return error == std::errc() ? std::string(digits.data(), end) : std::string();
  };
  if (number == 0) return "0";
  if (number == std::trunc(number) && std::abs(number) < 1e18) return std::to_string(static_cast<int64_t>(number));
  // Plain digits where they are few: bounds are enforced on those.
  std::string text = write(std::chars_format::fixed);
  if (text.empty() || text.size() > 24) text = write();
  return text;
}

}  // namespace ingle::text::grammar
