// Model names as Ollama writes them: [host/][namespace/]model[:tag].
//
// A ModelName is valid by construction: its parts cannot leave the manifests folder. Plain value, any thread.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::store {

class ModelName {
 public:
  /// Missing parts get Ollama's defaults: its registry, "library", "latest". A leading https:// is dropped.
  static Result<ModelName> parse(std::string_view text);
  /// From a path below manifests/: host/namespace/model/tag, all four present.
  static Result<ModelName> from_manifest_path(const std::filesystem::path& relative);

  /// From parts that somebody else chose: what is not allowed in a name becomes '-'.
  static Result<ModelName> from_parts(std::string_view host, std::string_view space, std::string_view model,
                                      std::string_view tag);
  /// The same model under another host: "ollama/library/smollm2:135m".
  Result<ModelName> within(std::string_view host) const;

  const std::string& host() const { return host_; }
  const std::string& space() const { return space_; }
  const std::string& model() const { return model_; }
  const std::string& tag() const { return tag_; }

  /// As a person types it: defaults left out, the tag always present. "smollm2:135m"
  std::string display() const;
  /// All four parts: "registry.ollama.ai/library/smollm2:135m"
  std::string full() const;
  /// Below manifests/: "registry.ollama.ai/library/smollm2/135m"
  std::filesystem::path manifest_path() const;

  /// Ollama's file systems and clients treat names that differ in case only as the same.
  bool same_as(const ModelName& other) const;

  friend bool operator==(const ModelName&, const ModelName&) = default;

 private:
  ModelName() = default;
  Status check(std::string_view text) const;

  std::string host_;
  std::string space_;
  std::string model_;
  std::string tag_;
};

}  // namespace ingle::store
