#include "text/grammar/validation/schema_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "text/grammar/validation/uri.h"

namespace ingle::text::grammar::validation {

using Shape = KeywordRow::Shape;
using Resource = SchemaDocument::Resource;

namespace {

constexpr std::string_view kTypeNames[] = {"array", "boolean", "integer", "null", "number", "object", "string"};

bool is_type_name(const JsonValue& value) {
  return value.string() != nullptr && std::ranges::find(kTypeNames, *value.string()) != std::end(kTypeNames);
}

bool are_texts(const JsonValue& value) {
  const auto* list = value.array();
  return list != nullptr && std::ranges::all_of(*list, [](const JsonValue& v) { return v.string() != nullptr; });
}

bool is_array_of(const JsonValue& value, bool (*holds)(const JsonValue&)) {
  return value.array() != nullptr && std::ranges::all_of(*value.array(), holds);
}

/// Whether a keyword's own value has its form; schemas in it are looked at when they are visited.
bool has_shape(const JsonValue& value, Shape shape) {
  const auto* number = value.number();
  switch (shape) {
    case Shape::kSchemas:
      return value.array() != nullptr && !value.array()->empty();
    case Shape::kSchemaMap:
    case Shape::kPatternMap:
    case Shape::kDependencies:
      return value.object() != nullptr;
    case Shape::kCount:
      return number != nullptr && number->count().has_value();
    case Shape::kNumber:
      return number != nullptr;
    case Shape::kPositive:
      return number != nullptr && !number->is_zero() && !number->negative;
    case Shape::kBound:
      return number != nullptr || value.boolean() != nullptr;
    case Shape::kText:
    case Shape::kPattern:
      return value.string() != nullptr;
    case Shape::kNames:
      return are_texts(value);
    case Shape::kNameMap:
      return value.object() != nullptr &&
             std::ranges::all_of(*value.object(), [](const auto& member) { return are_texts(member.value); });
    case Shape::kTypes:
      return is_type_name(value) || is_array_of(value, is_type_name);
    case Shape::kList:
      return value.array() != nullptr;
    case Shape::kFlag:
      return value.boolean() != nullptr;
    case Shape::kSchema:
    case Shape::kItems:
    case Shape::kAnything:
      return true;
  }
  return false;
}

}  // namespace

/// Visits every schema once, first those that stand where keywords have them, then what references name besides.
class SchemaReader {
 public:
  Result<SchemaDocument> run(JsonValue schema) && {
    document_.root_ = std::make_unique<const JsonValue>(std::move(schema));
    const JsonValue& root = *document_.root_;
    Resource& resource = add_resource(root, "");
    resource.draft = guess_draft(root);
    INGLE_TRY_VOID(visit(root, &resource));
    // References may lead to places that no keyword names, and those hold references of their own.
    for (size_t i = 0; i < open_.size(); ++i) {
      const JsonValue* schema_at = open_[i];
      INGLE_TRY_VOID(resolve(*schema_at));
    }
    return std::move(document_);
  }

 private:
  Resource& add_resource(const JsonValue& root, std::string uri) {
    auto& made = *document_.resources_.emplace_back(std::make_unique<Resource>());
    made.root = &root;
    made.uri = std::move(uri);
    by_uri_.try_emplace(made.uri, &made);
    return made;
  }

  std::string place_of(const JsonValue& at) const { return "#" + pointer_to(*document_.root_, at); }
  std::unexpected<Error> malformed(const JsonValue& at, std::string_view why) const {
    return std::unexpected(Error::usage(fmt::format("schema: {} at {}", why, place_of(at))));
  }
  std::unexpected<Error> refuse(const JsonValue& at, std::string_view why) const {
    return std::unexpected(Error::refused(fmt::format("schema: {} at {}", why, place_of(at))));
  }

  /// Recursive, as deep as the document at most.
  Status visit(const JsonValue& schema, Resource* resource) {
    if (document_.places_.contains(&schema)) return {};
    if (schema.boolean() == nullptr && schema.object() == nullptr)
      return malformed(schema, "a schema must be an object, true or false");
    if (schema.object() != nullptr) {
      INGLE_TRY(resource, enter(schema, resource));
      note_anchors(schema, *resource);
    }
    document_.places_[&schema].resource = resource;
    if (schema.object() == nullptr) return {};
    open_.push_back(&schema);
    for (const auto& [name, value] : *schema.object()) {
      if (const KeywordRow* row = find_keyword(name, resource->draft); row != nullptr) {
        INGLE_TRY_VOID(visit_keyword(*row, value, resource));
      }
    }
    return {};
  }

  /// The resource that `schema` belongs to: one of its own if it has an identity.
  Result<Resource*> enter(const JsonValue& schema, Resource* resource) {
    Draft draft = resource->draft;
    const bool is_root = resource->root == &schema;
    if (const auto* name = schema.find("$schema"); name != nullptr && name->string() != nullptr) {
      const auto named = draft_named(*name->string());
      if (!named) return refuse(*name, "this dialect of JSON Schema is not known");
      draft = *named;
    }
    if (is_root) resource->draft = draft;
    const bool is_alone = draft <= Draft::kDraft7 && schema.find("$ref") != nullptr;
    const JsonValue* id = schema.find(draft == Draft::kDraft4 ? "id" : "$id");
    if (id == nullptr || id->string() == nullptr || is_alone) return resource;
    const auto [uri, fragment] = split_fragment(resolve_uri(resource->uri, *id->string()));
    if (id->string()->starts_with('#') || id->string()->empty()) return resource;
    if (is_root) {
      resource->uri = uri;
      by_uri_.try_emplace(uri, resource);
      return resource;
    }
    Resource& made = add_resource(schema, uri);
    made.draft = draft;
    return &made;
  }

  void note_anchors(const JsonValue& schema, Resource& resource) {
    const auto text = [&](const char* keyword) {
      const JsonValue* value = schema.find(keyword);
      return value != nullptr && value->string() != nullptr ? *value->string() : std::string();
    };
    if (resource.draft <= Draft::kDraft7) {
      const auto [uri, anchor] = split_fragment(text(resource.draft == Draft::kDraft4 ? "id" : "$id"));
      if (!anchor.empty()) resource.anchors.try_emplace(anchor, &schema);
      return;
    }
    if (const std::string anchor = text("$anchor"); !anchor.empty()) resource.anchors.try_emplace(anchor, &schema);
    if (const std::string anchor = text("$dynamicAnchor"); !anchor.empty() && resource.draft == Draft::k2020) {
      resource.anchors.try_emplace(anchor, &schema);
      resource.dynamic_anchors.try_emplace(anchor, &schema);
    }
    const JsonValue* recursive = schema.find("$recursiveAnchor");
    if (recursive != nullptr && recursive->boolean() != nullptr && resource.root == &schema)
      resource.has_recursive_anchor = *recursive->boolean() && resource.draft == Draft::k2019;
  }

  Status visit_keyword(const KeywordRow& row, const JsonValue& value, Resource* resource) {
    if (!has_shape(value, row.shape))
      return malformed(value, fmt::format("'{}' has a value of another kind", row.name));
    document_.has_unevaluated_ |= row.name.starts_with("unevaluated");
    switch (row.shape) {
      case Shape::kSchema:
        return visit(value, resource);
      case Shape::kItems:
        if (value.array() != nullptr && resource->draft == Draft::k2020)
          return malformed(value, "a list in 'items' is written 'prefixItems' in draft 2020-12");
        return value.array() != nullptr ? visit_list(value, resource) : visit(value, resource);
      case Shape::kSchemas:
        return visit_list(value, resource);
      case Shape::kPattern:
        return add_pattern(*value.string(), value);
      case Shape::kSchemaMap:
      case Shape::kPatternMap:
        for (const auto& [name, schema] : *value.object()) {
          if (row.shape == Shape::kPatternMap) INGLE_TRY_VOID(add_pattern(name, schema));
          INGLE_TRY_VOID(visit(schema, resource));
        }
        return {};
      case Shape::kDependencies:
        for (const auto& [name, schema] : *value.object()) {
          if (schema.array() == nullptr) INGLE_TRY_VOID(visit(schema, resource));
          if (schema.array() != nullptr && !are_texts(schema))
            return malformed(schema, "'dependencies' must list names");
        }
        return {};
      default:
        return {};
    }
  }

  Status visit_list(const JsonValue& list, Resource* resource) {
    for (const JsonValue& schema : *list.array())
      INGLE_TRY_VOID(visit(schema, resource));
    return {};
  }

  Status add_pattern(const std::string& text, const JsonValue& at) {
    if (document_.patterns_.contains(text)) return {};
    auto made = EcmaRegex::compile(text);
    if (!made) return refuse(at, made.error().message());
    document_.patterns_.emplace(text, std::move(*made));
    return {};
  }

  Status resolve(const JsonValue& schema) {
    const Resource* from = document_.places_.at(&schema).resource;
    for (const char* keyword : {"$ref", "$dynamicRef", "$recursiveRef"}) {
      const JsonValue* value = schema.find(keyword);
      if (value == nullptr || find_keyword(keyword, from->draft) == nullptr) continue;
      const auto [uri, fragment] = split_fragment(resolve_uri(from->uri, *value->string()));
      const auto resource = by_uri_.find(uri);
      if (resource == by_uri_.end())
        return refuse(*value, fmt::format("'{}' leads to another document, which is not fetched,", keyword));
      SchemaDocument::Reference reference;
      INGLE_TRY(reference.target, target(*resource->second, fragment, *value));
      if (std::string_view(keyword) == "$dynamicRef" && resource->second->dynamic_anchors.contains(fragment))
        reference.dynamic_anchor = fragment;
      document_.places_.at(&schema).references[keyword] = reference;
    }
    return {};
  }

  Result<const JsonValue*> target(Resource& resource, std::string_view fragment, const JsonValue& at) {
    if (!fragment.empty() && !fragment.starts_with('/')) {
      const auto found = resource.anchors.find(std::string(fragment));
      if (found == resource.anchors.end()) return malformed(at, "a reference names an anchor that nothing has,");
      return found->second;
    }
    const JsonValue* found = resource.root;
    const Resource* owner = &resource;
    while (!fragment.empty()) {
      found = take_step(*found, fragment);
      if (found == nullptr) return malformed(at, "a reference points to nothing");
      if (const auto place = document_.places_.find(found); place != document_.places_.end())
        owner = place->second.resource;
    }
    INGLE_TRY_VOID(visit(*found, const_cast<Resource*>(owner)));
    return found;
  }

  SchemaDocument document_;
  std::map<std::string, Resource*> by_uri_;
  std::vector<const JsonValue*> open_;  // schemas whose references are not resolved yet
};

Result<SchemaDocument> SchemaDocument::read(JsonValue schema) {
  return SchemaReader().run(std::move(schema));
}

const SchemaDocument::Place* SchemaDocument::place(const JsonValue& schema) const {
  const auto found = places_.find(&schema);
  return found == places_.end() ? nullptr : &found->second;
}

const EcmaRegex* SchemaDocument::pattern(std::string_view text) const {
  const auto found = patterns_.find(text);
  return found == patterns_.end() ? nullptr : &found->second;
}

}  // namespace ingle::text::grammar::validation
