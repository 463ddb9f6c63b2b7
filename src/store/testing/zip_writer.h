// Writes zip archives for tests, honest ones and others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::store::testing {

/// What the archive says about a member; an unset field is told as it is.
struct Member {
  std::string name;
  std::string data;
  uint16_t method = 8;
  uint16_t flags = 0;
  bool zip64 = false;  // sizes and offset in the zip64 extra field
  std::optional<uint32_t> crc32 = {};
  std::optional<uint64_t> size = {};
  std::optional<uint64_t> compressed_size = {};
  std::optional<uint64_t> header_offset = {};
  std::optional<std::string> compressed = {};  // instead of the deflated data
};

std::string deflate(std::string_view data);
std::string zip(const std::vector<Member>& members, std::string_view comment = "", bool zip64_end = false);

}  // namespace ingle::store::testing
