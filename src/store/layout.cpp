#include "store/layout.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/sha256.h"

namespace ingle::store {

namespace fs = std::filesystem;

Result<std::optional<FileLock>> FileLock::try_lock(const fs::path& path) {
  INGLE_TRY_VOID(make_folder(path.parent_path()));
  while (true) {
    base::FileDescriptor fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!fd.valid()) return std::unexpected(Error::io("cannot open lock '" + path.string() + "'", errno));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno == EWOULDBLOCK || errno == EINTR) return std::optional<FileLock>();
      return std::unexpected(Error::io("cannot lock '" + path.string() + "'", errno));
    }
    // The holder before us may have removed the file with its folder: a lock on a file that is gone shuts nobody out.
    struct stat held{};
    struct stat named{};
    if (::fstat(fd.get(), &held) == 0 && ::stat(path.c_str(), &named) == 0 && held.st_ino == named.st_ino) {
      return std::optional<FileLock>(FileLock(std::move(fd)));
    }
    INGLE_TRY_VOID(make_folder(path.parent_path()));
  }
}

Result<FileLock> FileLock::lock(const fs::path& path, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  while (true) {
    INGLE_TRY(auto lock, try_lock(path));
    if (lock) return std::move(*lock);
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    // flock has no timeout, and a blocked one cannot see the stop token.
    std::unique_lock held(mutex);
    wake.wait_for(held, stop, std::chrono::milliseconds(50), [] { return false; });
  }
}

Status make_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!error) return {};
  Error failure = Error::io("cannot create folder '" + folder.string() + "': " + error.message());
  if (error == std::errc::permission_denied || error == std::errc::read_only_file_system) {
    return std::unexpected(
        std::move(failure).hint("set INGLE_HOME or OLLAMA_MODELS to a folder that you can write to"));
  }
  return std::unexpected(std::move(failure));
}

Result<uint64_t> size_of_file(const fs::path& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR)
      return std::unexpected(Error::not_found("no file '" + path.string() + "'"));
    return std::unexpected(Error::io("cannot stat '" + path.string() + "'", errno));
  }
  if (!S_ISREG(info.st_mode)) return std::unexpected(Error::refused("'" + path.string() + "' is not a regular file"));
  return static_cast<uint64_t>(info.st_size);
}

Result<Digest> digest_of_file(const fs::path& path, const std::function<void(uint64_t)>& on_progress,
                              const std::stop_token& stop) {
  INGLE_TRY(const base::FileDescriptor fd, base::FileDescriptor::open_read(path));
  base::Sha256 sha;
  std::vector<std::byte> chunk(1 << 20);
  uint64_t done = 0;
  while (true) {
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    const ssize_t n = ::read(fd.get(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("cannot read '" + path.string() + "'", errno));
    if (n == 0) return Digest::parse(sha.finish());
    sha.update(std::span(chunk).first(static_cast<size_t>(n)));
    done += static_cast<uint64_t>(n);
    if (on_progress) on_progress(done);
  }
}

}  // namespace ingle::store
