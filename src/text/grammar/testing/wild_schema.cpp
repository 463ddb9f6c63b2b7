#include <nlohmann/json.hpp>
#include <random>

#include "text/grammar/testing/random_schema.h"

namespace ingle::text::grammar::testing {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKeys[] = {"a", "b", "c", "ab"};
constexpr const char* kTypes[] = {"integer", "string", "object", "array", "null", "number", "boolean"};

class Wild {
 public:
  explicit Wild(uint64_t seed) : random_(seed) {}

  Json value(int depth) {
    switch (below(depth > 0 ? 10 : 6)) {
      case 0:
        return nullptr;
      case 1:
        return chance(2);
      case 2:
      case 3: {
        const Json numbers[] = {-3, -1, 0, 1, 2, 3, 5, 7, 0.5, 2.5, -1.25};
        return numbers[below(11)];
      }
      case 4:
      case 5: {
        const char* texts[] = {"", "a", "ab", "abc", "é😀", "b1", "\n", "2024-02-29"};
        return texts[below(8)];
      }
      case 6:
      case 7: {
        Json made = Json::array();
        for (int n = below(4); n > 0; --n)
          made.push_back(value(depth - 1));
        return made;
      }
      default: {
        Json made = Json::object();
        for (const char* key : kKeys) {
          if (chance(2)) made[key] = value(depth - 1);
        }
        return made;
      }
    }
  }

  Json schema(int depth) {
    if (depth == 0) return chance(5) ? Json(chance(3)) : Json{{"type", type()}};
    Json made = Json::object();
    if (chance(2)) made["type"] = type();
    for (int n = 1 + below(3); n > 0; --n)
      add(made, depth - 1);
    return made;
  }

 private:
  int below(int n) { return static_cast<int>(random_() % static_cast<uint64_t>(n)); }
  bool chance(int n) { return below(n) == 0; }
  int most() { return chance(6) ? 1'000'000'000 : below(4); }
  const char* type() { return kTypes[below(7)]; }
  const char* key() { return kKeys[below(4)]; }
  Json list(int depth) { return Json::array({schema(depth), schema(depth)}); }

  void add(Json& made, int depth) {
    switch (below(4)) {
      case 0:
        return add_to_scalar(made);
      case 1:
        return add_to_array(made, depth);
      case 2:
        return add_to_object(made, depth);
      default:
        return combine(made, depth);
    }
  }

  void add_to_scalar(Json& made) {
    const char* bounds[] = {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"};
    const char* patterns[] = {"^a", "b$", "[0-9]", "^.{2}$", "a|é"};
    const char* formats[] = {"date", "ipv4", "email"};
    const Json divisors[] = {2, 0.5, 1.25, 3};
    switch (below(7)) {
      case 0:
      case 1:
        made[bounds[below(4)]] = below(6) - 2;
        return;
      case 2:
        made["multipleOf"] = divisors[below(4)];
        return;
      case 3:
        made[chance(2) ? "minLength" : "maxLength"] = below(4);
        return;
      case 4:
        made["pattern"] = patterns[below(5)];
        return;
      case 5:
        made["enum"] = Json::array({value(1), value(1), value(2), value(0)});
        return;
      default:
        if (chance(4)) made["format"] = formats[below(3)];
    }
  }

  void add_to_array(Json& made, int depth) {
    switch (below(6)) {
      case 0:
      case 1:
        made["items"] = schema(depth);
        return;
      case 2:
        made["prefixItems"] = list(depth);
        return;
      case 3:
        if (chance(2)) {
          made["minItems"] = below(4);
        } else {
          made["maxItems"] = most();
        }
        return;
      case 4:
        made["contains"] = schema(depth);
        if (chance(3)) made[chance(2) ? "minContains" : "maxContains"] = below(3);
        return;
      default:
        if (chance(2)) made["uniqueItems"] = true;
        if (chance(3)) made["unevaluatedItems"] = schema(0);
    }
  }

  void add_to_object(Json& made, int depth) {
    switch (below(8)) {
      case 0:
      case 1:
        made["properties"] = {{key(), schema(depth)}, {key(), schema(depth)}};
        return;
      case 2:
        made["required"] = Json::array({key()});
        return;
      case 3:
        made["additionalProperties"] = schema(chance(2) ? depth : 0);
        return;
      case 4:
        made["patternProperties"] = {{chance(2) ? "^a" : "b", schema(depth)}};
        return;
      case 5:
        made["propertyNames"] = chance(2) ? Json{{"maxLength", 1}} : Json{{"pattern", "a"}};
        return;
      case 6:
        // Two and more could be the same free name twice.
        if (chance(2)) made["minProperties"] = below(2);
        if (chance(2)) made["maxProperties"] = most();
        return;
      default:
        if (chance(2)) made["dependentRequired"] = {{key(), Json::array({key()})}};
        if (chance(3)) made["dependentSchemas"] = {{key(), schema(depth)}};
        if (chance(4)) made["unevaluatedProperties"] = schema(0);
    }
  }

  void combine(Json& made, int depth) {
    switch (below(6)) {
      case 0:
        made["allOf"] = list(depth);
        return;
      case 1:
        made["anyOf"] = list(depth);
        return;
      case 2:
        made["oneOf"] = list(depth);
        return;
      case 3:
        made["not"] = schema(chance(2) ? depth : 0);
        return;
      case 4:
        made["if"] = schema(depth);
        made["then"] = schema(depth);
        if (chance(2)) made["else"] = schema(depth);
        return;
      default:
        made["$ref"] = "#/$defs/x";
    }
  }

  std::mt19937_64 random_;
};

}  // namespace

Json wild_schema(uint64_t seed) {
  Wild wild(seed);
  Json made = wild.schema(3);
  Json target = {{"type", "object"}, {"properties", {{"a", {{"$ref", "#/$defs/x"}}}, {"c", wild.schema(0)}}}};
  made["$defs"]["x"] = std::move(target);
  return made;
}

Json wild_value(uint64_t seed) {
  return Wild(seed).value(3);
}

}  // namespace ingle::text::grammar::testing
