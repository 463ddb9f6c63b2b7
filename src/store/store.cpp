#include "store/store.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/files.h"
#include "base/sha256.h"
#include "base/suggest.h"
#include "net/url.h"
#include "store/blobs.h"
#include "store/discovery.h"
#include "store/installed.h"
#include "store/layout.h"
#include "store/pull.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxTextLayerBytes = 1 << 20;
constexpr size_t kMaxProposals = 8;

/// The manifest on disk for a name: the exact path, else one that differs in case only.
Result<ManifestFile> locate(const Layout& layout, const ModelName& name) {
  if (size_of_file(layout.manifest(name))) return ManifestFile{name, layout.manifest(name)};
  INGLE_TRY(const auto files, manifest_files(layout));
  for (const ManifestFile& file : files) {
    if (file.name.same_as(name)) return file;
  }
  return std::unexpected(Error::not_found("model '" + name.display() + "' not found"));
}

/// Installed models whose names begin with what was typed, another tag of the same model, usually; else the one
/// that looks like it.
std::vector<std::string> installed_like(const Layout& layout, std::string_view text) {
  constexpr size_t kMost = 3;
  std::vector<std::string> related;
  std::vector<std::string> all;
  const auto files = manifest_files(layout);
  if (!files || text.empty()) return related;
  const std::string wanted = net::lower_ascii(text);
  const std::string start = wanted.substr(0, wanted.rfind(':'));
  for (const ManifestFile& file : *files) {
    all.push_back(file.name.display());
    if (related.size() < kMost && net::lower_ascii(all.back()).starts_with(start)) related.push_back(all.back());
  }
  const auto near = base::closest(wanted, std::vector<std::string_view>(all.begin(), all.end()));
  if (related.empty() && near) related.emplace_back(*near);
  return related;
}

/// "did you mean 'a' or 'b', which are installed?"; empty without any.
std::string proposal(const std::vector<std::string>& installed) {
  if (installed.empty()) return {};
  return fmt::format("did you mean '{}', which {} installed?", fmt::join(installed, "' or '"),
                     installed.size() == 1 ? "is" : "are");
}

std::string hint_for_missing(const Layout& layout, const Catalog& catalog, const ModelName& name,
                             std::string_view text) {
  std::string hint = proposal(installed_like(layout, text));
  if (!hint.empty()) hint += ' ';
  if (const CatalogEntry* entry = catalog.find(name))
    return hint + fmt::format("'ingle pull {}' downloads it ({})", entry->name.display(), size_in_words(entry->size));
  if (!hint.empty()) return hint + "'ingle list' shows all that are";
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
    return std::unexpected(Error::not_found(fmt::format("model '{}' not found", text.substr(0, 200)))
                               .hint(hint_for_missing(layout, catalog, name, text)));
  }
  return file;
}

Result<std::string> read_text_layer(const Layout& layout, const Layer& layer) {
  return base::read_file(layout.blob(layer.digest), kMaxTextLayerBytes);
}

Error not_ours(const InstalledModel& model) {
  return Error::refused(fmt::format("'{}' is not Inglenook's to remove: it lies in {}", model.name.display(),
                                    model.root.empty() ? model.path.parent_path().string() : model.root.string()))
      .hint(model.origin == Origin::kOllama ? "'ollama rm' removes it"
                                            : "remove it with the program that put it there");
}

}  // namespace

std::string_view to_string(PullPhase phase) {
  constexpr std::string_view kNames[] = {"resolving", "waiting", "downloading", "joining", "verifying", "converting"};
  return kNames[static_cast<size_t>(phase)];
}

Store::Store(Paths paths, Network network, const Catalog& catalog)
    : paths_(std::move(paths)), network_(std::move(network)), catalog_(&catalog) {}

Result<std::vector<InstalledModel>> Store::list(std::vector<Error>* problems) const {
  INGLE_TRY(auto models, installed_models(Layout{paths_.models}, problems));
  for (InstalledModel& model : discovered(models))
    models.push_back(std::move(model));
  return models;
}

/// Those of other programs, without what has the same name and bytes as one before; equal names of other bytes get the
/// name of their program in front.
std::vector<InstalledModel> Store::discovered(const std::vector<InstalledModel>& ours) const {
  std::map<std::string, Digest> taken;
  for (const InstalledModel& model : ours)
    taken.emplace(net::lower_ascii(model.name.full()), model.digest);
  std::vector<InstalledModel> found;
  std::error_code error;
  for (const Place& place : paths_.places) {
    if (fs::equivalent(place.root, paths_.models, error)) continue;
    for (InstalledModel& model : discover(place)) {
      const auto [at, is_new] = taken.emplace(net::lower_ascii(model.name.full()), model.digest);
      if (!is_new) {
        if (!model.digest.empty() && at->second == model.digest) continue;
        auto renamed = model.name.within(to_string(model.origin));
        if (!renamed || !taken.emplace(net::lower_ascii(renamed->full()), model.digest).second) continue;
        model.name = *std::move(renamed);
      }
      found.push_back(std::move(model));
    }
  }
  return found;
}

Result<InstalledModel> Store::find(std::string_view name) const {
  const Layout layout{paths_.models};
  const auto file = locate_named(layout, *catalog_, name);
  if (file) return read_model(layout, *file);
  if (file.error().code() != ErrorCode::kNotFound) return std::unexpected(file.error());
  auto elsewhere = find_discovered(name);
  if (elsewhere || elsewhere.error().code() != ErrorCode::kNotFound) return elsewhere;
  return std::unexpected(file.error());
}

Result<InstalledModel> Store::find_discovered(std::string_view text) const {
  const Error missing = Error::not_found(fmt::format("model '{}' not found", text.substr(0, 200)));
  INGLE_TRY(const ModelName name, ModelName::parse(text));
  if (paths_.places.empty()) return std::unexpected(missing);
  INGLE_TRY(const auto ours, installed_models(Layout{paths_.models}, nullptr));
  auto models = discovered(ours);
  const bool has_tag = text.rfind(':') != std::string_view::npos && text.find('/', text.rfind(':')) == text.npos;
  const auto alike = [&](std::string_view a, std::string_view b) { return net::lower_ascii(a) == net::lower_ascii(b); };
  const auto n_slashes = std::ranges::count(text, '/');
  std::vector<InstalledModel*> fitting;
  for (InstalledModel& model : models) {
    if (model.name.same_as(name)) return std::move(model);
    const bool fits = alike(model.name.model(), name.model()) && (!has_tag || alike(model.name.tag(), name.tag())) &&
                      (n_slashes < 1 || alike(model.name.space(), name.space())) &&
                      (n_slashes < 2 || alike(model.name.host(), name.host()));
    if (fits) fitting.push_back(&model);
  }
  if (fitting.empty()) return std::unexpected(missing);
  if (fitting.size() == 1) return std::move(*fitting.front());
  std::vector<std::string> names;
  for (const InstalledModel* model : fitting)
    names.push_back("'" + model->name.display() + "'");
  if (names.size() > kMaxProposals) names.resize(kMaxProposals);
  return std::unexpected(
      Error::usage(fmt::format("'{}' could be any of {} models", text.substr(0, 200), fitting.size()))
          .hint(fmt::format("name one of them: {}", fmt::join(names, ", "))));
}

Result<ModelName> Store::installed_name(std::string_view name) const {
  const Layout layout{paths_.models};
  auto file = locate_named(layout, *catalog_, name);
  if (file) return std::move(file->name);
  if (file.error().code() != ErrorCode::kNotFound) return std::unexpected(std::move(file).error());
  if (const auto other = find_discovered(name)) return std::unexpected(not_ours(*other));
  const std::string proposed = proposal(installed_like(name));
  return std::unexpected(
      std::move(file).error().hint(proposed.empty() ? "'ingle list' shows what is installed" : proposed));
}

std::vector<std::string> Store::installed_like(std::string_view name) const {
  return store::installed_like(Layout{paths_.models}, name);
}

Result<ModelExtras> Store::extras(const InstalledModel& model) const {
  if (model.root.empty()) return ModelExtras{};
  const Layout layout{model.root};
  INGLE_TRY(const ReadManifest read, read_manifest(model.manifest));
  ModelExtras extras;
  for (const Layer& layer : read.manifest.layers) {
    if (layer.media_type == kTemplateLayer || layer.media_type == kJinjaLayer) {
      INGLE_TRY(std::string text, read_text_layer(layout, layer));
      (is_go_template(text) ? extras.go_template : extras.jinja_template) = std::move(text);
    } else if (layer.media_type == kMessagesLayer) {
      INGLE_TRY(extras.messages, read_text_layer(layout, layer));
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
  auto located = locate_named(layout, *catalog_, text);
  if (!located && located.error().code() == ErrorCode::kNotFound) {
    if (const auto other = find_discovered(text)) return std::unexpected(not_ours(*other));
  }
  INGLE_TRY(const ManifestFile file, std::move(located));
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
  if (!read) return report;
  INGLE_TRY(const RemovedBlobs blobs, remove_unwanted_blobs(layout, blobs_of(read->manifest)));
  report.bytes_freed = blobs.bytes;
  report.blobs_removed = blobs.removed;
  report.blobs_shared = blobs.shared;
  report.blobs_foreign = blobs.foreign;
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
