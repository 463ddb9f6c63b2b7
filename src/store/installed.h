// Models of a folder in Ollama's layout: internal to store, shared by its own models and by those of Ollama.
//
// Plain functions over the file system; any thread.
#pragma once

#include <filesystem>
#include <vector>

#include "store/layout.h"
#include "store/manifest.h"
#include "store/store.h"

namespace ingle::store {

struct ManifestFile {
  ModelName name;
  std::filesystem::path path;
};

struct ReadManifest {
  Manifest manifest;
  Digest id;
};

/// Every file below manifests/ whose path is a model name, by name; anything else there is not ours to judge.
Result<std::vector<ManifestFile>> manifest_files(const Layout& layout);
Result<ReadManifest> read_manifest(const std::filesystem::path& path);
Result<InstalledModel> read_model(const Layout& layout, const ManifestFile& file);
/// Those that are whole; `problems`: which are not, and why.
Result<std::vector<InstalledModel>> installed_models(const Layout& layout, std::vector<Error>* problems);

}  // namespace ingle::store
