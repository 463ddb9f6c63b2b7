#include "store/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "base/files.h"
#include "base/sha256.h"
#include "net/url.h"
#include "store/layout.h"
#include "store/pull.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemplateLayer = "application/vnd.ollama.image.template";
constexpr std::string_view kSystemLayer = "application/vnd.ollama.image.system";
constexpr std::string_view kParamsLayer = "application/vnd.ollama.image.params";
constexpr std::string_view kProjectorLayer = "application/vnd.ollama.image.projector";
constexpr uint64_t kMaxTextLayerBytes = 1 << 20;
constexpr size_t kMaxManifests = 100'000;

struct ManifestFile {
  ModelName name;
  fs::path path;
};

/// Every file below manifests/ whose path is a model name; anything else there is not ours to judge.
Result<std::vector<ManifestFile>> manifest_files(const Layout& layout) {
  std::vector<ManifestFile> files;
  std::error_code error;
  fs::recursive_directory_iterator it(layout.manifests(), fs::directory_options::skip_permission_denied, error);
  if (error == std::errc::no_such_file_or_directory) return files;
  for (; !error && it != fs::recursive_directory_iterator() && files.size() < kMaxManifests; it.increment(error)) {
    if (it.depth() >= 3) it.disable_recursion_pending();
    if (it.depth() != 3 || !it->is_regular_file(error)) continue;
    auto name = ModelName::from_manifest_path(it->path().lexically_relative(layout.manifests()));
    if (name) files.push_back({std::move(*name), it->path()});
  }
  if (error) {
    return std::unexpected(
        Error::io(fmt::format("cannot list '{}': {}", layout.manifests().string(), error.message())));
  }
  std::ranges::sort(files, {}, [](const ManifestFile& file) { return file.name.full(); });
  return files;
}

struct ReadManifest {
  Manifest manifest;
  Digest id;
};

Result<ReadManifest> read_manifest(const fs::path& path) {
  INGLE_TRY(const std::string json, base::read_file(path, kMaxManifestBytes));
  INGLE_TRY(Manifest manifest, Manifest::parse(json, "manifest '" + path.string() + "'"));
  INGLE_TRY(Digest id, Digest::parse(base::sha256_hex(std::as_bytes(std::span(json)))));
  return ReadManifest{std::move(manifest), std::move(id)};
}

Result<InstalledModel> read_model(const Layout& layout, const ManifestFile& file) {
  INGLE_TRY(const ReadManifest read, read_manifest(file.path));
  const Layer* model = read.manifest.find(kModelLayer);
  if (model == nullptr) {
    return std::unexpected(Error::unsupported(fmt::format("'{}' has no GGUF layer", file.name.display()))
                               .hint("it may be a cloud model or one that was made for another engine"));
  }
  const fs::path blob = layout.blob(model->digest);
  auto size = size_of_file(blob);
  if (!size || *size != model->size) {
    return std::unexpected(
        Error::corrupt(
            fmt::format("'{}': blob {} is {}", file.name.display(), model->digest.text(),
                        size ? fmt::format("{} bytes, its manifest says {}", *size, model->size) : "missing"))
            .hint("run 'ingle pull " + file.name.display() + "' to fetch it again"));
  }
  struct stat info{};
  if (::stat(file.path.c_str(), &info) != 0) {
    return std::unexpected(Error::io("cannot stat '" + file.path.string() + "'", errno));
  }
  return InstalledModel{file.name, blob, model->digest, read.id, *size, static_cast<int64_t>(info.st_mtime)};
}

/// The manifest on disk for a name: the exact path, else one that differs in case only.
Result<ManifestFile> locate(const Layout& layout, const ModelName& name) {
  if (size_of_file(layout.manifest(name))) return ManifestFile{name, layout.manifest(name)};
  INGLE_TRY(const auto files, manifest_files(layout));
  for (const ManifestFile& file : files) {
    if (file.name.same_as(name)) return file;
  }
  return std::unexpected(Error::not_found("no model '" + name.display() + "' is installed"));
}

/// Installed models whose names begin with what was typed: another tag of the same model, usually.
std::vector<std::string> installed_like(const Layout& layout, std::string_view text) {
  std::vector<std::string> names;
  const auto files = manifest_files(layout);
  if (!files || text.empty()) return names;
  const std::string start = net::lower_ascii(text.substr(0, text.rfind(':')));
  for (const ManifestFile& file : *files) {
    if (names.size() < 3 && net::lower_ascii(file.name.display()).starts_with(start))
      names.push_back("'" + file.name.display() + "'");
  }
  return names;
}

std::string hint_for_missing(const Layout& layout, const Catalog& catalog, const ModelName& name,
                             std::string_view text) {
  const auto installed = installed_like(layout, text);
  if (!catalog.find(name) && !installed.empty())
    return fmt::format("did you mean {}, which is installed?", fmt::join(installed, " or "));
  if (catalog.find(name)) return "run 'ingle pull " + name.display() + "' to download it";
  const auto similar = catalog.similar(name.display(), 3);
  if (!similar.empty())
    return fmt::format("did you mean {}? 'ingle pull NAME' downloads a model", fmt::join(similar, ", "));
  return "'ingle list' shows what is installed; 'ingle pull NAME' downloads a model";
}

Result<ManifestFile> locate_named(const Layout& layout, const Catalog& catalog, std::string_view text) {
  INGLE_TRY(const ModelName name, ModelName::parse(text));
  auto file = locate(layout, name);
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    const CatalogEntry* entry = catalog.find(name);
    if (entry && !entry->name.same_as(name)) file = locate(layout, entry->name);
  }
  if (!file && file.error().code() == ErrorCode::kNotFound) {
    return std::unexpected(Error::not_found(fmt::format("no model '{}' is installed", text.substr(0, 200)))
                               .hint(hint_for_missing(layout, catalog, name, text)));
  }
  return file;
}

Result<std::string> read_text_layer(const Layout& layout, const Layer& layer) {
  return base::read_file(layout.blob(layer.digest), kMaxTextLayerBytes);
}

/// Deletes what `manifest` named, unless another manifest names it or someone else added it.
Status remove_blobs(const Layout& layout, const Manifest& manifest, RemoveReport& report) {
  std::set<Digest> wanted;
  INGLE_TRY(const auto files, manifest_files(layout));
  for (const ManifestFile& file : files) {
    auto other = read_manifest(file.path);
    // Unreadable, so it may name any blob: better to keep too much.
    if (!other) return {};
    wanted.insert(other->manifest.config.digest);
    for (const Layer& layer : other->manifest.layers)
      wanted.insert(layer.digest);
  }
  std::set<Digest> ours = {manifest.config.digest};
  for (const Layer& layer : manifest.layers)
    ours.insert(layer.digest);
  for (const Digest& digest : ours) {
    if (digest.empty()) continue;
    if (wanted.contains(digest)) {
      ++report.blobs_shared;
      continue;
    }
    if (!size_of_file(layout.mark(digest))) {
      ++report.blobs_foreign;
      continue;
    }
    const auto size = size_of_file(layout.blob(digest));
    std::error_code error;
    fs::remove(layout.blob(digest), error);
    if (error) {
      return std::unexpected(
          Error::io(fmt::format("cannot delete '{}': {}", layout.blob(digest).string(), error.message())));
    }
    fs::remove(layout.mark(digest), error);
    report.bytes_freed += size.value_or(0);
    ++report.blobs_removed;
  }
  return {};
}

}  // namespace

std::string_view to_string(PullPhase phase) {
  constexpr std::string_view kNames[] = {"resolving", "waiting", "downloading", "joining", "verifying"};
  return kNames[static_cast<size_t>(phase)];
}

Store::Store(Paths paths, Network network, const Catalog& catalog)
    : paths_(std::move(paths)), network_(std::move(network)), catalog_(&catalog) {}

Result<std::vector<InstalledModel>> Store::list(std::vector<Error>* problems) const {
  const Layout layout{paths_.models};
  INGLE_TRY(const auto files, manifest_files(layout));
  std::vector<InstalledModel> models;
  for (const ManifestFile& file : files) {
    auto model = read_model(layout, file);
    if (model) {
      models.push_back(std::move(*model));
    } else if (problems) {
      problems->push_back(std::move(model).error());
    }
  }
  return models;
}

Result<InstalledModel> Store::find(std::string_view name) const {
  const Layout layout{paths_.models};
  INGLE_TRY(const ManifestFile file, locate_named(layout, *catalog_, name));
  return read_model(layout, file);
}

Result<ModelName> Store::installed_name(std::string_view name) const {
  const Layout layout{paths_.models};
  auto file = locate_named(layout, *catalog_, name);
  if (file) return std::move(file->name);
  if (file.error().code() != ErrorCode::kNotFound) return std::unexpected(std::move(file).error());
  const auto installed = installed_like(layout, name);
  return std::unexpected(
      std::move(file).error().hint(installed.empty() ? "'ingle list' shows what is installed"
                                                     : fmt::format("did you mean {}?", fmt::join(installed, " or "))));
}

Result<ModelExtras> Store::extras(const InstalledModel& model) const {
  const Layout layout{paths_.models};
  INGLE_TRY(const ReadManifest read, read_manifest(layout.manifest(model.name)));
  ModelExtras extras;
  for (const Layer& layer : read.manifest.layers) {
    if (layer.media_type == kTemplateLayer) {
      INGLE_TRY(extras.go_template, read_text_layer(layout, layer));
    } else if (layer.media_type == kSystemLayer) {
      INGLE_TRY(extras.system, read_text_layer(layout, layer));
    } else if (layer.media_type == kParamsLayer) {
      INGLE_TRY(extras.parameters, read_text_layer(layout, layer));
    } else if (layer.media_type == kLicenseLayer) {
      INGLE_TRY(std::string licence, read_text_layer(layout, layer));
      extras.licences.push_back(std::move(licence));
    } else if (layer.media_type == kProjectorLayer) {
      extras.projector = layout.blob(layer.digest);
    }
  }
  return extras;
}

Result<RemoveReport> Store::remove(std::string_view text) const {
  const Layout layout{paths_.models};
  INGLE_TRY(const ManifestFile file, locate_named(layout, *catalog_, text));
  INGLE_TRY(const FileLock lock, FileLock::lock(layout.lock(), {}));
  RemoveReport report{.name = file.name};
  const auto read = read_manifest(file.path);
  std::error_code error;
  fs::remove(file.path, error);
  if (error) {
    return std::unexpected(Error::io(fmt::format("cannot delete '{}': {}", file.path.string(), error.message())));
  }
  // Empty folders of the name go too, never above manifests/; remove() refuses those that are not empty.
  fs::path folder = file.path.parent_path();
  for (int level = 0; level < 3; ++level, folder = folder.parent_path()) {
    if (!fs::remove(folder, error) || error) break;
  }
  // A manifest that cannot be read names no blobs that we could know of.
  if (read) INGLE_TRY_VOID(remove_blobs(layout, read->manifest, report));
  return report;
}

Result<PullReport> Store::pull(std::string_view text, const PullCallback& progress, std::stop_token stop) const {
  if (text.ends_with(".gguf") && (text.starts_with('/') || text.starts_with('.') || text.find('/') == text.npos)) {
    return std::unexpected(
        Error::usage(fmt::format("'{}' is a file, not a name", text))
            .hint(fmt::format("a GGUF file needs no pull: 'ingle run {}' uses it where it lies", text)));
  }
  INGLE_TRY(const ModelName name, ModelName::parse(text));
  return run_pull(*this, name, progress, std::move(stop));
}

}  // namespace ingle::store
