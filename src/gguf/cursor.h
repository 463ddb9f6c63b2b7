// A position in the bytes of one GGUF file: every step is checked against what is left, every error says where it stood.
// Private to this module; used by one thread while a file is opened.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::gguf {

/// Text from a file for an error message: quoted, cut to a readable length, nothing in it that a terminal would obey.
std::string shown(std::string_view text);

class Cursor {
 public:
  explicit Cursor(std::span<const std::byte> bytes) : bytes_(bytes) {}

  uint64_t offset() const { return offset_; }
  uint64_t remaining() const { return bytes_.size() - offset_; }
  const std::byte* here() const { return bytes_.data() + offset_; }

  /// A little-endian number. `field` names it in errors.
  template <typename T>
  Result<T> number(std::string_view field) {
    static_assert(std::endian::native == std::endian::little);
    if (remaining() < sizeof(T)) return std::unexpected(ends_within(field, sizeof(T)));
    T value;
    std::memcpy(&value, here(), sizeof(T));
    offset_ += sizeof(T);
    return value;
  }

  /// A count, length or dimension: 32 bits in version 1, 64 bits since.
  Result<uint64_t> wide(std::string_view field, uint32_t version) {
    if (version > 1) return number<uint64_t>(field);
    INGLE_TRY(const uint32_t value, number<uint32_t>(field));
    return uint64_t{value};
  }

  /// `count` items of `size` bytes each, passed over. Neither may be trusted: the product is never computed before the test.
  Status skip(std::string_view field, uint64_t count, uint64_t size);

  /// A length and that many bytes, viewed in place.
  Result<std::string_view> string(std::string_view field, uint32_t version, uint64_t max_bytes);

  /// A string that serves as a name: these are printed and compared, so none is empty, invisible or broken text.
  Result<std::string_view> name(std::string_view field, uint32_t version, uint64_t max_bytes);

 private:
  Error ends_within(std::string_view field, uint64_t wanted) const;

  std::span<const std::byte> bytes_;
  uint64_t offset_ = 0;
};

}  // namespace ingle::gguf
