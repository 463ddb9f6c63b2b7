// Expander: the ways in which a schema can fail. Each keyword that speaks of values of one type fails for those only.
#include <fmt/format.h>

#include <algorithm>

#include "text/grammar/decimal.h"
#include "text/grammar/expand.h"
#include "text/grammar/formats.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

/// A rule that speaks of one member only.
ObjectRule rule_for(const std::string& name, const Item& item) {
  ObjectRule rule;
  rule.named.emplace_back(name, Goal{item});
  return rule;
}

}  // namespace

Status Expander::forbid_schema(Branch& branch, const Json& schema, const Context& context) {
  const std::string& path = index_.place(schema).path;
  Choice choice{.context = context, .keyword = "not", .path = path, .is_exclusion = true};
  if (stands_alone(schema)) {
    INGLE_TRY_VOID(ways_to_break(schema, {schema.at("$ref"), "$ref", under(path, "$ref")}, choice));
    return choose(branch, std::move(choice));
  }
  for (const auto& [name, value] : schema.items()) {
    if (knows(index_.place(schema).draft, name))
      INGLE_TRY_VOID(ways_to_break(schema, {value, name, under(path, name)}, choice));
  }
  return choose(branch, std::move(choice));
}

/// A keyword whose failing cannot be said: any value of these types is taken for a failure.
void Expander::break_anyhow(Choice& choice, Types types, const Keyword& keyword) {
  const Unenforced told{std::string(keyword.name), keyword.path, "that it does not hold cannot be enforced"};
  choice.ways.push_back({.types = types, .restrict = [told](Record& record) { record.unenforced.push_back(told); }});
}

Status Expander::ways_to_break(const Json& schema, const Keyword& keyword, Choice& choice) {
  const std::string_view name = keyword.name;
  if (name == "type") {
    INGLE_TRY(const Types types, types_of(keyword));
    if (types != kAllTypes) choice.ways.push_back({.types = static_cast<Types>(kAllTypes & ~types)});
  } else if (name == "enum" || name == "const") {
    std::vector<const Json*> values;
    if (name == "const") {
      values.push_back(&keyword.value);
    } else {
      for (const Json& value : keyword.value)
        values.push_back(&value);
    }
    choice.ways.push_back({.restrict = [values](Record& record) {
      record.excluded.insert(record.excluded.end(), values.begin(), values.end());
    }});
  } else if (name.ends_with("inimum") || name.ends_with("aximum") || name == "multipleOf") {
    return break_number(schema, keyword, choice);
  } else if (name == "minLength" || name == "maxLength" || name == "pattern" || name == "format") {
    return break_string(keyword, choice);
  } else if (name.ends_with("Items") || name == "items" || name == "contains") {
    return break_array(schema, keyword, choice);
  } else if (name.starts_with("$") || name == "allOf" || name == "anyOf" || name == "oneOf" || name == "not" ||
             name == "if") {
    return break_combination(schema, keyword, choice);
  } else if (name.starts_with("x-ingle-")) {
    return refused_schema(keyword.path, fmt::format("'{}' cannot be where a schema must not hold", name));
  } else {
    return break_object(schema, keyword, choice);
  }
  return {};
}

Status Expander::break_number(const Json& schema, const Keyword& keyword, Choice& choice) {
  if (keyword.name == "multipleOf") {
    if (keyword.value == 1) {
      choice.ways.push_back({.types = kFractionalType});
    } else {
      break_anyhow(choice, kNumberTypes, keyword);
    }
    return {};
  }
  const bool is_lower = keyword.name.ends_with("inimum");
  const bool is_flag = keyword.value.is_boolean();
  const bool is_second = keyword.name.starts_with("exclusive") && schema.contains(is_lower ? "minimum" : "maximum");
  if (is_flag || is_second) return {};  // told by the other one
  bool is_exact = true;
  INGLE_TRY(const auto bound, bound_of(schema, index_.place(schema).path, is_lower, is_exact));
  if (!bound || !is_exact) {
    break_anyhow(choice, kNumberTypes, keyword);
    return {};
  }
  const Bound beyond{bound->value, !bound->exclusive};
  choice.ways.push_back({.types = kNumberTypes, .restrict = [beyond, is_lower](Record& record) {
                           tighten(is_lower ? record.most : record.least, beyond, !is_lower);
                         }});
  return {};
}

Status Expander::break_string(const Keyword& keyword, Choice& choice) {
  if (keyword.name == "minLength" || keyword.name == "maxLength") {
    const bool is_lower = keyword.name == "minLength";
    INGLE_TRY(const uint32_t count, count_of(keyword));
    if (is_lower && count == 0) return {};
    choice.ways.push_back({.types = kStringType, .restrict = [is_lower, count](Record& record) {
                             if (is_lower) record.max_length = std::min(record.max_length, count - 1);
                             if (!is_lower) record.min_length = std::max(record.min_length, count + 1);
                           }});
    return {};
  }
  INGLE_TRY(const std::string text, text_of(keyword));
  std::optional<Language> language;
  if (keyword.name == "pattern") {
    INGLE_TRY(language, language_of_pattern(text, keyword.path));
  } else {
    const FormatFit fit = format_fit(text);
    if (!options_.assert_formats || fit == FormatFit::kUnknown) return {};
    if (fit == FormatFit::kExact) language = language_of_format(text);
  }
  const auto others = language ? language->complement(&budget()) : too_large();
  if (others) {
    choice.ways.push_back({.types = kStringType,
                           .restrict = [language = *others](Record& record) { record.languages.push_back(language); }});
  } else {
    break_anyhow(choice, kStringType, keyword);
  }
  return {};
}

Status Expander::break_array(const Json& schema, const Keyword& keyword, Choice& choice) {
  const std::string_view name = keyword.name;
  if (name == "minItems" || name == "maxItems") {
    INGLE_TRY(const uint32_t count, count_of(keyword));
    const bool is_lower = name == "minItems";
    if (is_lower && count == 0) return {};
    choice.ways.push_back({.types = kArrayType, .restrict = [is_lower, count](Record& record) {
                             if (is_lower) record.max_items = std::min(record.max_items, count - 1);
                             if (!is_lower) record.min_items = std::max(record.min_items, count + 1);
                           }});
  } else if (name == "contains") {
    Branch found;
    INGLE_TRY_VOID(require_contains(found, schema, {}));
    for (const ContainsRule& rule : found.record.contains) {
      const auto add_way = [&](uint32_t min, uint32_t max) {
        const ContainsRule broken{rule.wanted, min, max};
        choice.ways.push_back(
            {.types = kArrayType, .restrict = [broken](Record& record) { record.contains.push_back(broken); }});
      };
      if (rule.min > 0) add_way(0, rule.min - 1);
      if (rule.max != kUnlimited) add_way(rule.max + 1, kUnlimited);
    }
  } else if (name == "uniqueItems") {
    if (keyword.value == true) break_anyhow(choice, kArrayType, keyword);
  } else if (name == "unevaluatedItems") {
    break_anyhow(choice, kArrayType, keyword);
  } else {
    INGLE_TRY(const ArrayRule rule, array_rule(schema));
    const bool is_first = name == "prefixItems" || keyword.value.is_array();
    for (size_t i = 0; is_first && i < rule.first.size(); ++i) {
      if (rule.first[i].empty()) continue;
      choice.ways.push_back(
          {.types = kArrayType, .restrict = [at = i, broken = !rule.first[i].front()](Record& record) {
             ArrayRule& added = record.arrays.emplace_back();
             added.first.resize(at + 1);
             added.first[at].push_back(broken);
             record.min_items = std::max(record.min_items, static_cast<uint32_t>(at + 1));
           }});
    }
    if (is_first || rule.rest.empty()) return {};
    if (!rule.first.empty()) {
      break_anyhow(choice, kArrayType, keyword);
      return {};
    }
    choice.ways.push_back({.types = kArrayType, .restrict = [wanted = !rule.rest.front()](Record& record) {
                             record.contains.push_back({.wanted = wanted});
                           }});
  }
  return {};
}

Status Expander::break_object(const Json& schema, const Keyword& keyword, Choice& choice) {
  const std::string_view name = keyword.name;
  if (name == "minProperties" || name == "maxProperties") {
    INGLE_TRY(const uint32_t count, count_of(keyword));
    const bool is_lower = name == "minProperties";
    if (is_lower && count == 0) return {};
    choice.ways.push_back({.types = kObjectType, .restrict = [is_lower, count](Record& record) {
                             if (is_lower) record.max_properties = std::min(record.max_properties, count - 1);
                             if (!is_lower) record.min_properties = std::max(record.min_properties, count + 1);
                           }});
  } else if (name == "required") {
    INGLE_TRY(const auto keys, names_of(keyword));
    for (const std::string& key : keys) {
      choice.ways.push_back(
          {.types = kObjectType, .restrict = [key](Record& record) { record.forbidden.push_back(key); }});
    }
  } else if (name == "properties") {
    INGLE_TRY_VOID(must_be_object(keyword));
    for (const auto& [key, value] : keyword.value.items()) {
      if (value == true) continue;
      const Item broken{&value, true};
      choice.ways.push_back({.types = kObjectType, .restrict = [member = key, broken](Record& record) {
                               record.required.push_back(member);
                               record.objects.push_back(rule_for(member, broken));
                             }});
    }
  } else if (name == "dependentRequired" || name == "dependentSchemas" || name == "dependencies") {
    INGLE_TRY_VOID(must_be_object(keyword));
    for (const auto& [key, value] : keyword.value.items()) {
      if (!value.is_array()) {
        choice.ways.push_back({.items = {{&value, true}},
                               .types = kObjectType,
                               .restrict = [member = key](Record& record) { record.required.push_back(member); }});
        continue;
      }
      INGLE_TRY(const auto missing, names_of({value, name, under(keyword.path, key)}));
      for (const std::string& other : missing) {
        choice.ways.push_back({.types = kObjectType, .restrict = [member = key, other](Record& record) {
                                 record.required.push_back(member);
                                 record.forbidden.push_back(other);
                               }});
      }
    }
  } else if (name == "additionalProperties" || name == "patternProperties" || name == "propertyNames") {
    return demand_member(schema, keyword, choice);
  } else if (name == "unevaluatedProperties" && keyword.value != true) {
    break_anyhow(choice, kObjectType, keyword);
  }
  return {};
}

/// Some member, by its name, must have a value or a name that the keyword does not allow.
Status Expander::demand_member(const Json& schema, const Keyword& keyword, Choice& choice) {
  const auto add_way = [&](const Result<Language>& names, Goal value) {
    if (!names) {
      break_anyhow(choice, kObjectType, keyword);
      return;
    }
    const Demand demand{*names,
                        std::move(value),
                        {std::string(keyword.name), keyword.path, "that it does not hold cannot be enforced"}};
    choice.ways.push_back(
        {.types = kObjectType, .restrict = [demand](Record& record) { record.demands.push_back(demand); }});
  };
  if (keyword.name == "propertyNames") {
    INGLE_TRY(const auto names, names_of_(Item{&keyword.value}));
    if (names && names->is_any()) return {};
    add_way(names ? names->complement(&budget()) : too_large(), {});
    return {};
  }
  Branch apart;
  INGLE_TRY_VOID(require_object(apart, schema, {}));
  if (!apart.record.unenforced.empty()) {
    break_anyhow(choice, kObjectType, keyword);
    return {};
  }
  const ObjectRule& rule = apart.record.objects.front();
  if (keyword.name == "patternProperties") {
    for (const auto& [names, goal] : rule.patterns) {
      if (!goal.empty()) add_way(names, {!goal.front()});
    }
    return {};
  }
  if (rule.others.empty()) return {};
  std::vector<std::string> named;
  for (const auto& [key, goal] : rule.named)
    named.push_back(key);
  Result<Language> names = Language::of_literals(named, &budget());
  for (const auto& [pattern, goal] : rule.patterns) {
    if (names) names = names->unite(pattern, &budget());
  }
  if (names) names = names->complement(&budget());
  add_way(names, {!rule.others.front()});
  return {};
}

Status Expander::break_combination(const Json& schema, const Keyword& keyword, Choice& choice) {
  const std::string_view name = keyword.name;
  const Json& value = keyword.value;
  if (name == "$ref" || name == "$dynamicRef" || name == "$recursiveRef") {
    INGLE_TRY(const Json* const target, target_of(schema, keyword));
    if (target == nullptr) {
      break_anyhow(choice, kAllTypes, keyword);
    } else {
      choice.ways.push_back({.items = {{target, true}}});
    }
  } else if (name == "not") {
    choice.ways.push_back({.items = {{&value}}});
  } else if (name == "if") {
    const auto then = schema.find("then");
    const auto otherwise = schema.find("else");
    if (then != schema.end()) choice.ways.push_back({.items = {{&value}, {&*then, true}}});
    if (otherwise != schema.end()) choice.ways.push_back({.items = {{&value, true}, {&*otherwise, true}}});
  } else if (name == "allOf" || name == "anyOf" || name == "oneOf") {
    INGLE_TRY_VOID(must_be_schemas(keyword));
    if (name == "oneOf") INGLE_TRY_VOID(spend(value.size() * value.size()));
    Way none;
    for (const Json& part : value) {
      if (name == "allOf") choice.ways.push_back({.items = {{&part, true}}});
      none.items.push_back({&part, true});
      for (const Json& other : value) {
        if (name == "oneOf" && &other < &part) choice.ways.push_back({.items = {{&part}, {&other}}});
      }
    }
    if (name != "allOf") choice.ways.push_back(std::move(none));
  }
  return {};
}

}  // namespace ingle::text::grammar
