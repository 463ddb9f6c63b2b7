#include "text/grammar/testing/validator.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <regex>

namespace ingle::text::grammar::testing {
namespace {

using Json = nlohmann::ordered_json;

bool has_type(const std::string& type, const Json& value) {
  if (type == "integer") return value.is_number() && value.get<double>() == std::trunc(value.get<double>());
  if (type == "number") return value.is_number();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "null") return value.is_null();
  return type == "array" ? value.is_array() : value.is_object();
}

/// Valid UTF-8 as code points, for std::wregex.
std::wstring wide(const std::string& text) {
  std::wstring out;
  for (const char c : text) {
    const auto byte = static_cast<uint8_t>(c);
    if ((byte & 0xC0) == 0x80) {
      out.back() = static_cast<wchar_t>(out.back() << 6 | (byte & 0x3F));
    } else {
      out += static_cast<wchar_t>(byte < 0x80   ? byte
                                  : byte < 0xE0 ? byte & 0x1F
                                  : byte < 0xF0 ? byte & 0x0F
                                                : byte & 7);
    }
  }
  return out;
}

bool number_is_valid(const Json& schema, double value) {
  const auto bound = [&](const char* keyword, auto holds) {
    return !schema.contains(keyword) || holds(value, schema[keyword].get<double>());
  };
  return bound("minimum", std::greater_equal<>()) && bound("maximum", std::less_equal<>()) &&
         bound("exclusiveMinimum", std::greater<>()) && bound("exclusiveMaximum", std::less<>());
}

bool string_is_valid(const Json& schema, const std::string& value) {
  const size_t n = wide(value).size();
  if (n < schema.value("minLength", size_t{0}) || n > schema.value("maxLength", SIZE_MAX)) return false;
  return !schema.contains("pattern") ||
         std::regex_search(wide(value), std::wregex(wide(schema["pattern"].get<std::string>())));
}

bool array_is_valid(const Json& schema, const Json& value, const Json& root) {
  if (value.size() < schema.value("minItems", size_t{0}) || value.size() > schema.value("maxItems", SIZE_MAX))
    return false;
  const size_t n_first = schema.contains("prefixItems") ? schema["prefixItems"].size() : 0;
  for (size_t i = 0; i < value.size(); ++i) {
    if (i < n_first) {
      if (!is_valid(schema["prefixItems"][i], value[i], root)) return false;
    } else if (schema.contains("items") && !is_valid(schema["items"], value[i], root)) {
      return false;
    }
  }
  return true;
}

bool object_is_valid(const Json& schema, const Json& value, const Json& root) {
  for (const Json& name : schema.value("required", Json::array())) {
    if (!value.contains(name.get<std::string>())) return false;
  }
  const Json named = schema.value("properties", Json::object());
  for (const auto& [key, member] : value.items()) {
    if (named.contains(key)) {
      if (!is_valid(named[key], member, root)) return false;
    } else if (schema.contains("additionalProperties") && !is_valid(schema["additionalProperties"], member, root)) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool is_valid(const Json& schema, const Json& instance, const Json& root) {
  if (schema.is_boolean()) return schema.get<bool>();
  if (schema.contains("$ref")) {
    const std::string target = schema["$ref"].get<std::string>().substr(1);
    return is_valid(root.at(Json::json_pointer(target)), instance, root);
  }
  if (schema.contains("anyOf")) {
    const bool any = std::ranges::any_of(schema["anyOf"], [&](const Json& s) { return is_valid(s, instance, root); });
    if (!any) return false;
  }
  if (schema.contains("const") && schema["const"] != instance) return false;
  if (schema.contains("enum") && std::ranges::find(schema["enum"], instance) == schema["enum"].end()) return false;
  if (schema.contains("type")) {
    const Json types = schema["type"].is_array() ? schema["type"] : Json::array({schema["type"]});
    if (std::ranges::none_of(types, [&](const Json& t) { return has_type(t.get<std::string>(), instance); }))
      return false;
  }
  if (instance.is_number()) return number_is_valid(schema, instance.get<double>());
  if (instance.is_string()) return string_is_valid(schema, instance.get<std::string>());
  if (instance.is_array()) return array_is_valid(schema, instance, root);
  return !instance.is_object() || object_is_valid(schema, instance, root);
}

}  // namespace ingle::text::grammar::testing
