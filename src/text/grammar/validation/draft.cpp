#include "text/grammar/validation/draft.h"

#include <algorithm>
#include <array>

namespace ingle::text::grammar::validation {
namespace {

using Shape = KeywordRow::Shape;
using enum Draft;

// By name, so that it can be searched. "dependencies" still asserts in 2019-09 and later, as their appendices permit.
constexpr std::array kKeywords = std::to_array<KeywordRow>({
    {"$defs", Shape::kSchemaMap, k2019},
    {"$dynamicRef", Shape::kText, k2020},
    {"$recursiveRef", Shape::kText, k2019, k2019},
    {"$ref", Shape::kText},
    {"additionalItems", Shape::kSchema, kDraft4, k2019},
    {"additionalProperties", Shape::kSchema},
    {"allOf", Shape::kSchemas},
    {"anyOf", Shape::kSchemas},
    {"const", Shape::kAnything, kDraft6},
    {"contains", Shape::kSchema, kDraft6},
    {"definitions", Shape::kSchemaMap},
    {"dependencies", Shape::kDependencies},
    {"dependentRequired", Shape::kNameMap, k2019},
    {"dependentSchemas", Shape::kSchemaMap, k2019},
    {"else", Shape::kSchema, kDraft7},
    {"enum", Shape::kList},
    {"exclusiveMaximum", Shape::kBound},
    {"exclusiveMinimum", Shape::kBound},
    {"format", Shape::kText},
    {"if", Shape::kSchema, kDraft7},
    {"items", Shape::kItems},
    {"maxContains", Shape::kCount, k2019},
    {"maxItems", Shape::kCount},
    {"maxLength", Shape::kCount},
    {"maxProperties", Shape::kCount},
    {"maximum", Shape::kNumber},
    {"minContains", Shape::kCount, k2019},
    {"minItems", Shape::kCount},
    {"minLength", Shape::kCount},
    {"minProperties", Shape::kCount},
    {"minimum", Shape::kNumber},
    {"multipleOf", Shape::kPositive},
    {"not", Shape::kSchema},
    {"oneOf", Shape::kSchemas},
    {"pattern", Shape::kPattern},
    {"patternProperties", Shape::kPatternMap},
    {"prefixItems", Shape::kSchemas, k2020},
    {"properties", Shape::kSchemaMap},
    {"propertyNames", Shape::kSchema, kDraft6},
    {"required", Shape::kNames},
    {"then", Shape::kSchema, kDraft7},
    {"type", Shape::kTypes},
    {"unevaluatedItems", Shape::kSchema, k2019},
    {"unevaluatedProperties", Shape::kSchema, k2019},
    {"uniqueItems", Shape::kFlag},
});
static_assert(std::ranges::is_sorted(kKeywords, {}, &KeywordRow::name));

constexpr std::string_view kNewWords[] = {
    "$defs",       "$anchor",          "$dynamicRef",      "$dynamicAnchor",    "prefixItems",          "minContains",
    "maxContains", "dependentSchemas", "unevaluatedItems", "dependentRequired", "unevaluatedProperties"};
constexpr std::string_view kOldWords[] = {"definitions", "dependencies", "additionalItems"};

struct Words {
  bool is_new = false;
  bool is_old = false;
  bool is_oldest = false;
  bool has_list = false;   // in "items"
  bool is_newest = false;  // what 2020-12 has instead
};

/// Recursive: documents are parsed to a bounded depth.
void look(const JsonValue& value, Words& words) {
  if (const auto* list = value.array()) {
    for (const JsonValue& element : *list)
      look(element, words);
  }
  const auto* object = value.object();
  if (object == nullptr) return;
  for (const auto& [key, member] : *object) {
    if (key == "enum" || key == "const" || key == "examples" || key == "default") continue;
    words.is_new |= std::ranges::find(kNewWords, key) != std::end(kNewWords);
    words.is_old |= std::ranges::find(kOldWords, key) != std::end(kOldWords);
    words.has_list |= key == "items" && member.array() != nullptr;
    words.is_newest |= key == "prefixItems" || key == "$dynamicRef";
    words.is_oldest |= key.starts_with("exclusiveM") && member.boolean() != nullptr;
    look(member, words);
  }
}

}  // namespace

std::optional<Draft> draft_named(std::string_view uri) {
  if (uri.ends_with('#')) uri.remove_suffix(1);
  const size_t scheme = uri.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::string_view name = uri.substr(scheme + 3);
  if (name == "json-schema.org/draft-04/schema") return kDraft4;
  if (name == "json-schema.org/draft-06/schema") return kDraft6;
  if (name == "json-schema.org/draft-07/schema") return kDraft7;
  if (name == "json-schema.org/draft/2019-09/schema") return k2019;
  if (name == "json-schema.org/draft/2020-12/schema" || name == "json-schema.org/schema") return k2020;
  return std::nullopt;
}

Draft guess_draft(const JsonValue& schema) {
  Words words;
  look(schema, words);
  if (words.is_new) return words.has_list && !words.is_newest ? k2019 : k2020;
  if (words.is_oldest) return kDraft4;
  return words.is_old || words.has_list ? kDraft7 : k2020;
}

const KeywordRow* find_keyword(std::string_view name, Draft draft) {
  const auto* row = std::ranges::lower_bound(kKeywords, name, {}, &KeywordRow::name);
  if (row == kKeywords.end() || row->name != name || draft < row->first || draft > row->last) return nullptr;
  return row;
}

}  // namespace ingle::text::grammar::validation
