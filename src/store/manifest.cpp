#include "store/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ingle::store {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr size_t kMaxLayers = 256;

Result<Layer> parse_layer(const OrderedJson& json, std::string_view where, std::string_view field) {
  const auto broken = [&](std::string_view what) {
    return std::unexpected(Error::corrupt(fmt::format("{}: {} {}", where, field, what)));
  };
  if (!json.is_object()) return broken("is not an object");
  Layer layer;
  const auto type = json.find("mediaType");
  if (type != json.end() && type->is_string()) layer.media_type = type->get<std::string>();
  const auto digest = json.find("digest");
  if (digest == json.end() || !digest->is_string()) return broken("has no digest");
  auto parsed = Digest::parse(digest->get_ref<const std::string&>());
  if (!parsed) return broken(parsed.error().message());
  layer.digest = *parsed;
  const auto size = json.find("size");
  if (size == json.end() || !size->is_number_unsigned()) return broken("has no size");
  layer.size = size->get<uint64_t>();
  return layer;
}

OrderedJson layer_json(const Layer& layer) {
  return {{"mediaType", layer.media_type}, {"digest", layer.digest.text()}, {"size", layer.size}};
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  std::string_view hex = text;
  if (hex.starts_with("sha256:") || hex.starts_with("sha256-")) hex.remove_prefix(7);
  const bool is_hex = std::ranges::all_of(hex, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (hex.size() != 64 || !is_hex) {
    return std::unexpected(Error::corrupt(fmt::format("'{}' is not a SHA-256 digest", text.substr(0, 100))));
  }
  Digest digest;
  digest.hex_ = hex;
  return digest;
}

Result<Manifest> Manifest::parse(std::string_view text, std::string_view where) {
  const OrderedJson json = OrderedJson::parse(text, nullptr, false);
  if (!json.is_object()) return std::unexpected(Error::corrupt(fmt::format("{}: not a JSON object", where)));
  const auto layers = json.find("layers");
  if (layers == json.end() || !layers->is_array()) {
    return std::unexpected(Error::corrupt(fmt::format("{}: no list of layers", where)));
  }
  if (layers->size() > kMaxLayers) {
    return std::unexpected(
        Error::refused(fmt::format("{}: {} layers, the limit is {}", where, layers->size(), kMaxLayers)));
  }
  Manifest manifest;
  for (size_t i = 0; i < layers->size(); ++i) {
    INGLE_TRY(Layer layer, parse_layer((*layers)[i], where, fmt::format("layer {}", i)));
    manifest.layers.push_back(std::move(layer));
  }
  if (const auto config = json.find("config"); config != json.end() && !config->is_null()) {
    INGLE_TRY(manifest.config, parse_layer(*config, where, "config"));
  }
  return manifest;
}

std::string Manifest::to_json() const {
  OrderedJson json = {{"schemaVersion", 2}, {"mediaType", kManifestType}};
  if (!config.digest.empty()) json["config"] = layer_json(config);
  json["layers"] = OrderedJson::array();
  for (const Layer& layer : layers)
    json["layers"].push_back(layer_json(layer));
  return json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

void Manifest::remove(std::string_view media_type) {
  std::erase_if(layers, [&](const Layer& layer) { return layer.media_type == media_type; });
}

const Layer* Manifest::find(std::string_view media_type) const {
  const auto found = std::ranges::find(layers, media_type, &Layer::media_type);
  return found == layers.end() ? nullptr : &*found;
}

/// Go's actions stand in {{ }} too, and what tells them apart is how they begin: with a field, a variable or one of the few
/// words that no expression of Jinja begins with. Jinja's statements stand in {% %}, which means nothing to Go.
bool is_go_template(std::string_view text) {
  constexpr std::string_view kWords[] = {"if ",       "else ",  "else}",  "else-",  "end ",    "end}",
                                         "end-",      "range ", "with ",  "block ", "define ", "/*",
                                         "template ", "json ",  "slice ", "len ",   "printf "};
  if (text.find("{%") != std::string_view::npos) return false;
  for (size_t at = text.find("{{"); at != std::string_view::npos; at = text.find("{{", at)) {
    at += 2;
    if (at < text.size() && text[at] == '-') ++at;
    at = std::min(text.find_first_not_of(" \t\r\n", at), text.size());
    const std::string_view rest = text.substr(at);
    if (rest.starts_with('.') || rest.starts_with('$')) return true;
    for (const std::string_view word : kWords) {
      if (rest.starts_with(word)) return true;
    }
  }
  return false;
}

}  // namespace ingle::store
