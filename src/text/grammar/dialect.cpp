#include "text/grammar/dialect.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace ingle::text::grammar {
namespace {

constexpr std::pair<std::string_view, Draft> kDrafts[] = {
    {"draft-04/schema", Draft::k4},         {"draft-06/schema", Draft::k6},         {"draft-07/schema", Draft::k7},
    {"draft/2019-09/schema", Draft::k2019}, {"draft/2020-12/schema", Draft::k2020}, {"schema", Draft::k2020},
};

constexpr std::pair<std::string_view, Holds> kHolders[] = {
    {"additionalItems", Holds::kSchema},
    {"additionalProperties", Holds::kSchema},
    {"contains", Holds::kSchema},
    {"contentSchema", Holds::kSchema},
    {"else", Holds::kSchema},
    {"if", Holds::kSchema},
    {"not", Holds::kSchema},
    {"propertyNames", Holds::kSchema},
    {"then", Holds::kSchema},
    {"unevaluatedItems", Holds::kSchema},
    {"unevaluatedProperties", Holds::kSchema},
    {"allOf", Holds::kSchemas},
    {"anyOf", Holds::kSchemas},
    {"oneOf", Holds::kSchemas},
    {"prefixItems", Holds::kSchemas},
    {"items", Holds::kSchemaOrList},
    {"$defs", Holds::kNamed},
    {"definitions", Holds::kNamed},
    {"dependentSchemas", Holds::kNamed},
    {"patternProperties", Holds::kNamed},
    {"properties", Holds::kNamed},
    {"dependencies", Holds::kNamedOrNames},
};

constexpr std::string_view kAnnotations[] = {
    "$anchor",     "$comment",    "$defs",           "$dynamicAnchor",   "$id",           "$recursiveAnchor",
    "$schema",     "$vocabulary", "contentEncoding", "contentMediaType", "contentSchema", "default",
    "definitions", "deprecated",  "description",     "example",          "examples",      "id",
    "readOnly",    "title",       "writeOnly",
};

struct Keyword {
  std::string_view name;
  Draft since = Draft::k4;
  Draft until = Draft::k2020;
};

constexpr Keyword kKeywords[] = {
    {"$dynamicRef", Draft::k2020},
    {"$recursiveRef", Draft::k2019, Draft::k2019},
    {"$ref"},
    // In 2020-12 "items" took its place, but beside a list in "items" nothing else can be meant.
    {"additionalItems"},
    {"additionalProperties"},
    {"allOf"},
    {"anyOf"},
    {"const", Draft::k6},
    {"contains", Draft::k6},
    {"dependencies"},
    {"dependentRequired", Draft::k2019},
    {"dependentSchemas", Draft::k2019},
    {"else", Draft::k7},
    {"enum"},
    {"exclusiveMaximum"},
    {"exclusiveMinimum"},
    {"format"},
    {"if", Draft::k7},
    {"items"},
    {"maxContains", Draft::k2019},
    {"maxItems"},
    {"maxLength"},
    {"maxProperties"},
    {"maximum"},
    {"minContains", Draft::k2019},
    {"minItems"},
    {"minLength"},
    {"minProperties"},
    {"minimum"},
    {"multipleOf"},
    {"not"},
    {"oneOf"},
    {"pattern"},
    {"patternProperties"},
    {"prefixItems", Draft::k2020},
    {"properties"},
    {"propertyNames", Draft::k6},
    {"required"},
    {"then", Draft::k7},
    {"type"},
    {"unevaluatedItems", Draft::k2019},
    {"unevaluatedProperties", Draft::k2019},
    {"uniqueItems"},
    {"x-ingle-copy"},
    {"x-ingle-copy-as"},
};

}  // namespace

bool knows(Draft draft, std::string_view keyword) {
  const auto found = std::ranges::find(kKeywords, keyword, &Keyword::name);
  return found != std::end(kKeywords) && found->since <= draft && draft <= found->until;
}

bool is_keyword(std::string_view keyword) {
  return std::ranges::find(kKeywords, keyword, &Keyword::name) != std::end(kKeywords);
}

std::span<const std::string_view> keywords() {
  static constexpr auto kNames = [] {
    std::array<std::string_view, std::size(kKeywords)> names;
    std::ranges::transform(kKeywords, names.begin(), &Keyword::name);
    return names;
  }();
  return kNames;
}

std::optional<Draft> draft_of(std::string_view uri) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (uri.starts_with(scheme)) uri.remove_prefix(scheme.size());
  }
  if (uri.ends_with('#')) uri.remove_suffix(1);
  constexpr std::string_view kHost = "json-schema.org/";
  if (!uri.starts_with(kHost)) return std::nullopt;
  uri.remove_prefix(kHost.size());
  const auto found = std::ranges::find(kDrafts, uri, &std::pair<std::string_view, Draft>::first);
  if (found == std::end(kDrafts)) return std::nullopt;
  return found->second;
}

Holds holds(std::string_view keyword) {
  const auto found = std::ranges::find(kHolders, keyword, &std::pair<std::string_view, Holds>::first);
  return found == std::end(kHolders) ? Holds::kNoSchema : found->second;
}

bool is_annotation(std::string_view keyword) {
  if (keyword.starts_with("x-ingle-")) return false;
  return keyword.starts_with("x-") || std::ranges::find(kAnnotations, keyword) != std::end(kAnnotations);
}

}  // namespace ingle::text::grammar
