#include "text/grammar/testing/random_schema.h"

#include <nlohmann/json.hpp>
#include <random>

namespace ingle::text::grammar::testing {
namespace {

using Json = nlohmann::ordered_json;

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  Json schema(int depth) {
    switch (below(depth > 0 ? 11 : 7)) {
      case 0:
        return number("integer");
      case 1:
        return number("number");
      case 2:
        return string();
      case 3:
        return {{"enum", Json::array({scalar(), scalar(), scalar()})}};
      case 4:
        return {{"const", chance(2) ? scalar() : Json{{"k", scalar()}, {"é\"", Json::array({scalar()})}}}};
      case 5:
        return {{"type", Json::array({"null", "boolean", "string"})}};
      case 6:
        return {{"$ref", "#/$defs/shared"}};
      case 7:
        return {{"anyOf", Json::array({schema(depth - 1), schema(depth - 1), {{"type", "null"}}})}};
      case 8:
        return array(depth);
      default:
        return object(depth);
    }
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool chance(int n) { return below(n) == 0; }

  Json scalar() {
    const Json values[] = {nullptr, true, false, 0, -17, 2.5, "", "a", "a\"b\\", "täglich 😀", "null", 1e30};
    return values[below(12)];
  }

  Json number(const char* type) {
    Json made = {{"type", type}};
    const bool fine = type[0] == 'n' && chance(2);
    const double scale = fine ? 0.25 : 1.0;
    const double low = (below(400) - 200) * scale;
    if (chance(2)) made[chance(3) ? "exclusiveMinimum" : "minimum"] = low;
    if (chance(2)) made[chance(3) ? "exclusiveMaximum" : "maximum"] = low + 2 + below(1000) * scale;
    return made;
  }

  Json string() {
    const char* patterns[] = {"^[A-Z]{2,4}-[0-9]+$", "x+y", "^(?:on|off|\\d{1,3}%)$", "^[^a-y]{1,5}$"};
    Json made = {{"type", "string"}};
    if (chance(4)) {
      made["pattern"] = patterns[below(4)];
      return made;
    }
    const int least = below(4);
    if (chance(3)) made["minLength"] = least;
    if (chance(3)) made["maxLength"] = least + below(20);
    return made;
  }

  Json array(int depth) {
    Json made = {{"type", "array"}, {"items", schema(depth - 1)}};
    const int least = below(3);
    if (chance(2)) made["minItems"] = least;
    if (chance(2)) made["maxItems"] = least + below(4);
    if (chance(3)) made["prefixItems"] = Json::array({schema(depth - 1), schema(0)});
    return made;
  }

  Json object(int depth) {
    const char* keys[] = {"a", "ab", "name", "é", "e\"q", "x y"};
    Json properties = Json::object();
    Json required = Json::array();
    for (const char* key : keys) {
      if (chance(2)) continue;
      properties[key] = schema(depth - 1);
      if (chance(2)) required.push_back(key);
    }
    Json made = {{"type", "object"}, {"properties", properties}};
    if (!required.empty()) made["required"] = required;
    if (!chance(3)) made["additionalProperties"] = chance(2) ? Json(false) : schema(0);
    return made;
  }

  std::mt19937_64 random_;
};

}  // namespace

Json random_schema(uint64_t seed) {
  Maker maker(seed);
  Json made = maker.schema(3);
  made["$defs"]["shared"] = {
      {"type", "object"},
      {"properties", {{"next", {{"anyOf", Json::array({{{"$ref", "#/$defs/shared"}}, {{"type", "null"}}})}}}}},
      {"required", Json::array({"next"})},
      {"additionalProperties", false}};
  return made;
}

}  // namespace ingle::text::grammar::testing
