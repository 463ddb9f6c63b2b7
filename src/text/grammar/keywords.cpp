#include "text/grammar/keywords.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "text/grammar/decimal.h"
#include "text/grammar/distance.h"
#include "text/grammar/json_text.h"
#include "text/grammar/schema_index.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

std::unexpected<Error> must_be(const Keyword& keyword, std::string_view what) {
  return malformed_schema(keyword.path, fmt::format("'{}' must be {}", keyword.name, what));
}

}  // namespace

std::unexpected<Error> malformed_schema(const std::string& path, std::string_view why) {
  return std::unexpected(Error::usage(fmt::format("schema: {} at {}", why, path)));
}

std::unexpected<Error> refused_schema(const std::string& path, std::string_view why) {
  return std::unexpected(Error::refused(fmt::format("schema: {} at {}", why, path)));
}

Result<uint32_t> count_of(const Keyword& keyword) {
  const bool is_whole = keyword.value.is_number() && type_of(keyword.value) == kWholeType;
  if (!is_whole || keyword.value.get<double>() < 0) return must_be(keyword, "a whole number from 0");
  return static_cast<uint32_t>(std::min(keyword.value.get<double>(), double{kFar}));
}

namespace {

std::string unknown_type(const Json& name) {
  constexpr size_t kMaxShown = 40;
  constexpr std::string_view kNames[] = {"string", "number", "integer", "boolean", "object", "array", "null"};
  if (!name.is_string()) return "a type that is no string";
  const auto& word = name.get_ref<const std::string&>();
  const auto meant = base::closest(word, kNames);
  return "an unknown type" + (word.size() > kMaxShown ? std::string() : " '" + word + "'") +
         (meant ? ", did you mean '" + std::string(*meant) + "'?" : std::string());
}

}  // namespace

Result<Types> types_of(const Keyword& keyword) {
  const Json list = keyword.value.is_array() ? keyword.value : Json::array({keyword.value});
  Types types = 0;
  for (const Json& name : list) {
    const auto type = name.is_string() ? type_named(name.get_ref<const std::string&>()) : std::nullopt;
    if (!type) return malformed_schema(keyword.path, unknown_type(name));
    types |= *type;
  }
  return types;
}

Result<std::string> text_of(const Keyword& keyword) {
  if (!keyword.value.is_string()) return must_be(keyword, "a string");
  return keyword.value.get<std::string>();
}

Result<std::vector<std::string>> names_of(const Keyword& keyword) {
  if (!keyword.value.is_array()) return must_be(keyword, "a list of names");
  std::vector<std::string> names;
  for (const Json& name : keyword.value) {
    if (!name.is_string()) return must_be(keyword, "a list of names");
    names.push_back(name.get<std::string>());
  }
  return names;
}

Status must_be_schemas(const Keyword& keyword) {
  if (!keyword.value.is_array() || keyword.value.empty()) return must_be(keyword, "a list of schemas");
  return {};
}

Status must_be_object(const Keyword& keyword) {
  if (!keyword.value.is_object()) return must_be(keyword, "an object");
  return {};
}

Result<std::optional<Bound>> bound_of(const Json& schema, const std::string& path, bool is_lower, bool& is_exact) {
  std::optional<Bound> bound;
  const char* const inclusive = is_lower ? "minimum" : "maximum";
  const char* const exclusive = is_lower ? "exclusiveMinimum" : "exclusiveMaximum";
  const auto strict = schema.find(exclusive);
  const bool is_flag = strict != schema.end() && strict->is_boolean();
  for (const char* name : {inclusive, exclusive}) {
    const auto found = schema.find(name);
    if (found == schema.end() || (name == exclusive && is_flag)) continue;
    const Keyword keyword{*found, name, under(path, name)};
    if (!found->is_number()) return must_be(keyword, "a number");
    const auto decimal = parse_decimal(scalar_text(*found));
    if (!decimal) {
      is_exact = false;
      continue;
    }
    tighten(bound, {*decimal, name == exclusive || (is_flag && strict->get<bool>())}, is_lower);
  }
  return bound;
}

}  // namespace ingle::text::grammar
