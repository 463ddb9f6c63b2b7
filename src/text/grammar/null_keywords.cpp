#include "text/grammar/null_keywords.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <utility>

#include "text/grammar/dialect.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;
using validation::JsonValue;

Json::object_t* members_of(Json& value) {
  return value.get_ptr<Json::object_t*>();
}
JsonValue::Object* members_of(JsonValue& value) {
  return std::get_if<JsonValue::Object>(&value.data);
}
Json::array_t* elements_of(Json& value) {
  return value.get_ptr<Json::array_t*>();
}
JsonValue::Array* elements_of(JsonValue& value) {
  return std::get_if<JsonValue::Array>(&value.data);
}

bool is_absent(std::string_view keyword, const auto& value) {
  return value.is_null() && keyword != "const" && (is_keyword(keyword) || is_annotation(keyword));
}

template <typename Value>
void drop(Value& schema) {
  auto* members = members_of(schema);
  if (members == nullptr) return;
  const auto says_nothing = [](const auto& member) {
    const auto& [keyword, value] = member;
    return is_absent(keyword, value);
  };
  if (std::ranges::any_of(*members, says_nothing)) {
    std::remove_reference_t<decltype(*members)> kept;
    for (auto& member : *members) {
      if (!says_nothing(member)) kept.push_back(std::move(member));
    }
    *members = std::move(kept);
  }
  for (auto& [keyword, value] : *members) {
    const Holds held = holds(keyword);
    if (held == Holds::kNoSchema) continue;
    if (auto* list = elements_of(value); list != nullptr) {
      for (Value& element : *list)
        drop(element);
    } else if (held != Holds::kNamed && held != Holds::kNamedOrNames) {
      drop(value);
    } else if (auto* named = members_of(value); named != nullptr) {
      for (auto& [name, element] : *named)
        drop(element);
    }
  }
}

}  // namespace

void drop_null_keywords(Json& schema) {
  drop(schema);
}

void drop_null_keywords(JsonValue& schema) {
  drop(schema);
}

}  // namespace ingle::text::grammar
