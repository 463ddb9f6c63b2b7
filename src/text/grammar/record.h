// What a conjunction of schemas says, keyword by keyword: a Record holds no alternatives any more.
//
// A Goal is the question that a schema asks of a value: all of these places must hold, or must not. Two goals of the same
// places are the same, wherever they come from: that is what ends the merging of schemas that refer to themselves.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "text/grammar/ir.h"
#include "text/grammar/json_types.h"
#include "text/grammar/language.h"

namespace ingle::text::grammar {

struct Item {
  const nlohmann::ordered_json* schema = nullptr;
  bool is_negated = false;
  friend auto operator<=>(const Item&, const Item&) = default;
};

using Goal = std::vector<Item>;  // in the order of first mention; empty: any value

inline Item operator!(const Item& item) {
  return {item.schema, !item.is_negated};
}
void join(Goal& goal, const Item& item);
void join(Goal& goal, const Goal& other);

/// `items`, `prefixItems`, `additionalItems` of one schema.
struct ArrayRule {
  std::vector<Goal> first = {};
  Goal rest = {};
  bool has_rest = false;  // says something of every element
};

struct ContainsRule {
  Item wanted;
  uint32_t min = 1;
  uint32_t max = kUnlimited;
};

/// `properties`, `patternProperties`, `additionalProperties` of one schema, or `propertyNames`.
struct ObjectRule {
  std::vector<std::pair<std::string, Goal>> named = {};
  std::vector<std::pair<Language, Goal>> patterns = {};
  Goal others = {};  // for names that are in neither
  bool has_others = false;
};

/// At least one member with such a name has such a value. Told as left out where it cannot be enforced.
struct Demand {
  Language names;
  Goal value = {};
  Unenforced otherwise = {};
};

struct Record {
  Types types = kAllTypes;
  std::optional<std::vector<const nlohmann::ordered_json*>> values;  // enum, const: one of them
  std::vector<const nlohmann::ordered_json*> excluded;               // none of them

  std::optional<Bound> least = {};
  std::optional<Bound> most = {};
  std::vector<Decimal> multiples = {};

  uint32_t min_length = 0;
  uint32_t max_length = kUnlimited;
  std::vector<Language> languages = {};
  std::optional<uint32_t> copy = {};            // index of the source of a string
  std::optional<Language> copied_numbers = {};  // numbers as a source states them

  std::vector<ArrayRule> arrays = {};
  std::vector<ContainsRule> contains = {};
  uint32_t min_items = 0;
  uint32_t max_items = kUnlimited;
  std::string unique_path = {};  // of uniqueItems; empty: elements may be equal

  std::vector<ObjectRule> objects = {};
  std::vector<Demand> demands = {};
  std::vector<std::string> required = {};  // a name may be said twice
  std::vector<std::string> forbidden = {};
  uint32_t min_properties = 0;
  uint32_t max_properties = kUnlimited;

  std::vector<Unenforced> unenforced = {};
};

/// Names, rules and values in it: what a copy costs.
size_t entries_of(const Record& record);

/// No value fits, as far as can be told without looking into arrays and objects. Takes types away that are impossible.
bool is_impossible(Record& record);

}  // namespace ingle::text::grammar
