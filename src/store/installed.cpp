#include "store/installed.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "base/files.h"
#include "base/sha256.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifests = 100'000;

}  // namespace

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
  return InstalledModel{.name = file.name,
                        .path = blob,
                        .digest = model->digest,
                        .id = read.id,
                        .size = *size,
                        .modified = static_cast<int64_t>(info.st_mtime),
                        .root = layout.root,
                        .manifest = file.path};
}

Result<std::vector<InstalledModel>> installed_models(const Layout& layout, std::vector<Error>* problems) {
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

}  // namespace ingle::store
