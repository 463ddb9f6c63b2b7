// Models made of what is here: another name, or other words and parameters around the same weights.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "store/blobs.h"
#include "store/installed.h"
#include "store/store.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr size_t kCopyBytes = 1 << 20;
constexpr uint64_t kMaxTextBytes = 1 << 20;

/// Copies a file from another program's folder; the digest is computed of what was copied.
Result<Layer> take_over(const Layout& layout, const fs::path& file, std::string_view media_type, const Digest& expected,
                        const std::stop_token& stop) {
  INGLE_TRY(const uint64_t size, size_of_file(file));
  INGLE_TRY(const base::FileDescriptor fd, base::FileDescriptor::open_read(file));
  INGLE_TRY(BlobUpload blob, BlobUpload::begin(layout, size));
  std::string chunk(kCopyBytes, '\0');
  for (;;) {
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("cannot read '" + file.string() + "'", errno));
    if (n == 0) break;
    INGLE_TRY_VOID(blob.write(std::string_view(chunk).substr(0, static_cast<size_t>(n))));
  }
  const uint64_t copied = blob.size();
  INGLE_TRY(const Digest digest, blob.commit(expected, stop));
  return Layer{std::string(media_type), digest, copied};
}

/// The manifest of `model`, with all its blobs in `layout`.
Result<Manifest> manifest_of(const Layout& layout, const InstalledModel& model, const std::stop_token& stop) {
  if (model.parts.size() > 1) {
    return std::unexpected(
        Error::unsupported(fmt::format("'{}' consists of {} files", model.name.display(), model.parts.size()))
            .hint("it runs where it lies, under the name that it has"));
  }
  if (model.manifest.empty()) {
    Manifest manifest;
    INGLE_TRY(Layer layer, take_over(layout, model.path, kModelLayer, model.digest, stop));
    manifest.layers.push_back(std::move(layer));
    return manifest;
  }
  INGLE_TRY(ReadManifest read, read_manifest(model.manifest));
  const Layout source{model.root};
  if (source.root == layout.root) return std::move(read.manifest);
  for (const Digest& digest : blobs_of(read.manifest)) {
    if (!size_of_file(layout.blob(digest))) INGLE_TRY_VOID(take_over(layout, source.blob(digest), "", digest, stop));
  }
  return std::move(read.manifest);
}

/// Under the lock of the folder: a blob may have been removed since its model was found.
Status check_blobs(const Layout& layout, const Manifest& manifest) {
  for (const Digest& digest : blobs_of(manifest)) {
    if (!size_of_file(layout.blob(digest)))
      return std::unexpected(Error::not_found(fmt::format("blob {} is not there any more", digest.text())));
  }
  return {};
}

/// Under the lock of the folder.
Status write_manifest(const Layout& layout, const ModelName& name, const std::string& json) {
  const fs::path path = layout.manifest(name);
  INGLE_TRY_VOID(make_folder(path.parent_path()));
  const auto old = read_manifest(path);
  INGLE_TRY_VOID(base::write_file_atomic(path, json));
  if (old) INGLE_TRY_VOID(remove_unwanted_blobs(layout, blobs_of(old->manifest)));
  return {};
}

/// As it is spelled where it is installed already: names that differ in case only are the same.
Result<ModelName> spelled(const Layout& layout, const ModelName& name) {
  INGLE_TRY(const auto files, manifest_files(layout));
  for (const ManifestFile& file : files) {
    if (file.name.same_as(name)) return file.name;
  }
  return name;
}

Json object_of(const Layout& layout, const Layer* layer) {
  if (layer == nullptr || layer->digest.empty()) return Json::object();
  const auto text = base::read_file(layout.blob(layer->digest), kMaxTextBytes);
  Json object = text ? Json::parse(*text, nullptr, false) : Json();
  return object.is_object() ? object : Json::object();
}

/// What Ollama keeps beside the layers; of a model that it made itself everything else stays.
std::string config_json(const Layout& layout, const Manifest& base, const NewModel& model) {
  Json config = object_of(layout, &base.config);
  config["model_format"] = "gguf";
  if (!model.family.empty()) {
    config["model_family"] = model.family;
    config["model_families"] = Json::array({model.family});
  }
  if (!model.size_label.empty()) config["model_type"] = model.size_label;
  if (!model.quantization.empty()) config["file_type"] = model.quantization;
  if (!model.requires_version.empty()) config["requires"] = model.requires_version;
  config["architecture"] = "amd64";
  config["os"] = "linux";
  return config.dump(-1, ' ', false, Json::error_handler_t::replace);
}

class Maker {
 public:
  Maker(const Layout& layout, const NewModel& model, const CreateCallback& done)
      : layout_(layout), model_(model), done_(done) {}

  /// Under the lock. `base`: with what the new model begins.
  Result<std::string> make(Manifest base) {
    std::string parameters = merged_parameters(base);
    const std::string config = config_json(layout_, base, model_);
    manifest_ = std::move(base);
    INGLE_TRY_VOID(check_blobs(layout_, manifest_));
    INGLE_TRY_VOID(replace(kJinjaLayer, model_.jinja_template));
    INGLE_TRY_VOID(replace(kSystemLayer, model_.system));
    for (const std::string& licence : model_.licences)
      INGLE_TRY_VOID(add(kLicenseLayer, licence));
    INGLE_TRY_VOID(replace(kParamsLayer, parameters));
    INGLE_TRY_VOID(replace(kMessagesLayer, model_.messages));
    INGLE_TRY(manifest_.config, add_text_blob(layout_, kConfigType, config));
    for (const Layer& layer : manifest_.layers) {
      if (done_)
        done_(fmt::format("{} layer {}", new_.contains(layer.digest) ? "creating new" : "using existing",
                          layer.digest.text()));
    }
    return manifest_.to_json();
  }

 private:
  std::string merged_parameters(const Manifest& base) const {
    Json merged = model_.parameters.empty() ? Json::object() : Json::parse(model_.parameters, nullptr, false);
    if (!merged.is_object() || merged.empty()) return {};
    const Json old = object_of(layout_, base.find(kParamsLayer));
    for (const auto& [name, value] : old.items()) {
      if (!merged.contains(name)) merged[name] = value;
    }
    return merged.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  Status replace(std::string_view type, std::string_view bytes) {
    if (bytes.empty()) return {};
    manifest_.remove(type);
    return add(type, bytes);
  }

  Status add(std::string_view type, std::string_view bytes) {
    if (bytes.size() > kMaxTextBytes) {
      return std::unexpected(Error::refused(
          fmt::format("a text of a model has at most {} bytes, one has {}", kMaxTextBytes, bytes.size())));
    }
    bool is_new = false;
    INGLE_TRY(Layer layer, add_text_blob(layout_, type, bytes, &is_new));
    if (is_new) new_.insert(layer.digest);
    manifest_.layers.push_back(std::move(layer));
    return {};
  }

  const Layout& layout_;
  const NewModel& model_;
  const CreateCallback& done_;
  Manifest manifest_;
  std::set<Digest> new_;
};

}  // namespace

Status Store::copy(std::string_view source, std::string_view destination, std::stop_token stop) const {
  const Layout layout{paths_.models};
  INGLE_TRY(const ModelName wanted, ModelName::parse(destination));
  INGLE_TRY(const InstalledModel model, find(source));
  INGLE_TRY(Manifest manifest, manifest_of(layout, model, stop));
  INGLE_TRY(const FileLock lock, FileLock::lock(layout.lock(), stop));
  std::string json = manifest.to_json();
  if (!model.manifest.empty()) {
    // The same bytes have the same id, under which Ollama's users know a model.
    INGLE_TRY(json, base::read_file(model.manifest, kMaxManifestBytes));
    INGLE_TRY(ReadManifest read, read_manifest(model.manifest));
    manifest = std::move(read.manifest);
  }
  INGLE_TRY_VOID(check_blobs(layout, manifest));
  INGLE_TRY(const ModelName name, spelled(layout, wanted));
  return write_manifest(layout, name, json);
}

Status Store::create(const NewModel& model, const CreateCallback& done, std::stop_token stop) const {
  const Layout layout{paths_.models};
  Manifest base;
  if (model.from) {
    INGLE_TRY(base, manifest_of(layout, *model.from, stop));
  } else {
    INGLE_TRY(const uint64_t size, size_of_file(layout.blob(model.model)));
    base.layers.push_back({std::string(kModelLayer), model.model, size});
  }
  INGLE_TRY(const FileLock lock, FileLock::lock(layout.lock(), stop));
  INGLE_TRY(const ModelName name, spelled(layout, model.name));
  INGLE_TRY(const std::string json, Maker(layout, model, done).make(std::move(base)));
  if (done) done("writing manifest");
  return write_manifest(layout, name, json);
}

Result<fs::path> Store::blob(const Digest& digest) const {
  const fs::path path = Layout{paths_.models}.blob(digest);
  INGLE_TRY_VOID(size_of_file(path));
  return path;
}

Result<uint64_t> Store::blob_size(const Digest& digest) const {
  return size_of_file(Layout{paths_.models}.blob(digest));
}

Result<BlobUpload> Store::begin_blob(uint64_t announced) const {
  return BlobUpload::begin(Layout{paths_.models}, announced);
}

Result<uint64_t> Store::prune(std::chrono::seconds min_age) const {
  const Layout layout{paths_.models};
  std::error_code error;
  const fs::path marks = layout.root / ".ingle" / "added";
  if (!fs::is_directory(marks, error)) return 0;
  INGLE_TRY(const FileLock lock, FileLock::lock(layout.lock(), {}));
  const auto too_young = std::chrono::system_clock::now() - min_age;
  std::set<Digest> candidates;
  for (fs::directory_iterator it(marks, error), end; !error && it != end; it.increment(error)) {
    const auto digest = Digest::parse(it->path().filename().string());
    struct stat info{};
    // A file's time and not the mark's: an upload of bytes that were here before renews it.
    if (!digest || ::stat(layout.blob(*digest).c_str(), &info) != 0) continue;
    if (std::chrono::system_clock::from_time_t(info.st_mtime) <= too_young) candidates.insert(*digest);
  }
  INGLE_TRY(const RemovedBlobs removed, remove_unwanted_blobs(layout, candidates));
  return removed.bytes;
}

}  // namespace ingle::store
