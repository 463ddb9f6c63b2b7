// A JSON file of a model: parsed with limits, read with errors that name file and field. For .cpp files of this module.
#pragma once

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::convert {

using Json = nlohmann::json;

inline Error wrong_file(std::string_view file, std::string_view what) {
  return Error::corrupt(fmt::format("{}: {}", file, what)).hint("the file is damaged or of another kind of model");
}

inline Result<Json> parse_json(std::string_view file, std::string_view text) {
  constexpr int kMaxDepth = 32;
  Json json;
  try {
    json = Json::parse(text, [](int depth, Json::parse_event_t, Json&) {
      if (depth > kMaxDepth) throw std::length_error("too deep");
      return true;
    });
  } catch (const std::exception&) {
    return std::unexpected(wrong_file(file, "is not valid JSON"));
  }
  if (!json.is_object()) return std::unexpected(wrong_file(file, "is not a JSON object"));
  return json;
}

/// The member, or null where there is none.
inline const Json& member(const Json& json, const char* name) {
  static const Json kNull;
  const auto found = json.is_object() ? json.find(name) : json.end();
  return json.is_object() && found != json.end() ? *found : kNull;
}

/// The text of a member, "" where there is none.
inline std::string text_of(const Json& json, const char* name) {
  const Json& value = member(json, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

}  // namespace ingle::convert
