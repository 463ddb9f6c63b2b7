// Files: read-only mappings, whole-file reads with a limit, and writes that are either complete or absent.
//
// Everything the operating system does differently lies in base/os/. A MappedFile is immutable and may be read by any
// thread; it owns its mapping and a descriptor of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::base {

/// An open file descriptor, closed once. Engines receive model files in this form, never as paths.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  ~FileDescriptor();

  static Result<FileDescriptor> open_read(const std::filesystem::path& path);

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

class MappedFile {
 public:
  MappedFile() = default;
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  /// Maps a regular file of any size, an empty one included. `name` is used in error texts only.
  static Result<MappedFile> map(const FileDescriptor& fd, std::string_view name);

  std::span<const std::byte> bytes() const { return bytes_; }

  /// Copies [offset, offset + out.size()) without the mapping. For large parts that are read once this is faster than page
  /// faults, leaves nothing in this process's memory, and a file that was cut short meanwhile is an error instead of a
  /// signal.
  Status read(size_t offset, std::span<std::byte> out) const;
  /// [offset, offset + size) will be read soon: the system may fetch it from the disk meanwhile.
  void expect(size_t offset, size_t size) const;

 private:
  std::span<const std::byte> bytes_;
  FileDescriptor fd_;
};

/// Reads a whole file of at most `max_bytes`; a larger one is an error that names both sizes.
Result<std::string> read_file(const std::filesystem::path& path, uint64_t max_bytes);

/// Writes to a temporary file beside `path`, fsyncs, renames: a reader sees the old bytes or the new, never a part.
Status write_file_atomic(const std::filesystem::path& path, std::string_view bytes, unsigned mode = 0644);

/// A file of these bytes that has no name: nobody else can open it, and it is gone when the descriptor is closed.
Result<FileDescriptor> unnamed_file(const std::filesystem::path& folder, std::string_view bytes);

/// fsync of an open file and of the folder that holds it, then rename(from, to).
Status commit_file(int fd, const std::filesystem::path& from, const std::filesystem::path& to);

}  // namespace ingle::base
