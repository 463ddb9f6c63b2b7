#include "store/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/suggest.h"
#include "net/url.h"

namespace ingle::store {

std::string_view embedded_catalog();

namespace {

using Json = nlohmann::json;

constexpr std::array<std::pair<std::string_view, CommercialUse>, 3> kCommercialUses = {{
    {"yes", CommercialUse::kYes},
    {"conditions", CommercialUse::kConditions},
    {"no", CommercialUse::kNo},
}};

Error broken(std::string_view where, std::string_view what) {
  return Error::corrupt(fmt::format("catalog: {}: {}", where, what));
}

Result<std::string> text_field(const Json& json, const char* field, std::string_view where) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_string())
    return std::unexpected(broken(where, fmt::format("no text '{}'", field)));
  return found->get<std::string>();
}

Result<uint64_t> number_field(const Json& json, const char* field, std::string_view where) {
  const auto found = json.find(field);
  if (found == json.end() || !found->is_number_unsigned()) {
    return std::unexpected(broken(where, fmt::format("no number '{}'", field)));
  }
  return found->get<uint64_t>();
}

std::string optional_text(const Json& json, const char* field) {
  const auto found = json.find(field);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& list_field(const Json& json, const char* field) {
  static const Json kEmpty = Json::array();
  const auto found = json.find(field);
  return found != json.end() && found->is_array() ? *found : kEmpty;
}

Result<Licence> parse_licence(const std::string& id, const Json& json) {
  Licence licence;
  licence.id = id;
  INGLE_TRY(licence.title, text_field(json, "title", id));
  INGLE_TRY(licence.url, text_field(json, "url", id));
  INGLE_TRY(licence.verdict, text_field(json, "verdict", id));
  INGLE_TRY(const std::string commercial, text_field(json, "commercial", id));
  const auto use = std::ranges::find(kCommercialUses, commercial, &decltype(kCommercialUses)::value_type::first);
  if (use == kCommercialUses.end()) return std::unexpected(broken(id, "'commercial' is not yes, conditions or no"));
  licence.commercial = use->second;
  return licence;
}

Result<SourceSpec> parse_source(const Json& json, std::string_view where) {
  if (!json.is_object()) return std::unexpected(broken(where, "a source is not an object"));
  SourceSpec source;
  INGLE_TRY(source.kind, text_field(json, "kind", where));
  source.repo = optional_text(json, "repo");
  source.file = optional_text(json, "file");
  source.revision = optional_text(json, "revision");
  source.name = optional_text(json, "name");
  for (const Json& part : list_field(json, "parts")) {
    WheelPart wheel;
    INGLE_TRY(wheel.package, text_field(part, "package", where));
    INGLE_TRY(wheel.version, text_field(part, "version", where));
    INGLE_TRY(wheel.member, text_field(part, "member", where));
    wheel.as = optional_text(part, "as");
    source.parts.push_back(std::move(wheel));
  }
  return source;
}

Result<CatalogEntry> parse_entry(const Json& json, const std::map<std::string, Licence>& licences) {
  if (!json.is_object()) return std::unexpected(broken("models", "a model is not an object"));
  INGLE_TRY(const std::string text, text_field(json, "name", "models"));
  INGLE_TRY(ModelName name, ModelName::parse(text));
  CatalogEntry entry{.name = std::move(name)};
  for (const Json& alias : list_field(json, "aliases")) {
    if (!alias.is_string()) return std::unexpected(broken(text, "an alias is not a text"));
    INGLE_TRY(ModelName other, ModelName::parse(alias.get_ref<const std::string&>()));
    entry.aliases.push_back(std::move(other));
  }
  INGLE_TRY(entry.title, text_field(json, "title", text));
  INGLE_TRY(const std::string licence, text_field(json, "licence", text));
  const auto found = licences.find(licence);
  if (found == licences.end()) return std::unexpected(broken(text, "unknown licence '" + licence + "'"));
  entry.licence = found->second;
  INGLE_TRY(entry.parameters, number_field(json, "parameters", text));
  INGLE_TRY(entry.quantization, text_field(json, "quantization", text));
  INGLE_TRY(entry.context, number_field(json, "context", text));
  INGLE_TRY(entry.size, number_field(json, "size", text));
  if (const auto generates = json.find("generates"); generates != json.end()) {
    if (!generates->is_boolean()) return std::unexpected(broken(text, "'generates' is not true or false"));
    entry.generates = generates->get<bool>();
  }
  if (const std::string digest = optional_text(json, "sha256"); !digest.empty()) {
    INGLE_TRY(entry.digest, Digest::parse(digest));
  }
  for (const Json& item : list_field(json, "sources")) {
    INGLE_TRY(SourceSpec source, parse_source(item, text));
    entry.sources.push_back(std::move(source));
  }
  if (entry.sources.empty()) return std::unexpected(broken(text, "no sources"));
  return entry;
}

}  // namespace

std::string_view to_string(CommercialUse use) {
  return std::ranges::find(kCommercialUses, use, &decltype(kCommercialUses)::value_type::second)->first;
}

Result<Catalog> Catalog::parse(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return std::unexpected(broken("file", "not a JSON object"));
  std::map<std::string, Licence> licences;
  if (const auto found = json.find("licences"); found != json.end() && found->is_object()) {
    for (const auto& [id, value] : found->items()) {
      if (!value.is_object()) return std::unexpected(broken(id, "a licence is not an object"));
      INGLE_TRY(Licence licence, parse_licence(id, value));
      licences.emplace(id, std::move(licence));
    }
  }
  Catalog catalog;
  for (const Json& item : list_field(json, "models")) {
    INGLE_TRY(CatalogEntry entry, parse_entry(item, licences));
    for (const ModelName& alias : entry.aliases) {
      if (catalog.find(alias)) return std::unexpected(broken(alias.display(), "named twice"));
    }
    if (catalog.find(entry.name)) return std::unexpected(broken(entry.name.display(), "named twice"));
    catalog.entries_.push_back(std::move(entry));
  }
  return catalog;
}

const Catalog& Catalog::builtin() {
  static const Catalog kCatalog = [] {
    auto catalog = parse(embedded_catalog());
    // The file is part of the build and catalog_test reads it: a broken one is a defect of ours.
    INGLE_CHECK(catalog.has_value());
    return std::move(*catalog);
  }();
  return kCatalog;
}

const CatalogEntry* Catalog::find(const ModelName& name) const {
  for (const CatalogEntry& entry : entries_) {
    if (entry.name.same_as(name)) return &entry;
    for (const ModelName& alias : entry.aliases) {
      if (alias.same_as(name)) return &entry;
    }
  }
  return nullptr;
}

std::vector<std::string> Catalog::similar(std::string_view name, size_t limit) const {
  const std::string wanted = net::lower_ascii(name);
  std::vector<std::pair<size_t, size_t>> ranked;  // distance, position in the catalog
  for (size_t i = 0; i < entries_.size(); ++i) {
    const std::string display = entries_[i].name.display();
    const std::string_view model = entries_[i].name.model();
    size_t distance = std::min(base::edit_distance(wanted, display), base::edit_distance(wanted, model));
    // A missing or different tag is the commonest slip: the family itself is then the best answer.
    if (wanted.substr(0, wanted.find(':')) == model) distance = std::min<size_t>(distance, 1);
    if (distance <= std::max<size_t>(2, wanted.size() / 3)) ranked.emplace_back(distance, i);
  }
  std::ranges::sort(ranked);
  std::vector<std::string> names;
  for (size_t i = 0; i < ranked.size() && i < limit; ++i)
    names.push_back(entries_[ranked[i].second].name.display());
  return names;
}

}  // namespace ingle::store
