#include "store/blob_upload.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <span>
#include <utility>

#include "store/blobs.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "upload-";
constexpr uint64_t kMaxReserve = uint64_t{1} << 30;     // of a disk that uploads leave to everybody else: a twentieth,
constexpr uint64_t kReserveDivisor = 20;                // at most this
constexpr uint64_t kBytesPerLook = uint64_t{16} << 20;  // of an upload: its length need not be known before

/// Files of uploads that a process did not live to end.
void remove_stale(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!it->path().filename().string().starts_with(kPrefix)) continue;
    const base::FileDescriptor fd(::open(it->path().c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    std::error_code ignored;
    if (fd.valid() && ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) fs::remove(it->path(), ignored);
  }
}

Error disk_full(const fs::path& root, std::string_view why = {}) {
  return Error::exhausted(fmt::format("the disk of '{}' is full{}", root.string(), why))
      .hint("free some space, or point INGLE_HOME or OLLAMA_MODELS at a larger disk");
}

Status check_room(const fs::path& root, uint64_t wanted) {
  std::error_code error;
  const fs::space_info space = fs::space(root, error);
  if (error) return {};
  const uint64_t reserve = std::min(kMaxReserve, uint64_t{space.capacity} / kReserveDivisor);
  if (space.available >= reserve && space.available - reserve >= wanted) return {};
  return std::unexpected(
      disk_full(root, fmt::format(": {} bytes are free, of which uploads leave {}; {} more do not fit", space.available,
                                  reserve, wanted)));
}

/// Whether it is ours now: remove_stale() of another upload may have taken it for a left one before it was locked.
bool lock_named(const base::FileDescriptor& fd) {
  struct stat info{};
  return ::flock(fd.get(), LOCK_EX | LOCK_NB) == 0 && ::fstat(fd.get(), &info) == 0 && info.st_nlink > 0;
}

}  // namespace

BlobUpload::BlobUpload(fs::path root, fs::path file, base::FileDescriptor fd)
    : root_(std::move(root)), file_(std::move(file)), fd_(std::move(fd)) {}

BlobUpload::BlobUpload(BlobUpload&& other) noexcept
    : root_(std::move(other.root_)),
      file_(std::exchange(other.file_, {})),
      fd_(std::move(other.fd_)),
      sha_(std::move(other.sha_)),
      size_(other.size_) {}

BlobUpload::~BlobUpload() {
  std::error_code ignored;
  if (!file_.empty()) fs::remove(file_, ignored);
}

Result<BlobUpload> BlobUpload::begin(const Layout& layout, uint64_t announced) {
  static std::atomic<uint64_t> n_uploads{0};
  const fs::path folder = layout.partial();
  INGLE_TRY_VOID(make_folder(folder));
  remove_stale(folder);
  INGLE_TRY_VOID(check_room(layout.root, announced));
  for (;;) {
    fs::path file = folder / fmt::format("{}{}-{}", kPrefix, ::getpid(), n_uploads++);
    base::FileDescriptor fd(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644));
    if (!fd.valid()) return std::unexpected(Error::io("cannot create '" + file.string() + "'", errno));
    if (lock_named(fd)) return BlobUpload(layout.root, std::move(file), std::move(fd));
  }
}

Status BlobUpload::write(std::string_view bytes) {
  if (size_ + bytes.size() > kMaxBlobBytes) {
    return std::unexpected(Error::refused(fmt::format("a blob has at most {} bytes", kMaxBlobBytes)));
  }
  if (size_ / kBytesPerLook != (size_ + bytes.size()) / kBytesPerLook) INGLE_TRY_VOID(check_room(root_, bytes.size()));
  sha_.update(std::as_bytes(std::span(bytes)));
  size_ += bytes.size();
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd_.get(), bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == ENOSPC || errno == EDQUOT)) return std::unexpected(disk_full(root_));
    if (n < 0) return std::unexpected(Error::io("cannot write '" + file_.string() + "'", errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Result<Digest> BlobUpload::commit(const Digest& expected, const std::stop_token& stop) {
  INGLE_TRY(Digest digest, Digest::parse(sha_.finish()));
  if (!expected.empty() && digest != expected) {
    return std::unexpected(
        Error::refused(fmt::format("digest mismatch, expected \"{}\", got \"{}\"", expected.text(), digest.text())));
  }
  const Layout layout{root_};
  INGLE_TRY(const FileLock lock, FileLock::lock(layout.lock(), stop));
  INGLE_TRY_VOID(make_folder(layout.blobs()));
  INGLE_TRY_VOID(make_folder(layout.mark(digest).parent_path()));
  INGLE_TRY_VOID(add_file_blob(layout, digest, file_));
  file_.clear();
  return digest;
}

}  // namespace ingle::store
