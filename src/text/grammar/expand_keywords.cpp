#include <fmt/format.h>

#include <algorithm>

#include "text/grammar/decimal.h"
#include "text/grammar/expand.h"
#include "text/grammar/formats.h"
#include "text/grammar/json_text.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMaxSubsets = 4;  // alternatives whose subsets are all tried, for unevaluated...

}  // namespace

Result<const Json*> Expander::target_of(const Json& schema, const Keyword& keyword) {
  INGLE_TRY(const std::string reference, text_of(keyword));
  if (keyword.name == "$dynamicRef") return index_.resolve_dynamic(reference, schema);
  if (keyword.name == "$recursiveRef") return index_.resolve_recursive(schema);
  return index_.resolve(reference, schema);
}

Status Expander::require_multiple(Branch& branch, const Keyword& keyword, const Context& context) {
  if (!keyword.value.is_number() || keyword.value.get<double>() <= 0)
    return malformed_schema(keyword.path, "'multipleOf' must be a number above 0");
  const auto decimal = parse_decimal(scalar_text(keyword.value));
  if (decimal) {
    branch.record.multiples.push_back(*decimal);
  } else {
    leave_out(branch, context, keyword, "it has too many digits");
  }
  return {};
}

/// Nothing where the pattern cannot be enforced.
Result<std::optional<Language>> Expander::language_of_pattern(const std::string& pattern, const std::string& path) {
  if (const auto known = patterns_.find(pattern); known != patterns_.end()) return known->second;
  auto language = Language::from_pattern(pattern, &budget());
  if (!language && language.error().code() == ErrorCode::kUsage)
    return malformed_schema(path, fmt::format("the pattern is no regular expression ({})", language.error().message()));
  return patterns_.emplace(pattern, language ? std::optional(std::move(*language)) : std::nullopt).first->second;
}

Status Expander::require_string(Branch& branch, const Keyword& keyword, const Context& context) {
  INGLE_TRY(const std::string text, text_of(keyword));
  if (keyword.name == "pattern") {
    INGLE_TRY(const auto language, language_of_pattern(text, keyword.path));
    if (language) branch.record.languages.push_back(*language);
    if (!language) leave_out(branch, context, keyword, "the pattern is not regular, or too large");
    return {};
  }
  if (!options_.assert_formats) return {};
  const FormatFit fit = format_fit(text);
  if (fit == FormatFit::kUnknown) {
    ignored_.insert(keyword.path);
    return {};
  }
  branch.record.languages.push_back(*language_of_format(text));
  if (fit == FormatFit::kWider)
    leave_out(branch, context, keyword, fmt::format("the format '{}' is more than a regular language", text));
  return {};
}

Result<ArrayRule> Expander::array_rule(const Json& schema) {
  const SchemaIndex::Place& place = index_.place(schema);
  const auto items = schema.find("items");
  const bool is_list = items != schema.end() && items->is_array();
  const char* first_name = is_list ? "items" : "prefixItems";
  const char* rest_name = is_list ? "additionalItems" : "items";
  if (is_list && place.draft == Draft::k2020 && schema.contains("prefixItems"))
    return malformed_schema(under(place.path, "items"), "'items' must be a schema");
  ArrayRule rule;
  const auto first = schema.find(first_name);
  if (first != schema.end() && (is_list || place.draft == Draft::k2020)) {
    if (!first->is_array()) return malformed_schema(under(place.path, first_name), "'prefixItems' must be a list");
    for (const Json& element : *first) {
      Goal goal;
      join(goal, Item{&element});
      rule.first.push_back(std::move(goal));
    }
  }
  if (const auto rest = schema.find(rest_name); rest != schema.end()) {
    join(rule.rest, Item{&*rest});
    rule.has_rest = true;
  }
  return rule;
}

Status Expander::require_array(Branch& branch, const Json& schema, const Context& context) {
  INGLE_TRY(ArrayRule rule, array_rule(schema));
  for (const uint32_t scope : context.scopes) {
    branch.scopes[scope].arrays.push_back(branch.record.arrays.size());
    branch.scopes[scope].all_items |= rule.has_rest;
  }
  branch.record.arrays.push_back(std::move(rule));
  return {};
}

Status Expander::require_contains(Branch& branch, const Json& schema, const Context& context) {
  const SchemaIndex::Place& place = index_.place(schema);
  ContainsRule rule{.wanted = {&schema.at("contains")}};
  for (const char* name : {"minContains", "maxContains"}) {
    const auto found = schema.find(name);
    if (found == schema.end() || place.draft < Draft::k2019) continue;
    INGLE_TRY(const uint32_t count, count_of({*found, name, under(place.path, name)}));
    (name[1] == 'i' ? rule.min : rule.max) = count;
  }
  // What contains has found counts as evaluated in 2020-12.
  for (const uint32_t scope : context.scopes) {
    if (branch.scopes[scope].schema->contains("unevaluatedItems") && place.draft == Draft::k2020)
      branch.scopes[scope].is_unsure = true;
  }
  if (rule.min > 0 || rule.max != kUnlimited) branch.record.contains.push_back(rule);
  return {};
}

Status Expander::require_object(Branch& branch, const Json& schema, const Context& context) {
  const std::string& path = index_.place(schema).path;
  ObjectRule rule;
  bool is_whole = true;
  if (const auto named = schema.find("properties"); named != schema.end()) {
    INGLE_TRY_VOID(must_be_object({*named, "properties", under(path, "properties")}));
    for (const auto& [key, value] : named->items()) {
      Goal goal;
      join(goal, Item{&value});
      rule.named.emplace_back(key, std::move(goal));
    }
  }
  if (const auto patterns = schema.find("patternProperties"); patterns != schema.end()) {
    const std::string place = under(path, "patternProperties");
    INGLE_TRY_VOID(must_be_object({*patterns, "patternProperties", place}));
    for (const auto& [pattern, value] : patterns->items()) {
      INGLE_TRY(auto language, language_of_pattern(pattern, under(place, pattern)));
      if (language) {
        Goal goal;
        join(goal, Item{&value});
        rule.patterns.emplace_back(std::move(*language), std::move(goal));
      } else {
        is_whole = false;
        leave_out(branch, context, {*patterns, "patternProperties", under(place, pattern)},
                  "the pattern is not regular, or too large");
      }
    }
  }
  if (const auto others = schema.find("additionalProperties"); others != schema.end()) {
    // Without one of the patterns it is not known which names are the others.
    if (is_whole) join(rule.others, Item{&*others});
    rule.has_others = true;
  }
  for (const uint32_t scope : context.scopes) {
    branch.scopes[scope].objects.push_back(branch.record.objects.size());
    branch.scopes[scope].all_properties |= rule.has_others;
  }
  branch.record.objects.push_back(std::move(rule));
  return {};
}

Status Expander::require_names(Branch& branch, const Keyword& keyword, const Context& context) {
  INGLE_TRY(const auto names, names_of_(Item{&keyword.value}));
  if (!names) {
    leave_out(branch, context, keyword, "the names it allows are no regular language");
    return {};
  }
  static const Json kNone = false;
  ObjectRule rule{.has_others = true};
  rule.patterns.emplace_back(*names, Goal{});
  rule.others = {Item{&kNone}};
  branch.record.objects.push_back(std::move(rule));
  return {};
}

Status Expander::require_copy(Branch& branch, const Json& schema, const Keyword& keyword) {
  constexpr std::string_view kForms[] = {"text", "amount", "date"};
  const auto form = schema.find("x-ingle-copy-as");
  const bool is_word = form != schema.end() && form->is_string();
  const std::string_view named = is_word ? std::string_view(form->get_ref<const std::string&>()) : std::string_view();
  const auto as = form == schema.end() ? std::begin(kForms) : std::ranges::find(kForms, named);
  if (as == std::end(kForms))
    return malformed_schema(keyword.path, "copies are taken as \"text\", \"amount\" or \"date\"");
  if (keyword.name == "x-ingle-copy-as") return {};
  if (!keyword.value.is_string()) return malformed_schema(keyword.path, "the name of a copy source must be a string");
  const auto source = std::ranges::find(copy_sources_, keyword.value.get_ref<const std::string&>(), &CopySource::name);
  if (source == copy_sources_.end())
    return malformed_schema(keyword.path, "the request has no copy source of this name");
  const bool is_amount = *as == "amount";
  const Types possible = is_amount ? kStringType | kWholeType | kFractionalType : kStringType;
  Types types = is_amount ? kWholeType | kFractionalType : kStringType;
  if (const auto type = schema.find("type"); type != schema.end()) {
    INGLE_TRY(types, types_of({*type, "type", under(index_.place(schema).path, "type")}));
    if ((types & ~(kNullType | possible)) != 0)
      return refused_schema(keyword.path, is_amount
                                              ? "a copied amount is a number or a string, the type can only add null"
                                              : "'x-ingle-copy' makes a string, the type can only add null to it");
  }
  branch.record.types &= types;
  const auto number = static_cast<uint32_t>(source - copy_sources_.begin());
  if (*as != "text") return require_copied_values(branch, keyword, number, types, !is_amount);
  if (branch.record.copy && *branch.record.copy != number)
    return refused_schema(keyword.path, "one string cannot be a copy from two sources");
  branch.record.copy = number;
  return {};
}

/// Amounts and dates that the source states, in their normal form.
Status Expander::require_copied_values(Branch& branch, const Keyword& keyword, uint32_t source, Types types,
                                       bool is_date) {
  const auto refused = [&](const Error& error) { return refused_schema(keyword.path, error.message()); };
  if ((types & kStringType) != 0) {
    auto texts = copied(source, is_date ? CopyAs::kDate : CopyAs::kAmountText);
    if (!texts) return refused(texts.error());
    branch.record.languages.push_back(std::move(*texts));
  }
  if ((types & (kWholeType | kFractionalType)) != 0) {
    auto numbers = copied(source, CopyAs::kAmountNumber);
    if (numbers && branch.record.copied_numbers) numbers = numbers->intersect(*branch.record.copied_numbers, &budget());
    if (!numbers) return refused(numbers.error());
    branch.record.copied_numbers = std::move(*numbers);
  }
  return {};
}

Result<Language> Expander::copied(uint32_t source, CopyAs as) {
  if (const auto known = copied_.find({source, as}); known != copied_.end()) return known->second;
  INGLE_TRY(const Language language, language_of_copies(as, copy_sources_[source].text, &budget()));
  return copied_.emplace(std::pair(source, as), language).first->second;
}

Status Expander::require_alternatives(Branch& branch, const Keyword& keyword, const Context& context) {
  INGLE_TRY_VOID(must_be_schemas(keyword));
  const Json& list = keyword.value;
  if (keyword.name == "allOf") {
    for (const Json& schema : list)
      INGLE_TRY_VOID(require(branch, {&schema}, context));
    return {};
  }
  Choice choice{.context = context, .ways = {}, .keyword = std::string(keyword.name), .path = keyword.path};
  if (keyword.name == "anyOf" && !context.scopes.empty()) {
    // All that hold evaluate: every set of them is a way.
    if (list.size() > kMaxSubsets) {
      for (const uint32_t scope : context.scopes)
        branch.scopes[scope].is_unsure = true;
    } else {
      for (size_t set = 1; set < size_t{1} << list.size(); ++set) {
        Way way;
        for (size_t i = 0; i < list.size(); ++i) {
          if ((set >> i & 1) != 0) way.items.push_back({&list[i]});
        }
        choice.ways.push_back(std::move(way));
      }
      return choose(branch, std::move(choice));
    }
  }
  if (keyword.name == "oneOf") choice.one_of = &list;
  for (const Json& schema : list)
    choice.ways.push_back({.items = {{&schema}}});
  return choose(branch, std::move(choice));
}

Status Expander::require_condition(Branch& branch, const Json& schema, const Keyword& keyword, const Context& context) {
  Way met{.items = {{&keyword.value}}};
  Way not_met{.items = {{&keyword.value, true}}};
  const auto then = schema.find("then");
  const auto otherwise = schema.find("else");
  if (then == schema.end() && otherwise == schema.end() && context.scopes.empty()) return {};
  if (then != schema.end()) met.items.push_back({&*then});
  if (otherwise != schema.end()) not_met.items.push_back({&*otherwise});
  return choose(branch, {context, {std::move(met), std::move(not_met)}, "if", keyword.path, false});
}

Status Expander::require_dependencies(Branch& branch, const Keyword& keyword, const Context& context) {
  INGLE_TRY_VOID(must_be_object(keyword));
  for (const auto& [key, value] : keyword.value.items()) {
    const std::string path = under(keyword.path, key);
    std::vector<std::string> names = {key};
    Way present;
    if (value.is_array() && keyword.name != "dependentSchemas") {
      INGLE_TRY(const auto more, names_of({value, keyword.name, path}));
      names.insert(names.end(), more.begin(), more.end());
    } else if (keyword.name == "dependentRequired") {
      return malformed_schema(path, "'dependentRequired' must hold lists of names");
    } else {
      present.items.push_back({&value});
    }
    present.types = kObjectType;
    present.restrict = [names](Record& record) {
      record.required.insert(record.required.end(), names.begin(), names.end());
    };
    const Way absent{.restrict = [name = key](Record& record) { record.forbidden.push_back(name); }};
    INGLE_TRY_VOID(choose(branch, {context, {absent, std::move(present)}, std::string(keyword.name), path, false}));
  }
  return {};
}

}  // namespace ingle::text::grammar
