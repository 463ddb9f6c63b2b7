// A zip archive read through its central directory: what is needed to take one member out of a wheel, and no more.
//
// The archive is hostile: every size and offset is checked against the file before it is used, members may not overlap,
// and a member yields exactly the bytes that the directory promises or an error. Nothing is ever written by name.
// Format: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5. One thread at a time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace ingle::store {

struct ZipMember {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflated
  uint16_t flags = 0;
  uint32_t crc32 = 0;
  uint64_t compressed_size = 0;
  uint64_t size = 0;
  uint64_t header_offset = 0;
};

class ZipArchive {
 public:
  static Result<ZipArchive> open(const std::filesystem::path& path);

  const std::vector<ZipMember>& members() const { return members_; }
  /// nullptr when there is no such member.
  const ZipMember* find(std::string_view name) const;

  using Sink = std::function<Status(std::span<const std::byte>)>;
  /// Hands the member's bytes on in order; fails when they differ from the directory's size or checksum.
  Status extract(const ZipMember& member, const Sink& sink, const std::stop_token& stop) const;

 private:
  struct Directory {
    uint64_t offset = 0;
    uint64_t size = 0;
    uint64_t entries = 0;
  };
  ZipArchive(base::FileDescriptor fd, std::string name, uint64_t size)
      : fd_(std::move(fd)), name_(std::move(name)), size_(size) {}

  Error corrupt(std::string_view what) const;
  Status read(uint64_t offset, std::span<std::byte> out) const;
  Result<Directory> find_directory() const;
  Status apply_zip64(uint64_t end_offset, Directory& directory) const;
  Status read_directory(const Directory& directory);
  Status check_overlap(const Directory& directory) const;
  Result<uint64_t> data_offset(const ZipMember& member) const;

  base::FileDescriptor fd_;
  std::string name_;
  uint64_t size_;
  std::vector<ZipMember> members_;
};

}  // namespace ingle::store
