#include "text/grammar/expand.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <utility>

#include "text/grammar/decimal.h"

namespace ingle::text::grammar {
namespace {

constexpr uint32_t kMaxChain = 200;
constexpr size_t kMaxChoices = 48;       // of one value
constexpr size_t kStepsOfGoal = 20'000;  // before choices are left out
constexpr uint64_t kEntriesOfGoal = 2'000'000;

uint64_t weight_of_all(const std::vector<const nlohmann::ordered_json*>& values) {
  uint64_t n = 0;
  for (const auto* value : values)
    n += weight_of(*value);
  return n;
}

}  // namespace

Status Expander::spend(uint64_t n_entries) {
  entries_of_goal_ += n_entries;
  if (entries_of_goal_ > kEntriesOfGoal && effort_ != Effort::kNoChoices) is_too_much_ = true;
  if (budget_.entries.take(n_entries)) return {};
  return std::unexpected(
      Error::refused(fmt::format("schema: merging its parts copies and compares more than {} names, rules and values",
                                 options_.limits.max_entries))
          .hint("use fewer alternatives beside long lists of properties, names and values"));
}

Result<std::vector<Record>> Expander::expand(const Goal& goal) {
  // Whether two alternatives exclude each other is a goal of its own, asked in the middle of this one.
  const auto outer = std::tuple(effort_, steps_, entries_of_goal_, is_too_much_);
  for (const Effort effort : {Effort::kAll, Effort::kNoExclusions, Effort::kNoChoices}) {
    effort_ = effort;
    auto records = try_expand(goal);
    const bool is_done = !records || !is_too_much_;
    std::tie(effort_, steps_, entries_of_goal_, is_too_much_) = outer;
    if (is_done) return records;
  }
  return std::unexpected(Error::refused(fmt::format("schema: merging what says the same value takes more than {} steps",
                                                    options_.limits.max_steps))
                             .hint("use fewer allOf, anyOf, oneOf, if and dependencies beside each other"));
}

Result<std::vector<Record>> Expander::try_expand(const Goal& goal) {
  steps_ = 0;
  entries_of_goal_ = 0;
  is_too_much_ = false;
  Branch branch;
  std::vector<Record> records;
  for (const Item& item : goal)
    INGLE_TRY_VOID(require(branch, item, {}));
  INGLE_TRY_VOID(solve(std::move(branch), records));
  return records;
}

/// Takes the choices that are left one after the other, each way of each.
Status Expander::solve(Branch branch, std::vector<Record>& out) {
  if (is_too_much_ || is_impossible(branch.record)) return {};
  if (branch.n_chosen == branch.choices.size()) return finish(branch, out);
  const auto choice = branch.choices[branch.n_chosen++];
  for (size_t i = 0; i < choice->ways.size(); ++i) {
    INGLE_TRY_VOID(spend(entries_of(branch.record) + branch.seen.size() + branch.choices.size()));
    Branch next = branch;
    INGLE_TRY_VOID(apply(next, *choice, choice->ways[i]));
    if (choice->one_of != nullptr) INGLE_TRY_VOID(exclude_others(next, *choice, i));
    INGLE_TRY_VOID(solve(std::move(next), out));
  }
  return {};
}

/// Alternatives that can hold beside the chosen one must not.
Status Expander::exclude_others(Branch& branch, const Choice& choice, size_t chosen) {
  const Json& list = *choice.one_of;
  for (size_t i = 0; i < list.size(); ++i) {
    if (is_too_much_ || is_impossible(branch.record)) return {};
    if (i == chosen) continue;
    INGLE_TRY(const bool are_disjoint, are_disjoint_(list[chosen], list[i], branch.record));
    if (are_disjoint) continue;
    if (effort_ == Effort::kAll) {
      INGLE_TRY_VOID(require(branch, {&list[i], true}, choice.context));
      continue;
    }
    branch.record.unenforced.push_back(
        {choice.keyword, choice.path, "that no other alternative holds has too many cases"});
    return {};
  }
  return {};
}

Status Expander::apply(Branch& branch, const Choice& choice, const Way& way) {
  branch.record.types &= way.types;
  if (way.restrict) way.restrict(branch.record);
  if (is_impossible(branch.record)) return {};
  for (const Item& item : way.items)
    INGLE_TRY_VOID(require(branch, item, choice.context));
  return {};
}

Status Expander::finish(Branch& branch, std::vector<Record>& out) {
  INGLE_TRY_VOID(close_scopes(branch));
  if (is_impossible(branch.record)) return {};
  if (out.size() >= options_.limits.max_alternatives) {
    is_too_much_ = true;
  } else {
    INGLE_TRY_VOID(spend(entries_of(branch.record)));
    out.push_back(std::move(branch.record));
  }
  return {};
}

/// What was not evaluated in a schema must fit its unevaluated...; from the inside out.
Status Expander::close_scopes(Branch& branch) {
  Record& record = branch.record;
  for (auto scope = branch.scopes.rbegin(); scope != branch.scopes.rend(); ++scope) {
    const std::string& path = index_.place(*scope->schema).path;
    for (const char* name : {"unevaluatedProperties", "unevaluatedItems"}) {
      const auto found = scope->schema->find(name);
      if (found == scope->schema->end()) continue;
      const bool of_properties = name[11] == 'P';
      if (of_properties ? scope->all_properties : scope->all_items) continue;
      if (scope->is_unsure) {
        record.unenforced.push_back({name, under(path, name), "what it applies to is not known before"});
      } else if (of_properties) {
        ObjectRule rule{.has_others = true};
        for (const size_t i : scope->objects) {
          for (const auto& [key, goal] : record.objects[i].named)
            rule.named.emplace_back(key, Goal{});
          for (const auto& [language, goal] : record.objects[i].patterns)
            rule.patterns.emplace_back(language, Goal{});
        }
        join(rule.others, Item{&*found});
        record.objects.push_back(std::move(rule));
      } else {
        ArrayRule rule{.has_rest = true};
        for (const size_t i : scope->arrays)
          rule.first.resize(std::max(rule.first.size(), record.arrays[i].first.size()));
        join(rule.rest, Item{&*found});
        record.arrays.push_back(std::move(rule));
      }
    }
  }
  return {};
}

Status Expander::require(Branch& branch, const Item& item, const Context& context) {
  const Json& schema = *item.schema;
  if (!budget_.steps.take(1)) {
    return std::unexpected(
        Error::refused(fmt::format("schema: merging its parts takes more than {} steps", options_.limits.max_steps))
            .hint("use fewer allOf, anyOf, oneOf, if and dependencies beside each other"));
  }
  if (++steps_ > kStepsOfGoal && effort_ != Effort::kNoChoices) is_too_much_ = true;
  if (is_too_much_) return {};
  if (schema.is_boolean()) {
    if (schema.get<bool>() == item.is_negated) branch.record.types = 0;
    return {};
  }
  const std::string& path = index_.place(schema).path;
  if (!schema.is_object()) return malformed_schema(path, "a schema must be an object, true or false");
  for (auto link = context.chain; link != nullptr; link = link->outer) {
    if (link->schema == &schema && !item.is_negated)
      return refused_schema(path, "a '$ref' leads back to itself with nothing in between");
  }
  const uint32_t length = context.chain == nullptr ? 1 : context.chain->length + 1;
  if (length > kMaxChain) return refused_schema(path, fmt::format("more than {} schemas in one another", kMaxChain));
  constexpr size_t kSeenTogether = 16;  // to look at these costs what a copy of a name does
  INGLE_TRY_VOID(spend(1 + branch.seen.size() / kSeenTogether + context.scopes.size()));
  auto seen = std::pair(item, context.scopes);
  if (std::ranges::find(branch.seen, seen) != branch.seen.end()) return {};
  branch.seen.push_back(std::move(seen));
  const Context inner{std::make_shared<Chain>(&schema, context.chain, length), context.scopes};
  return item.is_negated ? forbid_schema(branch, schema, {inner.chain, {}}) : require_schema(branch, schema, inner);
}

/// Up to draft 7 nothing beside a reference counts.
bool Expander::stands_alone(const Json& schema) const {
  return schema.contains("$ref") && index_.place(schema).draft <= Draft::k7;
}

Status Expander::require_schema(Branch& branch, const Json& schema, Context context) {
  const SchemaIndex::Place place = index_.place(schema);
  if (stands_alone(schema)) {
    const Keyword keyword{schema.at("$ref"), "$ref", under(place.path, "$ref")};
    INGLE_TRY(const Json* const target, target_of(schema, keyword));
    return require(branch, {target}, context);
  }
  const bool has_scope =
      place.draft >= Draft::k2019 && (schema.contains("unevaluatedProperties") || schema.contains("unevaluatedItems"));
  if (has_scope) {
    for (const uint32_t outer : context.scopes) {
      branch.scopes[outer].all_properties |= schema.contains("unevaluatedProperties");
      branch.scopes[outer].all_items |= schema.contains("unevaluatedItems");
    }
    context.scopes.push_back(static_cast<uint32_t>(branch.scopes.size()));
    branch.scopes.push_back({&schema, {}, {}});
  }
  INGLE_TRY_VOID(spend(schema.size()));
  bool had_array = false;
  bool had_object = false;
  for (const auto& [name, value] : schema.items()) {
    const Keyword keyword{value, name, under(place.path, name)};
    if (!knows(place.draft, name)) {
      if (!is_annotation(name)) {
        if (name.starts_with("x-ingle-"))
          return refused_schema(keyword.path, fmt::format("the keyword '{}' is not known", name));
        ignored_.insert(keyword.path);
      }
    } else if (name == "items" || name == "prefixItems" || name == "additionalItems") {
      if (!std::exchange(had_array, true)) INGLE_TRY_VOID(require_array(branch, schema, context));
    } else if (name == "properties" || name == "patternProperties" || name == "additionalProperties") {
      if (!std::exchange(had_object, true)) INGLE_TRY_VOID(require_object(branch, schema, context));
    } else {
      INGLE_TRY_VOID(require_keyword(branch, schema, keyword, context));
    }
  }
  return {};
}

Status Expander::require_keyword(Branch& branch, const Json& schema, const Keyword& keyword, const Context& context) {
  Record& record = branch.record;
  const std::string_view name = keyword.name;
  if (name == "type") {
    INGLE_TRY(const Types types, types_of(keyword));
    record.types &= types;
  } else if (name == "enum" || name == "const") {
    std::vector<const Json*> values;
    if (name == "const") {
      values.push_back(&keyword.value);
    } else if (!keyword.value.is_array()) {
      return malformed_schema(keyword.path, "'enum' must be an array");
    } else {
      for (const Json& value : keyword.value)
        values.push_back(&value);
    }
    INGLE_TRY_VOID(spend(values.size()));
    if (record.values) {
      INGLE_TRY_VOID(spend(weight_of_all(values) * record.values->size()));
      std::erase_if(values, [&](const Json* value) {
        return std::ranges::none_of(*record.values, [&](const Json* other) { return are_equal(*value, *other); });
      });
    }
    record.values = std::move(values);
  } else if (name == "minimum" || name == "maximum" || name == "exclusiveMinimum" || name == "exclusiveMaximum") {
    const std::string& path = index_.place(schema).path;
    const bool is_lower = name.ends_with("inimum");
    bool is_exact = true;
    INGLE_TRY(const auto bound, bound_of(schema, path, is_lower, is_exact));
    if (bound) tighten(is_lower ? record.least : record.most, *bound, is_lower);
    if (!is_exact) leave_out(branch, context, keyword, "it has too many digits");
  } else if (name == "multipleOf") {
    return require_multiple(branch, keyword, context);
  } else if (name == "minLength" || name == "minItems" || name == "minProperties") {
    INGLE_TRY(const uint32_t count, count_of(keyword));
    uint32_t& least = name == "minLength"  ? record.min_length
                      : name == "minItems" ? record.min_items
                                           : record.min_properties;
    least = std::max(least, count);
  } else if (name == "maxLength" || name == "maxItems" || name == "maxProperties") {
    INGLE_TRY(const uint32_t count, count_of(keyword));
    uint32_t& most = name == "maxLength"  ? record.max_length
                     : name == "maxItems" ? record.max_items
                                          : record.max_properties;
    most = std::min(most, count);
  } else if (name == "pattern" || name == "format") {
    return require_string(branch, keyword, context);
  } else if (name == "uniqueItems") {
    if (!keyword.value.is_boolean()) return malformed_schema(keyword.path, "'uniqueItems' must be true or false");
    if (keyword.value.get<bool>()) record.unique_path = keyword.path;
  } else if (name == "contains") {
    return require_contains(branch, schema, context);
  } else if (name == "required") {
    INGLE_TRY(auto names, names_of(keyword));
    INGLE_TRY_VOID(spend(names.size()));
    std::ranges::move(names, std::back_inserter(record.required));
  } else if (name == "propertyNames") {
    return require_names(branch, keyword, context);
  } else if (name == "x-ingle-copy" || name == "x-ingle-copy-as") {
    return require_copy(branch, schema, keyword);
  } else if (name == "$ref" || name == "$dynamicRef" || name == "$recursiveRef") {
    INGLE_TRY(const Json* const target, target_of(schema, keyword));
    if (target != nullptr) return require(branch, {target}, context);
    leave_out(branch, context, keyword, "where it leads depends on the way to it");
  } else if (name == "allOf" || name == "anyOf" || name == "oneOf") {
    return require_alternatives(branch, keyword, context);
  } else if (name == "not") {
    return require(branch, {&keyword.value, true}, context);
  } else if (name == "if") {
    return require_condition(branch, schema, keyword, context);
  } else if (name == "dependencies" || name == "dependentRequired" || name == "dependentSchemas") {
    return require_dependencies(branch, keyword, context);
  }
  // then, else, minContains, maxContains and unevaluated... are read with what they belong to.
  return {};
}

/// One way is taken at once, several wait until everything certain is known.
Status Expander::choose(Branch& branch, Choice choice) {
  if (choice.ways.empty()) {
    branch.record.types = 0;
    return {};
  }
  if (choice.ways.size() == 1) {
    const Way way = choice.ways.front();
    return apply(branch, choice, way);
  }
  const bool is_left_out = effort_ == Effort::kNoChoices || (effort_ == Effort::kNoExclusions && choice.is_exclusion) ||
                           branch.choices.size() >= kMaxChoices;
  if (is_left_out) {
    const Keyword keyword{*choice.context.chain->schema, choice.keyword, choice.path};
    leave_out(branch, choice.context, keyword, "its alternatives are too many beside the others");
  } else {
    branch.choices.push_back(std::make_shared<const Choice>(std::move(choice)));
  }
  return {};
}

void Expander::leave_out(Branch& branch, const Context& context, const Keyword& keyword, std::string_view why) {
  branch.record.unenforced.push_back({std::string(keyword.name), keyword.path, std::string(why)});
  for (const uint32_t scope : context.scopes)
    branch.scopes[scope].is_unsure = true;
}

}  // namespace ingle::text::grammar
