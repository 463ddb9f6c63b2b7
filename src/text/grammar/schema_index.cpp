#include "text/grammar/schema_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "text/grammar/uri.h"
#include "text/grammar/validation/json_value.h"

namespace ingle::text::grammar {
namespace {

using Json = nlohmann::ordered_json;

const std::string* text_of(const Json& schema, const char* keyword) {
  const auto found = schema.find(keyword);
  return found != schema.end() && found->is_string() ? &found->get_ref<const std::string&>() : nullptr;
}

/// The parts of a JSON pointer, unescaped.
std::vector<std::string> parts_of(std::string_view pointer) {
  std::vector<std::string> parts;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    std::string part;
    for (size_t i = 0; i < end; ++i) {
      const bool is_escape = pointer[i] == '~' && i + 1 < end;
      part += !is_escape ? pointer[i] : pointer[++i] == '1' ? '/' : '~';
    }
    parts.push_back(std::move(part));
    pointer.remove_prefix(end);
  }
  return parts;
}

const Json* child_of(const Json& value, const std::string& part) {
  if (value.is_object()) {
    const auto found = value.find(part);
    return found == value.end() ? nullptr : &*found;
  }
  size_t at = 0;
  const char* const end = part.data() + part.size();
  if (!value.is_array() || std::from_chars(part.data(), end, at).ptr != end || part.empty() || at >= value.size())
    return nullptr;
  return &value[at];
}

/// Words that only some drafts have.
struct Words {
  bool is_new = false;
  bool is_old = false;
  bool is_oldest = false;
  bool has_list = false;   // in "items"
  bool is_newest = false;  // what 2020-12 has instead
};

void look(const Json& value, Words& words) {
  constexpr std::string_view kNew[] = {
      "$anchor",     "$defs",       "$dynamicAnchor", "$dynamicRef",      "dependentRequired",    "dependentSchemas",
      "maxContains", "minContains", "prefixItems",    "unevaluatedItems", "unevaluatedProperties"};
  constexpr std::string_view kOld[] = {"additionalItems", "definitions", "dependencies"};
  if (value.is_array()) {
    for (const Json& element : value)
      look(element, words);
  }
  if (!value.is_object()) return;
  for (const auto& [key, member] : value.items()) {
    if (key == "enum" || key == "const" || key == "examples" || key == "default") continue;
    words.is_new |= std::ranges::find(kNew, key) != std::end(kNew);
    words.is_old |= std::ranges::find(kOld, key) != std::end(kOld);
    words.has_list |= key == "items" && member.is_array();
    words.is_newest |= key == "prefixItems" || key == "$dynamicRef";
    words.is_oldest |= key.starts_with("exclusiveM") && member.is_boolean();
    look(member, words);
  }
}

/// Of a schema without "$schema": 2020-12 unless it uses words that are older.
Draft guessed_draft(const Json& document) {
  Words words;
  look(document, words);
  if (words.is_new) return words.has_list && !words.is_newest ? Draft::k2019 : Draft::k2020;
  if (words.is_oldest) return Draft::k4;
  return words.is_old || words.has_list ? Draft::k7 : Draft::k2020;
}

/// The name of a plain anchor in a reference, nothing for a pointer or the whole schema.
std::optional<std::string> anchor_of(const std::string& reference) {
  const size_t hash = reference.find('#');
  if (hash == std::string::npos || hash + 1 == reference.size() || reference[hash + 1] == '/') return std::nullopt;
  return reference.substr(hash + 1);
}

}  // namespace

std::string under(const std::string& path, std::string_view key) {
  return path + validation::pointer_step(key);
}

Result<SchemaIndex> SchemaIndex::create(const Json& document) {
  SchemaIndex index;
  index.resources_.push_back({"", &document, "#"});
  index.by_uri_[""] = 0;
  INGLE_TRY_VOID(index.visit(document, {guessed_draft(document), 0, "#"}));
  index.places_.emplace(&any_object(), Place{});
  return index;
}

const SchemaIndex::Json& SchemaIndex::any_object() {
  static const Json schema = {{"type", "object"}};
  return schema;
}

Status SchemaIndex::visit(const Json& schema, Place place) {
  if (places_.contains(&schema)) return {};
  if (!schema.is_object()) {
    places_.emplace(&schema, std::move(place));
    return {};
  }
  const bool is_root = resources_[place.resource].root == &schema;
  const Json* const ref = schema.contains("$ref") ? &schema.at("$ref") : nullptr;
  const std::string* id = text_of(schema, place.draft == Draft::k4 ? "id" : "$id");
  if (const std::string* dialect = text_of(schema, "$schema"); dialect != nullptr && (is_root || id != nullptr)) {
    const auto draft = draft_of(*dialect);
    if (!draft) {
      return std::unexpected(
          Error::refused(fmt::format("schema: the dialect '{}' is not known at {}/$schema", *dialect, place.path))
              .hint("leave out '$schema', or name draft-04, -06, -07, 2019-09 or 2020-12"));
    }
    place.draft = *draft;
    id = text_of(schema, place.draft == Draft::k4 ? "id" : "$id");
  }
  // Up to draft 7 a reference stands alone: an identifier beside it is none.
  if (ref != nullptr && place.draft <= Draft::k7) id = nullptr;
  if (id != nullptr && !id->empty()) {
    const std::string uri = resolve_uri(resources_[place.resource].uri, *id);
    const size_t hash = uri.find('#');
    const std::string absolute = uri.substr(0, hash);
    if (!id->starts_with('#')) {
      if (!is_root) {
        resources_.push_back({absolute, &schema, place.path});
        place.resource = static_cast<uint32_t>(resources_.size() - 1);
      } else {
        resources_[place.resource].uri = absolute;
      }
      by_uri_.emplace(absolute, place.resource);
    }
    if (hash != std::string::npos && hash + 1 < uri.size() && place.draft <= Draft::k7) anchors_.emplace(uri, &schema);
  }
  const std::string& base = resources_[place.resource].uri;
  for (const char* keyword : {"$anchor", "$dynamicAnchor"}) {
    if (const std::string* name = text_of(schema, keyword); name != nullptr && place.draft >= Draft::k2019)
      anchors_.emplace(base + "#" + *name, &schema);
  }
  if (const std::string* name = text_of(schema, "$dynamicAnchor"); name != nullptr) dynamic_[*name].push_back(&schema);
  if (const auto found = schema.find("$recursiveAnchor"); found != schema.end() && *found == true)
    n_recursive_ += std::exchange(resources_[place.resource].is_recursive, true) ? 0 : 1;
  places_.emplace(&schema, place);
  return visit_held(schema, place);
}

Status SchemaIndex::visit_held(const Json& schema, const Place& place) {
  const auto visit_at = [&](const Json& held, const std::string& path) {
    return visit(held, {place.draft, place.resource, path});
  };
  for (const auto& [keyword, value] : schema.items()) {
    const Holds kind = holds(keyword);
    if (kind == Holds::kNoSchema) continue;
    const std::string path = under(place.path, keyword);
    const bool is_list = kind == Holds::kSchemas || (kind == Holds::kSchemaOrList && value.is_array());
    if (is_list) {
      for (size_t i = 0; value.is_array() && i < value.size(); ++i)
        INGLE_TRY_VOID(visit_at(value[i], under(path, std::to_string(i))));
    } else if (kind == Holds::kNamed || kind == Holds::kNamedOrNames) {
      if (!value.is_object()) continue;
      for (const auto& [name, held] : value.items()) {
        if (!held.is_array()) INGLE_TRY_VOID(visit_at(held, under(path, name)));
      }
    } else {
      INGLE_TRY_VOID(visit_at(value, path));
    }
  }
  return {};
}

Result<const Json*> SchemaIndex::find_pointer(const std::string& pointer, uint32_t resource, const std::string& where) {
  const Json* found = resources_[resource].root;
  std::string path = resources_[resource].path;
  Place place = places_.at(found);
  for (const std::string& part : parts_of(pointer)) {
    found = child_of(*found, part);
    if (found == nullptr) {
      return std::unexpected(Error::usage(fmt::format("schema: '$ref' points to nothing at {}", where)));
    }
    path = under(path, part);
    if (const auto known = places_.find(found); known != places_.end()) place = known->second;
  }
  // A pointer may lead to a schema below a keyword that is not known.
  INGLE_TRY_VOID(visit(*found, {place.draft, place.resource, path}));
  return found;
}

Result<const Json*> SchemaIndex::resolve(const std::string& reference, const Json& from) {
  const Place origin = place(from);
  const std::string where = origin.path + "/$ref";
  const std::string full = resolve_uri(resources_[origin.resource].uri, reference);
  const size_t hash = std::min(full.find('#'), full.size());
  const std::string fragment = hash < full.size() ? percent_decoded(std::string_view(full).substr(hash + 1)) : "";
  const auto resource = by_uri_.find(std::string_view(full).substr(0, hash));
  // The document itself may be named by an empty identifier although it has one.
  const bool is_local = reference.empty() || reference.starts_with('#');
  if (resource == by_uri_.end() && !is_local) {
    return std::unexpected(Error::refused(fmt::format("schema: '{}' is outside this schema at {}", reference, where))
                               .hint("nothing is fetched: put the schema that is meant under '$defs', with its '$id'"));
  }
  const uint32_t target = is_local ? origin.resource : resource->second;
  if (fragment.empty() || fragment.starts_with('/')) {
    const std::string key = std::to_string(target) + fragment;
    if (const auto known = found_.find(key); known != found_.end()) return known->second;
    INGLE_TRY(const Json* const found, find_pointer(fragment, target, where));
    found_.emplace(key, found);
    return found;
  }
  const auto anchor = anchors_.find(resources_[target].uri + "#" + fragment);
  if (anchor != anchors_.end()) return anchor->second;
  return std::unexpected(Error::usage(fmt::format("schema: '$ref' points to nothing at {}", where)));
}

Result<const Json*> SchemaIndex::resolve_dynamic(const std::string& reference, const Json& from) {
  INGLE_TRY(const Json* const target, resolve(reference, from));
  const auto name = anchor_of(reference);
  const std::string* const own = target->is_object() ? text_of(*target, "$dynamicAnchor") : nullptr;
  if (!name || own == nullptr || *own != *name) return target;
  return dynamic_.at(*name).size() == 1 ? target : nullptr;
}

Result<const Json*> SchemaIndex::resolve_recursive(const Json& from) {
  const uint32_t resource = place(from).resource;
  if (resources_[resource].is_recursive && n_recursive_ > 1) return nullptr;
  return resources_[resource].root;
}

}  // namespace ingle::text::grammar
