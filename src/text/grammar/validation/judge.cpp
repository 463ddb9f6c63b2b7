#include "text/grammar/validation/judge.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "text/grammar/formats.h"

namespace ingle::text::grammar::validation {
namespace {

using Resource = SchemaDocument::Resource;
using Object = JsonValue::Object;
using Array = JsonValue::Array;

constexpr size_t kMaxNesting = 2'000;  // of schemas that are asked inside each other: bounds the stack

/// Which members or elements of an instance some schema has looked at.
using Marks = std::vector<bool>;

/// The resources that were entered on the way, for references that depend on it.
struct Scope {
  const Resource* resource = nullptr;
  const Scope* outer = nullptr;
};

/// One schema object that is asked about one value.
struct Question {
  const JsonValue& schema;
  const JsonValue& instance;
  const SchemaDocument::Place& place;
  const Scope& scope;
  Marks* marks;  // null: nobody asks
  size_t nesting;
};

size_t count_code_points(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

bool has_type(const JsonValue& value, std::string_view type) {
  if (const auto* number = value.number()) return type == "number" || (type == "integer" && number->is_whole());
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.boolean() != nullptr;
  if (type == "string") return value.string() != nullptr;
  if (type == "array") return value.array() != nullptr;
  return type == "object" && value.object() != nullptr;
}

class Judge {
 public:
  Judge(const SchemaDocument& document, size_t max_steps) : document_(document), steps_left_(max_steps) {}

  Result<std::optional<Violation>> run(const JsonValue& schema, const JsonValue& instance) && {
    const bool holds = asks(schema, instance, nullptr, nullptr, 0);
    if (error_) return std::unexpected(std::move(*error_));
    if (holds) return std::nullopt;
    Violation out;
    out.keyword = broken_.keyword;
    out.instance_path = pointer_to(instance, *broken_.instance);
    out.schema_path = pointer_to(document_.root(), *broken_.schema);
    if (broken_.schema->object() != nullptr) out.schema_path += pointer_step(out.keyword);
    return out;
  }

 private:
  struct Row {
    std::string_view name;
    bool (Judge::*check)(const Question&, const JsonValue&);
  };
  static std::span<const Row> rows();

  bool fail(Error error) {
    if (!error_) error_ = std::move(error);
    return false;
  }
  bool spend(size_t steps) {
    if (steps > steps_left_)
      return fail(Error::refused("checking the document against its schema takes too many steps"));
    steps_left_ -= steps;
    return true;
  }
  bool broken(const Question& q, std::string keyword) {
    broken_ = {std::move(keyword), &q.schema, &q.instance};
    return false;
  }
  bool demand(const Question& q, bool holds, const char* keyword) { return holds || broken(q, keyword); }

  /// Whether `instance` fits `schema`. False too after an error: whoever turns the answer around must look at error_.
  bool asks(const JsonValue& schema, const JsonValue& instance, const Scope* scope, Marks* marks, size_t nesting) {
    if (error_ || !spend(1)) return false;
    if (nesting > kMaxNesting)
      return fail(Error::refused("the schema refers to itself without end, or the document is nested too deep"));
    if (const bool* all = schema.boolean()) {
      if (!*all) broken_ = {"false schema", &schema, &instance};
      return *all;
    }
    const SchemaDocument::Place* place = document_.place(schema);
    if (place == nullptr) return fail(Error::internal("a schema that was never read"));
    const Scope inner{place->resource, scope};
    const bool is_new = scope == nullptr || scope->resource != place->resource;
    const bool is_asked = marks != nullptr || (document_.has_unevaluated() && wants_marks(schema));
    Marks own(is_asked ? size_of(instance) : 0);
    const Question q{schema, instance, *place, is_new ? inner : *scope, is_asked ? &own : nullptr, nesting};
    if (!ask_all(q)) return false;
    for (size_t i = 0; marks != nullptr && i < own.size(); ++i)
      if (own[i]) (*marks)[i] = true;
    return true;
  }

  static bool wants_marks(const JsonValue& schema) {
    return schema.find("unevaluatedItems") != nullptr || schema.find("unevaluatedProperties") != nullptr;
  }
  static size_t size_of(const JsonValue& value) {
    if (const auto* list = value.array()) return list->size();
    return value.object() != nullptr ? value.object()->size() : 0;
  }

  /// Keywords come by name, so what is "unevaluated" comes after all that evaluates.
  bool ask_all(const Question& q) {
    const Draft draft = q.place.resource->draft;
    if (draft <= Draft::kDraft7 && q.place.references.contains("$ref")) return refer(q, *q.schema.find("$ref"));
    for (const auto& [name, value] : *q.schema.object()) {
      if (find_keyword(name, draft) == nullptr) continue;
      const auto row = std::ranges::lower_bound(rows(), name, {}, &Row::name);
      if (row == rows().end() || row->name != name) continue;
      if (!spend(1) || !(this->*row->check)(q, value)) return false;
    }
    return true;
  }

  /// The same value asked of another schema.
  bool also(const Question& q, const JsonValue& schema, Marks* marks) {
    return asks(schema, q.instance, &q.scope, marks, q.nesting + 1);
  }
  bool also(const Question& q, const JsonValue& schema) { return also(q, schema, q.marks); }
  /// A part of the value asked of another schema.
  bool part(const Question& q, const JsonValue& schema, const JsonValue& value) {
    return asks(schema, value, &q.scope, nullptr, q.nesting + 1);
  }
  static void mark(const Question& q, size_t i) {
    if (q.marks != nullptr) (*q.marks)[i] = true;
  }

  bool same(const JsonValue& a, const JsonValue& b) {
    size_t steps = 0;
    const bool equal = compare(a, b, steps) == 0;
    return spend(steps) && equal;
  }

  bool matches(std::string_view pattern, std::string_view text) {
    const EcmaRegex* regex = document_.pattern(pattern);
    if (regex == nullptr) return fail(Error::internal("a pattern that was never read"));
    // PCRE2 has no count of what it did, only a limit for each place of the text: paid is what the limit would allow, and
    // most patterns never need more than the smallest one.
    constexpr uint32_t kFirstLimit = 100, kMostTimes = 10'000, kStepsOfOurs = 64;
    for (uint32_t times = 1; times <= kMostTimes; times *= 10) {
      const uint32_t limit = kFirstLimit * times;
      if (!spend(1 + text.size() * limit / kStepsOfOurs)) return false;
      const auto found = regex->search(text, limit);
      if (!found) return fail(found.error());
      if (*found) return **found;
    }
    return fail(Error::refused("a pattern takes too many steps on a text of this answer"));
  }

  // References.

  bool refer(const Question& q, const JsonValue&) { return also(q, *q.place.references.at("$ref").target); }

  bool refer_recursively(const Question& q, const JsonValue&) {
    const JsonValue* target = q.place.references.find("$recursiveRef")->second.target;
    const auto* place = document_.place(*target);
    if (place->resource->root == target && place->resource->has_recursive_anchor) {
      for (const Scope* scope = &q.scope; scope != nullptr; scope = scope->outer)
        if (scope->resource->has_recursive_anchor) target = scope->resource->root;
    }
    return also(q, *target);
  }

  bool refer_dynamically(const Question& q, const JsonValue&) {
    const auto& reference = q.place.references.find("$dynamicRef")->second;
    const JsonValue* target = reference.target;
    for (const Scope* scope = &q.scope; !reference.dynamic_anchor.empty() && scope != nullptr; scope = scope->outer) {
      const auto found = scope->resource->dynamic_anchors.find(reference.dynamic_anchor);
      if (found != scope->resource->dynamic_anchors.end()) target = found->second;
    }
    return also(q, *target);
  }

  // Combinations.

  bool all_of(const Question& q, const JsonValue& list) {
    return std::ranges::all_of(*list.array(), [&](const JsonValue& schema) { return also(q, schema); });
  }

  bool any_of(const Question& q, const JsonValue& list) {
    bool any = false;
    for (const JsonValue& schema : *list.array()) {
      any |= also(q, schema);
      if (any && q.marks == nullptr) break;
    }
    return demand(q, any, "anyOf");
  }

  bool one_of(const Question& q, const JsonValue& list) {
    size_t n = 0;
    for (const JsonValue& schema : *list.array()) {
      n += also(q, schema) ? 1 : 0;
      if (n > 1) break;
    }
    return demand(q, n == 1, "oneOf");
  }

  bool not_this(const Question& q, const JsonValue& schema) { return demand(q, !also(q, schema, nullptr), "not"); }

  bool if_then_else(const Question& q, const JsonValue& condition) {
    const JsonValue* next = q.schema.find(also(q, condition) ? "then" : "else");
    return next == nullptr || also(q, *next);
  }

  // Any value.

  bool type(const Question& q, const JsonValue& types) {
    const auto fits = [&](const JsonValue& name) { return has_type(q.instance, *name.string()); };
    return demand(q, types.array() != nullptr ? std::ranges::any_of(*types.array(), fits) : fits(types), "type");
  }
  bool enumeration(const Question& q, const JsonValue& values) {
    return demand(q, std::ranges::any_of(*values.array(), [&](const auto& value) { return same(value, q.instance); }),
                  "enum");
  }
  bool constant(const Question& q, const JsonValue& value) { return demand(q, same(value, q.instance), "const"); }

  // Numbers.

  bool bound(const Question& q, const JsonValue& value, const char* keyword, bool is_lower, bool is_exclusive) {
    const auto* number = q.instance.number();
    const auto* limit = value.number();
    if (number == nullptr || limit == nullptr) return true;
    const auto order = is_lower ? *number <=> *limit : *limit <=> *number;
    return demand(q, order > 0 || (order == 0 && !is_exclusive), keyword);
  }
  /// Draft 4 says "exclusiveMinimum": true beside the bound.
  static bool is_exclusive(const Question& q, const char* keyword) {
    const JsonValue* flag = q.schema.find(keyword);
    return flag != nullptr && flag->boolean() != nullptr && *flag->boolean();
  }
  bool minimum(const Question& q, const JsonValue& value) {
    return bound(q, value, "minimum", true, is_exclusive(q, "exclusiveMinimum"));
  }
  bool maximum(const Question& q, const JsonValue& value) {
    return bound(q, value, "maximum", false, is_exclusive(q, "exclusiveMaximum"));
  }
  bool exclusive_minimum(const Question& q, const JsonValue& value) {
    return bound(q, value, "exclusiveMinimum", true, true);
  }
  bool exclusive_maximum(const Question& q, const JsonValue& value) {
    return bound(q, value, "exclusiveMaximum", false, true);
  }
  bool multiple_of(const Question& q, const JsonValue& divisor) {
    const auto* number = q.instance.number();
    if (number == nullptr) return true;
    if (!spend(number->digits.size() / 16)) return false;
    const auto holds = is_multiple(*number, *divisor.number());
    if (!holds) return fail(Error::refused("'multipleOf' has too many digits to be checked"));
    return demand(q, *holds, "multipleOf");
  }

  // Strings.

  bool min_length(const Question& q, const JsonValue& least) {
    const auto* text = q.instance.string();
    return text == nullptr ||
           (spend(text->size() / 64) && demand(q, count_code_points(*text) >= *least.number()->count(), "minLength"));
  }
  bool max_length(const Question& q, const JsonValue& most) {
    const auto* text = q.instance.string();
    return text == nullptr ||
           (spend(text->size() / 64) && demand(q, count_code_points(*text) <= *most.number()->count(), "maxLength"));
  }
  bool pattern(const Question& q, const JsonValue& value) {
    const auto* text = q.instance.string();
    return text == nullptr || demand(q, matches(*value.string(), *text), "pattern");
  }
  bool format(const Question& q, const JsonValue& name) {
    const auto* text = q.instance.string();
    return text == nullptr || (spend(1 + text->size() / 16) && demand(q, fits_format(*name.string(), *text), "format"));
  }

  // Arrays.

  /// How many elements have a schema by their place.
  static size_t first_items(const Question& q) {
    const JsonValue* prefix = q.schema.find("prefixItems");
    if (prefix != nullptr && q.place.resource->draft == Draft::k2020) return prefix->array()->size();
    const JsonValue* items = q.schema.find("items");
    return items != nullptr && items->array() != nullptr ? items->array()->size() : 0;
  }
  bool first(const Question& q, const JsonValue& schemas) {
    const auto* list = q.instance.array();
    if (list == nullptr) return true;
    for (size_t i = 0; i < std::min(list->size(), schemas.array()->size()); ++i) {
      if (!part(q, (*schemas.array())[i], (*list)[i])) return false;
      mark(q, i);
    }
    return true;
  }
  bool rest(const Question& q, const JsonValue& schema) {
    const auto* list = q.instance.array();
    if (list == nullptr) return true;
    for (size_t i = first_items(q); i < list->size(); ++i) {
      if (!part(q, schema, (*list)[i])) return false;
      mark(q, i);
    }
    return true;
  }
  bool items(const Question& q, const JsonValue& value) {
    return value.array() != nullptr ? first(q, value) : rest(q, value);
  }
  bool additional_items(const Question& q, const JsonValue& schema) {
    const JsonValue* items = q.schema.find("items");
    return items == nullptr || items->array() == nullptr || rest(q, schema);
  }
  bool unevaluated_items(const Question& q, const JsonValue& schema) {
    const auto* list = q.instance.array();
    if (list == nullptr) return true;
    for (size_t i = 0; i < list->size(); ++i) {
      if (!(*q.marks)[i] && !part(q, schema, (*list)[i])) return broken(q, "unevaluatedItems");
      mark(q, i);
    }
    return true;
  }
  bool contains(const Question& q, const JsonValue& schema) {
    const auto* list = q.instance.array();
    if (list == nullptr) return true;
    const bool has_counts = q.place.resource->draft >= Draft::k2019;
    const auto count = [&](const char* keyword, uint64_t otherwise) {
      const JsonValue* value = has_counts ? q.schema.find(keyword) : nullptr;
      return value != nullptr ? *value->number()->count() : otherwise;
    };
    const uint64_t least = count("minContains", 1);
    const uint64_t most = count("maxContains", UINT64_MAX);
    uint64_t n = 0;
    for (size_t i = 0; i < list->size(); ++i) {
      if (!part(q, schema, (*list)[i])) continue;
      ++n;
      // Since 2020-12 what "contains" found is evaluated.
      if (q.place.resource->draft == Draft::k2020) mark(q, i);
    }
    return demand(q, n >= least, least == 1 ? "contains" : "minContains") && demand(q, n <= most, "maxContains");
  }
  bool min_items(const Question& q, const JsonValue& least) {
    const auto* list = q.instance.array();
    return list == nullptr || demand(q, list->size() >= *least.number()->count(), "minItems");
  }
  bool max_items(const Question& q, const JsonValue& most) {
    const auto* list = q.instance.array();
    return list == nullptr || demand(q, list->size() <= *most.number()->count(), "maxItems");
  }
  bool unique_items(const Question& q, const JsonValue& flag) {
    const auto* list = q.instance.array();
    if (list == nullptr || !*flag.boolean()) return true;
    size_t steps = 0;
    std::vector<const JsonValue*> sorted;
    for (const JsonValue& value : *list)
      sorted.push_back(&value);
    const auto before = [&](const JsonValue* a, const JsonValue* b) { return compare(*a, *b, steps) < 0; };
    std::ranges::sort(sorted, before);
    const auto twin = std::ranges::adjacent_find(
        sorted, [&](const JsonValue* a, const JsonValue* b) { return compare(*a, *b, steps) == 0; });
    return spend(steps) && demand(q, twin == sorted.end(), "uniqueItems");
  }

  // Objects.

  bool properties(const Question& q, const JsonValue& schemas) {
    const auto* members = q.instance.object();
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      const auto& [key, value] = (*members)[i];
      const JsonValue* schema = schemas.find(key);
      if (schema == nullptr) continue;
      if (!part(q, *schema, value)) return false;
      mark(q, i);
    }
    return true;
  }
  bool pattern_properties(const Question& q, const JsonValue& schemas) {
    const auto* members = q.instance.object();
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      const auto& [key, value] = (*members)[i];
      for (const auto& [pattern, schema] : *schemas.object()) {
        if (!matches(pattern, key)) continue;
        if (!part(q, schema, value)) return false;
        mark(q, i);
      }
      if (error_) return false;
    }
    return true;
  }
  bool is_named(const Question& q, const std::string& key) {
    const JsonValue* named = q.schema.find("properties");
    if (named != nullptr && named->find(key) != nullptr) return true;
    const JsonValue* patterns = q.schema.find("patternProperties");
    return patterns != nullptr && std::ranges::any_of(*patterns->object(), [&](const JsonValue::Member& member) {
             return matches(member.key, key);
           });
  }
  bool additional_properties(const Question& q, const JsonValue& schema) {
    const auto* members = q.instance.object();
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      const auto& [key, value] = (*members)[i];
      if (is_named(q, key)) continue;
      if (!part(q, schema, value)) return schema.boolean() == nullptr ? false : broken(q, "additionalProperties");
      mark(q, i);
    }
    return !error_;
  }
  bool unevaluated_properties(const Question& q, const JsonValue& schema) {
    const auto* members = q.instance.object();
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      if (!(*q.marks)[i] && !part(q, schema, (*members)[i].value)) return broken(q, "unevaluatedProperties");
      mark(q, i);
    }
    return true;
  }
  bool property_names(const Question& q, const JsonValue& schema) {
    const auto* members = q.instance.object();
    for (size_t i = 0; members != nullptr && i < members->size(); ++i) {
      // A key is no value of the document, so a violation must not speak of it: its text goes when this returns.
      if (!part(q, schema, JsonValue{(*members)[i].key})) return broken(q, "propertyNames");
    }
    return true;
  }
  bool required(const Question& q, const JsonValue& names) {
    return q.instance.object() == nullptr || demand(q, has_all(q.instance, names), "required");
  }
  static bool has_all(const JsonValue& instance, const JsonValue& names) {
    return std::ranges::all_of(*names.array(),
                               [&](const JsonValue& name) { return instance.find(*name.string()) != nullptr; });
  }
  bool depend(const Question& q, const JsonValue& by_name, const char* keyword) {
    if (q.instance.object() == nullptr) return true;
    for (const auto& [key, needs] : *by_name.object()) {
      if (!spend(1)) return false;
      if (q.instance.find(key) == nullptr) continue;
      if (needs.array() == nullptr ? !also(q, needs) : !demand(q, has_all(q.instance, needs), keyword)) return false;
    }
    return true;
  }
  bool dependencies(const Question& q, const JsonValue& value) { return depend(q, value, "dependencies"); }
  bool dependent_required(const Question& q, const JsonValue& value) { return depend(q, value, "dependentRequired"); }
  bool dependent_schemas(const Question& q, const JsonValue& value) { return depend(q, value, "dependentSchemas"); }
  bool min_properties(const Question& q, const JsonValue& least) {
    const auto* members = q.instance.object();
    return members == nullptr || demand(q, members->size() >= *least.number()->count(), "minProperties");
  }
  bool max_properties(const Question& q, const JsonValue& most) {
    const auto* members = q.instance.object();
    return members == nullptr || demand(q, members->size() <= *most.number()->count(), "maxProperties");
  }

  struct Broken {
    std::string keyword;
    const JsonValue* schema = nullptr;
    const JsonValue* instance = nullptr;
  };

  const SchemaDocument& document_;
  size_t steps_left_;
  std::optional<Error> error_;
  Broken broken_;
};

// By name. "unevaluated" is asked after everything that evaluates, "uniqueItems" does not mind.
std::span<const Judge::Row> Judge::rows() {
  static constexpr auto kRows = std::to_array<Row>({
      {"$dynamicRef", &Judge::refer_dynamically},
      {"$recursiveRef", &Judge::refer_recursively},
      {"$ref", &Judge::refer},
      {"additionalItems", &Judge::additional_items},
      {"additionalProperties", &Judge::additional_properties},
      {"allOf", &Judge::all_of},
      {"anyOf", &Judge::any_of},
      {"const", &Judge::constant},
      {"contains", &Judge::contains},
      {"dependencies", &Judge::dependencies},
      {"dependentRequired", &Judge::dependent_required},
      {"dependentSchemas", &Judge::dependent_schemas},
      {"enum", &Judge::enumeration},
      {"exclusiveMaximum", &Judge::exclusive_maximum},
      {"exclusiveMinimum", &Judge::exclusive_minimum},
      {"format", &Judge::format},
      {"if", &Judge::if_then_else},
      {"items", &Judge::items},
      {"maxItems", &Judge::max_items},
      {"maxLength", &Judge::max_length},
      {"maxProperties", &Judge::max_properties},
      {"maximum", &Judge::maximum},
      {"minItems", &Judge::min_items},
      {"minLength", &Judge::min_length},
      {"minProperties", &Judge::min_properties},
      {"minimum", &Judge::minimum},
      {"multipleOf", &Judge::multiple_of},
      {"not", &Judge::not_this},
      {"oneOf", &Judge::one_of},
      {"pattern", &Judge::pattern},
      {"patternProperties", &Judge::pattern_properties},
      {"prefixItems", &Judge::first},
      {"properties", &Judge::properties},
      {"propertyNames", &Judge::property_names},
      {"required", &Judge::required},
      {"type", &Judge::type},
      {"unevaluatedItems", &Judge::unevaluated_items},
      {"unevaluatedProperties", &Judge::unevaluated_properties},
      {"uniqueItems", &Judge::unique_items},
  });
  return kRows;
}

}  // namespace

Result<std::optional<Violation>> judge(const SchemaDocument& document, const JsonValue& schema,
                                       const JsonValue& instance, size_t max_steps) {
  return Judge(document, max_steps).run(schema, instance);
}

}  // namespace ingle::text::grammar::validation
