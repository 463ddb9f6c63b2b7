// The folders below the models root and the rules for touching them; internal to store.
//
//   manifests/<host>/<namespace>/<model>/<tag>   Ollama's layout, shared with it
//   blobs/sha256-<hex>                           Ollama's layout, shared with it
//   .ingle/added/sha256-<hex>                    empty marks: the blobs that Inglenook added and may remove
//   .ingle/lock                                  held while manifests and blobs change
//   .ingle/partial/<hex or name>/                unfinished pulls, one folder a model
// Any thread; the FileLock of one process does not shut out its own threads twice: each call opens the file anew.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <stop_token>

#include "base/files.h"
#include "base/result.h"
#include "store/manifest.h"
#include "store/name.h"

namespace ingle::store {

struct Layout {
  std::filesystem::path root;

  std::filesystem::path manifests() const { return root / "manifests"; }
  std::filesystem::path manifest(const ModelName& name) const { return manifests() / name.manifest_path(); }
  std::filesystem::path blobs() const { return root / "blobs"; }
  std::filesystem::path blob(const Digest& digest) const { return blobs() / digest.file_name(); }
  std::filesystem::path mark(const Digest& digest) const { return root / ".ingle" / "added" / digest.file_name(); }
  std::filesystem::path partial() const { return root / ".ingle" / "partial"; }
  std::filesystem::path lock() const { return root / ".ingle" / "lock"; }
};

/// An advisory lock (flock) on a file, released with the object or with the process.
class FileLock {
 public:
  /// Empty when another holder has it.
  static Result<std::optional<FileLock>> try_lock(const std::filesystem::path& path);
  /// Waits for it, looking every 50 ms, until `stop` is requested.
  static Result<FileLock> lock(const std::filesystem::path& path, const std::stop_token& stop);

 private:
  explicit FileLock(base::FileDescriptor fd) : fd_(std::move(fd)) {}
  base::FileDescriptor fd_;
};

/// Creates a folder and its parents; the error says which and why.
Status make_folder(const std::filesystem::path& folder);

/// Size of a regular file; kNotFound when there is none.
Result<uint64_t> size_of_file(const std::filesystem::path& path);

/// SHA-256 of a file's bytes as they are on disk; `on_progress` gets the bytes read so far and may be empty.
Result<Digest> digest_of_file(const std::filesystem::path& path, const std::function<void(uint64_t)>& on_progress,
                              const std::stop_token& stop);

}  // namespace ingle::store
