#include "store/testing/zip_writer.h"

#include <zlib.h>

#include "base/check.h"

namespace ingle::store::testing {
namespace {

std::string number(uint64_t value, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i)
    text += static_cast<char>(value >> (8 * i));
  return text;
}

struct Told {
  uint32_t crc32;
  uint64_t size;
  uint64_t compressed_size;
};

std::string common_fields(const Member& member, const Told& told) {
  return number(20, 2) + number(member.flags, 2) + number(member.method, 2) + number(0, 4) + number(told.crc32, 4) +
         number(member.zip64 ? 0xffffffff : told.compressed_size, 4) + number(member.zip64 ? 0xffffffff : told.size, 4);
}

}  // namespace

std::string deflate(std::string_view data) {
  z_stream stream{};
  INGLE_CHECK(::deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(::deflateBound(&stream, data.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  INGLE_CHECK(::deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

std::string zip(const std::vector<Member>& members, std::string_view comment, bool zip64_end) {
  std::string file;
  std::string directory;
  for (const Member& member : members) {
    const uint64_t offset = file.size();
    const std::string body = member.compressed.value_or(member.method == 8 ? deflate(member.data) : member.data);
    const auto* bytes = reinterpret_cast<const Bytef*>(member.data.data());
    const Told told{
        member.crc32.value_or(static_cast<uint32_t>(::crc32(0, bytes, static_cast<uInt>(member.data.size())))),
        member.size.value_or(member.data.size()), member.compressed_size.value_or(body.size())};
    const std::string sizes = number(told.size, 8) + number(told.compressed_size, 8);
    const std::string local_extra = member.zip64 ? number(1, 2) + number(16, 2) + sizes : "";
    file += "PK\3\4" + common_fields(member, told) + number(member.name.size(), 2) + number(local_extra.size(), 2) +
            member.name + local_extra + body;
    const uint64_t told_offset = member.header_offset.value_or(offset);
    const std::string extra = member.zip64 ? number(0x7777, 2) + number(1, 2) + "x" + number(1, 2) + number(24, 2) +
                                                 sizes + number(told_offset, 8)
                                           : "";
    directory += "PK\1\2" + number(20, 2) + common_fields(member, told) + number(member.name.size(), 2) +
                 number(extra.size(), 2) + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
                 number(member.zip64 ? 0xffffffff : told_offset, 4) + member.name + extra;
  }
  const uint64_t offset = file.size();
  file += directory;
  if (zip64_end) {
    const uint64_t end = file.size();
    file += "PK\6\6" + number(44, 8) + number(45, 2) + number(45, 2) + number(0, 4) + number(0, 4) +
            number(members.size(), 8) + number(members.size(), 8) + number(directory.size(), 8) + number(offset, 8);
    file += "PK\6\7" + number(0, 4) + number(end, 8) + number(1, 4);
  }
  file += "PK\5\6" + number(0, 4) + number(zip64_end ? 0xffff : members.size(), 2) +
          number(zip64_end ? 0xffff : members.size(), 2) + number(zip64_end ? 0xffffffff : directory.size(), 4) +
          number(zip64_end ? 0xffffffff : offset, 4) + number(comment.size(), 2) + std::string(comment);
  return file;
}

}  // namespace ingle::store::testing
