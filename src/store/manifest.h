// Manifests and blobs in Ollama's on-disk layout: manifests/<host>/<namespace>/<model>/<tag> is a small JSON text that
// lists layers by digest; blobs/sha256-<hex> are the layers.
//
// A digest is checked for its form before it becomes a file name. Plain values, any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::store {

inline constexpr std::string_view kModelLayer = "application/vnd.ollama.image.model";
inline constexpr std::string_view kLicenseLayer = "application/vnd.ollama.image.license";
inline constexpr std::string_view kTemplateLayer = "application/vnd.ollama.image.template";
inline constexpr std::string_view kSystemLayer = "application/vnd.ollama.image.system";
inline constexpr std::string_view kParamsLayer = "application/vnd.ollama.image.params";
inline constexpr std::string_view kMessagesLayer = "application/vnd.ollama.image.messages";
inline constexpr std::string_view kProjectorLayer = "application/vnd.ollama.image.projector";
/// Ours: a chat template in Jinja that stands in for the GGUF's. Ollama passes over types that it does not know.
inline constexpr std::string_view kJinjaLayer = "application/vnd.inglenook.template.jinja";
inline constexpr std::string_view kManifestType = "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kConfigType = "application/vnd.docker.container.image.v1+json";
inline constexpr uint64_t kMaxManifestBytes = 1 << 20;

/// "sha256:" and 64 lower-case hexadecimal digits.
class Digest {
 public:
  Digest() = default;
  /// Accepts "sha256:<hex>", "sha256-<hex>" and bare "<hex>".
  static Result<Digest> parse(std::string_view text);

  bool empty() const { return hex_.empty(); }
  const std::string& hex() const { return hex_; }
  std::string text() const { return "sha256:" + hex_; }
  std::string file_name() const { return "sha256-" + hex_; }

  friend auto operator<=>(const Digest&, const Digest&) = default;

 private:
  std::string hex_;
};

struct Layer {
  std::string media_type;
  Digest digest;
  uint64_t size = 0;
};

struct Manifest {
  Layer config;  // an empty digest: none
  std::vector<Layer> layers;

  /// Reads a manifest of either Docker's or OCI's type; `where` is used in error texts.
  static Result<Manifest> parse(std::string_view json, std::string_view where);
  std::string to_json() const;

  void remove(std::string_view media_type);
  /// The first layer of that type, or nullptr.
  const Layer* find(std::string_view media_type) const;
};

/// Whether a chat template is written in Go's language, which Ollama renders, and not in Jinja.
bool is_go_template(std::string_view text);

}  // namespace ingle::store
