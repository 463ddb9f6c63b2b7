#include "store/zip.h"

#include <fmt/format.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>

#include "store/layout.h"

namespace ingle::store {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50;
constexpr uint32_t kCentralHeader = 0x02014b50;
constexpr uint32_t kEnd = 0x06054b50;
constexpr uint32_t kZip64End = 0x06064b50;
constexpr uint32_t kZip64Locator = 0x07064b50;
constexpr size_t kLocalSize = 30;
constexpr size_t kCentralSize = 46;
constexpr size_t kEndSize = 22;
constexpr size_t kZip64EndSize = 56;
constexpr size_t kLocatorSize = 20;
constexpr uint32_t kIn32 = 0xffffffff;  // the real value is in the zip64 field
constexpr uint16_t kIn16 = 0xffff;
constexpr uint16_t kEncrypted = 1;

// A wheel has a few hundred members; these bound the memory that a directory can ask for.
constexpr uint64_t kMaxMembers = 20'000;
constexpr uint64_t kMaxDirectoryBytes = 16 << 20;
constexpr size_t kChunk = 256 * 1024;

uint64_t little(std::span<const std::byte> bytes, size_t offset, size_t count) {
  uint64_t value = 0;
  for (size_t i = 0; i < count; ++i)
    value |= std::to_integer<uint64_t>(bytes[offset + i]) << (8 * i);
  return value;
}
uint16_t u16(std::span<const std::byte> bytes, size_t offset) {
  return static_cast<uint16_t>(little(bytes, offset, 2));
}
uint32_t u32(std::span<const std::byte> bytes, size_t offset) {
  return static_cast<uint32_t>(little(bytes, offset, 4));
}
uint64_t u64(std::span<const std::byte> bytes, size_t offset) {
  return little(bytes, offset, 8);
}

/// Replaces what did not fit into 32 bits by the values of the zip64 extra field (4.5.3); false: the field is missing.
bool apply_zip64_extra(std::span<const std::byte> extra, ZipMember& member) {
  const bool wanted = member.size == kIn32 || member.compressed_size == kIn32 || member.header_offset == kIn32;
  while (extra.size() >= 4) {
    const uint16_t id = u16(extra, 0);
    const size_t size = u16(extra, 2);
    if (size > extra.size() - 4) return !wanted;
    std::span<const std::byte> field = extra.subspan(4, size);
    extra = extra.subspan(4 + size);
    if (id != 1) continue;
    for (uint64_t* value : {&member.size, &member.compressed_size, &member.header_offset}) {
      if (*value != kIn32) continue;
      if (field.size() < 8) return false;
      *value = u64(field, 0);
      field = field.subspan(8);
    }
    return true;
  }
  return !wanted;
}

struct InflateEnd {
  void operator()(z_stream* stream) const { ::inflateEnd(stream); }
};

}  // namespace

Error ZipArchive::corrupt(std::string_view what) const {
  return Error::corrupt(fmt::format("archive '{}': {}", name_, what));
}

Status ZipArchive::read(uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) {
    return std::unexpected(
        corrupt(fmt::format("{} bytes at {} lie past the end of the file ({} bytes)", out.size(), offset, size_)));
  }
  while (!out.empty()) {
    const ssize_t n = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(Error::io("cannot read '" + name_ + "'", errno));
    if (n == 0) return std::unexpected(corrupt("the file became shorter while it was read"));
    out = out.subspan(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

Result<ZipArchive> ZipArchive::open(const std::filesystem::path& path) {
  INGLE_TRY(base::FileDescriptor fd, base::FileDescriptor::open_read(path));
  INGLE_TRY(const uint64_t size, size_of_file(path));
  ZipArchive archive(std::move(fd), path.filename().string(), size);
  INGLE_TRY(const Directory directory, archive.find_directory());
  INGLE_TRY_VOID(archive.read_directory(directory));
  INGLE_TRY_VOID(archive.check_overlap(directory));
  return archive;
}

Result<ZipArchive::Directory> ZipArchive::find_directory() const {
  // The end record is last, behind a comment of at most 65535 bytes.
  const size_t tail_size = static_cast<size_t>(std::min<uint64_t>(size_, kEndSize + 0xffff));
  std::vector<std::byte> tail(tail_size);
  INGLE_TRY_VOID(read(size_ - tail_size, tail));
  for (size_t at = tail_size < kEndSize ? 0 : tail_size - kEndSize + 1; at-- > 0;) {
    if (u32(tail, at) != kEnd || u16(tail, at + 20) != tail_size - at - kEndSize) continue;
    if (u16(tail, at + 4) != 0 && u16(tail, at + 4) != kIn16)
      return std::unexpected(corrupt("it is one volume of several"));
    Directory directory{u32(tail, at + 16), u32(tail, at + 12), u16(tail, at + 10)};
    const uint64_t end_offset = size_ - tail_size + at;
    if (directory.offset == kIn32 || directory.size == kIn32 || directory.entries == kIn16) {
      INGLE_TRY_VOID(apply_zip64(end_offset, directory));
    }
    if (directory.offset > end_offset || directory.size > end_offset - directory.offset) {
      return std::unexpected(corrupt("the central directory does not lie inside the file"));
    }
    if (directory.entries > kMaxMembers || directory.size > kMaxDirectoryBytes) {
      return std::unexpected(Error::refused(fmt::format("archive '{}': {} members in {} bytes are more than the limit",
                                                        name_, directory.entries, directory.size)));
    }
    return directory;
  }
  return std::unexpected(corrupt("it has no end record, so it is not a zip file or it is incomplete"));
}

Status ZipArchive::apply_zip64(uint64_t end_offset, Directory& directory) const {
  std::byte locator[kLocatorSize];
  if (end_offset < kLocatorSize) return std::unexpected(corrupt("the zip64 locator is missing"));
  INGLE_TRY_VOID(read(end_offset - kLocatorSize, locator));
  // 0xffff members need no zip64 record: without one the values are what they say.
  if (u32(locator, 0) != kZip64Locator) {
    if (directory.offset == kIn32 || directory.size == kIn32)
      return std::unexpected(corrupt("the zip64 locator is missing"));
    return {};
  }
  std::byte end[kZip64EndSize];
  INGLE_TRY_VOID(read(u64(locator, 8), end));
  if (u32(end, 0) != kZip64End) return std::unexpected(corrupt("the zip64 end record is missing"));
  directory = {u64(end, 48), u64(end, 40), u64(end, 32)};
  return {};
}

Status ZipArchive::read_directory(const Directory& directory) {
  std::vector<std::byte> bytes(static_cast<size_t>(directory.size));
  INGLE_TRY_VOID(read(directory.offset, bytes));
  std::span<const std::byte> rest = bytes;
  std::set<std::string_view> names;
  members_.reserve(static_cast<size_t>(directory.entries));
  for (uint64_t i = 0; i < directory.entries; ++i) {
    if (rest.size() < kCentralSize || u32(rest, 0) != kCentralHeader) {
      return std::unexpected(corrupt(fmt::format("entry {} of the central directory is broken", i)));
    }
    const size_t name_size = u16(rest, 28);
    const size_t extra_size = u16(rest, 30);
    const size_t total = kCentralSize + name_size + extra_size + u16(rest, 32);
    if (total > rest.size())
      return std::unexpected(corrupt(fmt::format("entry {} ends past the central directory", i)));
    ZipMember member;
    member.flags = u16(rest, 8);
    member.method = u16(rest, 10);
    member.crc32 = u32(rest, 16);
    member.compressed_size = u32(rest, 20);
    member.size = u32(rest, 24);
    member.header_offset = u32(rest, 42);
    member.name.assign(reinterpret_cast<const char*>(rest.data()) + kCentralSize, name_size);
    if (!apply_zip64_extra(rest.subspan(kCentralSize + name_size, extra_size), member)) {
      return std::unexpected(corrupt(fmt::format("entry {} has no usable zip64 sizes", i)));
    }
    rest = rest.subspan(total);
    members_.push_back(std::move(member));
  }
  // After the vector is complete: the views point into it. Two members of one name mean different things to different readers.
  for (const ZipMember& member : members_) {
    if (!names.insert(member.name).second) return std::unexpected(corrupt("two members have the same name"));
  }
  return {};
}

Status ZipArchive::check_overlap(const Directory& directory) const {
  std::vector<const ZipMember*> order;
  for (const ZipMember& member : members_)
    order.push_back(&member);
  std::ranges::sort(order, {}, &ZipMember::header_offset);
  uint64_t end = 0;
  for (const ZipMember* member : order) {
    // Members that share bytes are how a small file unpacks to petabytes (D. Fifield, "A better zip bomb", 2019).
    if (member->header_offset < end) return std::unexpected(corrupt("two members overlap"));
    const uint64_t space = directory.offset - std::min(directory.offset, member->header_offset);
    if (space < kLocalSize + member->name.size() ||
        member->compressed_size > space - kLocalSize - member->name.size()) {
      return std::unexpected(corrupt("a member ends past the central directory"));
    }
    end = member->header_offset + kLocalSize + member->name.size() + member->compressed_size;
  }
  return {};
}

const ZipMember* ZipArchive::find(std::string_view name) const {
  const auto found = std::ranges::find(members_, name, &ZipMember::name);
  return found == members_.end() ? nullptr : &*found;
}

Result<uint64_t> ZipArchive::data_offset(const ZipMember& member) const {
  std::byte header[kLocalSize];
  INGLE_TRY_VOID(read(member.header_offset, header));
  if (u32(header, 0) != kLocalHeader) return std::unexpected(corrupt("a member has no local header"));
  return member.header_offset + kLocalSize + u16(header, 26) + u16(header, 28);
}

Status ZipArchive::extract(const ZipMember& member, const Sink& sink, const std::stop_token& stop) const {
  if (member.flags & kEncrypted)
    return std::unexpected(Error::unsupported("archive '" + name_ + "': the member is encrypted"));
  if (member.method != 0 && member.method != 8) {
    return std::unexpected(
        Error::unsupported(fmt::format("archive '{}': compression method {}", name_, member.method)));
  }
  if (member.method == 0 && member.size != member.compressed_size) {
    return std::unexpected(corrupt("a stored member has two sizes"));
  }
  INGLE_TRY(uint64_t offset, data_offset(member));
  z_stream stream{};
  // Negative window bits: raw deflate, without zlib's own header.
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return std::unexpected(Error::exhausted("no memory to unpack"));
  const std::unique_ptr<z_stream, InflateEnd> guard(&stream);
  std::vector<std::byte> in(kChunk);
  std::vector<std::byte> out(kChunk);
  uint64_t in_left = member.compressed_size;
  uint64_t produced = 0;
  uLong crc = ::crc32(0, nullptr, 0);
  bool ended = member.method == 0;

  const auto deliver = [&](std::span<const std::byte> bytes) -> Status {
    if (bytes.size() > member.size - produced)
      return std::unexpected(corrupt("a member is larger than the directory says"));
    produced += bytes.size();
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()));
    return bytes.empty() ? Status() : sink(bytes);
  };
  while (in_left > 0) {
    if (stop.stop_requested()) return std::unexpected(Error::cancelled());
    const std::span<std::byte> chunk = std::span(in).first(static_cast<size_t>(std::min<uint64_t>(kChunk, in_left)));
    INGLE_TRY_VOID(read(offset, chunk));
    offset += chunk.size();
    in_left -= chunk.size();
    if (member.method == 0) {
      INGLE_TRY_VOID(deliver(chunk));
      continue;
    }
    if (ended) return std::unexpected(corrupt("a member's data go on after their end"));
    stream.next_in = reinterpret_cast<Bytef*>(chunk.data());
    stream.avail_in = static_cast<uInt>(chunk.size());
    do {
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      const int code = ::inflate(&stream, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return std::unexpected(corrupt("a member's data are damaged"));
      }
      INGLE_TRY_VOID(deliver(std::span(out).first(out.size() - stream.avail_out)));
      ended = code == Z_STREAM_END;
    } while (!ended && stream.avail_out == 0);
    if (ended && stream.avail_in > 0) return std::unexpected(corrupt("a member's data go on after their end"));
  }
  if (!ended || produced != member.size) return std::unexpected(corrupt("a member is shorter than the directory says"));
  if (static_cast<uint32_t>(crc) != member.crc32) return std::unexpected(corrupt("a member's checksum is wrong"));
  return {};
}

}  // namespace ingle::store
