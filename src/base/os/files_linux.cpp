#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/files.h"

namespace ingle::base {
namespace {

namespace fs = std::filesystem;

Status write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("writing", errno));
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status sync_folder(const fs::path& folder) {
  const FileDescriptor fd(::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.valid() || ::fsync(fd.get()) != 0) return std::unexpected(Error::io("syncing " + folder.string(), errno));
  return {};
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) ::close(fd_);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Result<FileDescriptor> FileDescriptor::open_read(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    const Error error = Error::io("cannot open '" + path.string() + "'", errno);
    if (errno == ENOENT) return std::unexpected(Error::not_found(error.message()));
    return std::unexpected(error);
  }
  return FileDescriptor(fd);
}

Result<FileDescriptor> unnamed_file(const fs::path& folder, std::string_view bytes) {
  FileDescriptor fd(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.valid()) return std::unexpected(Error::io("making a temporary file in '" + folder.string() + "'", errno));
  INGLE_TRY_VOID(write_all(fd.get(), bytes));
  if (::lseek(fd.get(), 0, SEEK_SET) != 0) return std::unexpected(Error::io("rewinding a temporary file", errno));
  return fd;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), fd_(std::move(other.fd_)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(fd_, other.fd_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

Result<MappedFile> MappedFile::map(const FileDescriptor& fd, std::string_view name) {
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0) return std::unexpected(Error::io(fmt::format("cannot stat '{}'", name), errno));
  if (!S_ISREG(info.st_mode)) {
    return std::unexpected(Error::refused(fmt::format("'{}' is not a regular file", name)));
  }
  MappedFile file;
  if (info.st_size == 0) return file;
  const auto size = static_cast<size_t>(info.st_size);
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  if (address == MAP_FAILED) return std::unexpected(Error::io(fmt::format("cannot map '{}'", name), errno));
  file.bytes_ = {static_cast<const std::byte*>(address), size};
  file.fd_ = FileDescriptor(::fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!file.fd_.valid()) return std::unexpected(Error::io(fmt::format("cannot keep '{}' open", name), errno));
  return file;
}

Status MappedFile::read(size_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t n = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("reading the file", errno));
    if (n == 0) return std::unexpected(Error::corrupt("the file has become shorter while it was read"));
    offset += static_cast<size_t>(n);
    out = out.subspan(static_cast<size_t>(n));
  }
  return {};
}

void MappedFile::expect(size_t offset, size_t size) const {
  ::posix_fadvise(fd_.get(), static_cast<off_t>(offset), static_cast<off_t>(size), POSIX_FADV_WILLNEED);
}

Result<std::string> read_file(const fs::path& path, uint64_t max_bytes) {
  INGLE_TRY(const FileDescriptor fd, FileDescriptor::open_read(path));
  std::string bytes;
  // Not st_size: pipes and /proc files report none.
  char buffer[1 << 16];
  while (true) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("cannot read '" + path.string() + "'", errno));
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
    if (bytes.size() > max_bytes) {
      return std::unexpected(
          Error::refused(fmt::format("'{}' is larger than the limit of {} bytes", path.string(), max_bytes)));
    }
  }
}

Status commit_file(int fd, const fs::path& from, const fs::path& to) {
  if (::fsync(fd) != 0) return std::unexpected(Error::io("syncing '" + from.string() + "'", errno));
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return std::unexpected(Error::io("renaming to '" + to.string() + "'", errno));
  }
  return sync_folder(to.parent_path());
}

Status write_file_atomic(const fs::path& path, std::string_view bytes, unsigned mode) {
  std::string temp = path.string() + ".XXXXXX";
  const FileDescriptor fd(::mkostemp(temp.data(), O_CLOEXEC));
  if (!fd.valid()) return std::unexpected(Error::io("cannot create a file beside '" + path.string() + "'", errno));
  ::fchmod(fd.get(), mode);
  Status status = write_all(fd.get(), bytes);
  if (status) status = commit_file(fd.get(), temp, path);
  if (!status) {
    ::unlink(temp.c_str());
    return std::unexpected(std::move(status).error().within("writing '" + path.string() + "'"));
  }
  return {};
}

}  // namespace ingle::base
