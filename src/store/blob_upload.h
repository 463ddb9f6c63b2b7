// A blob on its way from outside into a models folder: hashed while it is written, under its name only when it is whole.
//
// Owned by whoever receives it, one thread at a time. Without commit() nothing stays.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stop_token>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "base/sha256.h"
#include "store/manifest.h"

namespace ingle::store {

inline constexpr uint64_t kMaxBlobBytes = uint64_t{1} << 36;

struct Layout;

class BlobUpload {
 public:
  static Result<BlobUpload> begin(const Layout& layout, uint64_t announced);
  BlobUpload(BlobUpload&& other) noexcept;
  BlobUpload& operator=(BlobUpload&&) = delete;
  virtual ~BlobUpload();  // whoever counts uploads hangs something on them

  Status write(std::string_view bytes);
  uint64_t size() const { return size_; }
  /// Moves it into place, unless its digest is another than `expected`: kRefused names both. An empty one: any.
  Result<Digest> commit(const Digest& expected, const std::stop_token& stop);

 private:
  BlobUpload(std::filesystem::path root, std::filesystem::path file, base::FileDescriptor fd);

  std::filesystem::path root_;
  std::filesystem::path file_;  // empty: moved from, or committed
  base::FileDescriptor fd_;     // holds a lock: the file of a process that is gone is one that nobody locks
  base::Sha256 sha_;
  uint64_t size_ = 0;
};

}  // namespace ingle::store
