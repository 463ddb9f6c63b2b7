#include "store/blobs.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <span>

#include "base/files.h"
#include "base/sha256.h"
#include "store/installed.h"

namespace ingle::store {

namespace fs = std::filesystem;

Result<Layer> add_text_blob(const Layout& layout, std::string_view media_type, std::string_view bytes, bool* is_new) {
  INGLE_TRY(const Digest digest, Digest::parse(base::sha256_hex(std::as_bytes(std::span(bytes)))));
  if (!size_of_file(layout.blob(digest))) {
    if (is_new != nullptr) *is_new = true;
    INGLE_TRY_VOID(make_folder(layout.blobs()));
    INGLE_TRY_VOID(make_folder(layout.mark(digest).parent_path()));
    INGLE_TRY_VOID(base::write_file_atomic(layout.mark(digest), ""));
    INGLE_TRY_VOID(base::write_file_atomic(layout.blob(digest), bytes));
  }
  return Layer{std::string(media_type), digest, bytes.size()};
}

Status add_file_blob(const Layout& layout, const Digest& digest, const fs::path& file) {
  const fs::path blob = layout.blob(digest);
  // A file that is already there gives way: ours is verified, and with the same bytes nobody sees a difference. It stays
  // without a mark, because it was not ours to begin with.
  if (!size_of_file(blob)) INGLE_TRY_VOID(base::write_file_atomic(layout.mark(digest), ""));
  const base::FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Error::io("cannot open '" + file.string() + "'", errno));
  return base::commit_file(fd.get(), file, blob);
}

std::set<Digest> blobs_of(const Manifest& manifest) {
  std::set<Digest> digests;
  if (!manifest.config.digest.empty()) digests.insert(manifest.config.digest);
  for (const Layer& layer : manifest.layers)
    digests.insert(layer.digest);
  return digests;
}

Result<std::set<Digest>> wanted_blobs(const Layout& layout) {
  std::set<Digest> wanted;
  INGLE_TRY(const auto files, manifest_files(layout));
  for (const ManifestFile& file : files) {
    INGLE_TRY(const ReadManifest other, read_manifest(file.path));
    wanted.merge(blobs_of(other.manifest));
  }
  return wanted;
}

Result<RemovedBlobs> remove_unwanted_blobs(const Layout& layout, const std::set<Digest>& candidates) {
  RemovedBlobs report;
  const auto wanted = wanted_blobs(layout);
  if (!wanted) return report;  // better to keep too much
  for (const Digest& digest : candidates) {
    if (wanted->contains(digest)) {
      ++report.shared;
      continue;
    }
    if (!size_of_file(layout.mark(digest))) {
      ++report.foreign;
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
    report.bytes += size.value_or(0);
    ++report.removed;
  }
  return report;
}

}  // namespace ingle::store
