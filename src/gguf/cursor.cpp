#include "gguf/cursor.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"

namespace ingle::gguf {

std::string shown(std::string_view text) {
  constexpr size_t kMaxShown = 80;
  const bool cut = text.size() > kMaxShown;
  std::string out = "'";
  for (const char c : base::to_valid_utf8(text.substr(0, kMaxShown))) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + (cut ? "...'" : "'");
}

Error Cursor::ends_within(std::string_view field, uint64_t wanted) const {
  return Error::corrupt(fmt::format("{} at byte {}: {} bytes are needed and the file has only {} more", field, offset_,
                                    wanted, remaining()))
      .hint("the download may be incomplete; pull or copy the file again");
}

Status Cursor::skip(std::string_view field, uint64_t count, uint64_t size) {
  if (count > remaining() / size) {
    return std::unexpected(
        Error::corrupt(
            fmt::format("{} at byte {}: {} items of {} bytes are announced and the file has only {} more bytes", field,
                        offset_, count, size, remaining()))
            .hint("the file is damaged or its download is incomplete; pull or copy it again"));
  }
  offset_ += count * size;
  return {};
}

Result<std::string_view> Cursor::string(std::string_view field, uint32_t version, uint64_t max_bytes) {
  const uint64_t start = offset_;
  INGLE_TRY(const uint64_t size, wide(field, version));
  if (size > remaining()) {
    return std::unexpected(
        Error::corrupt(fmt::format("{} at byte {}: its length is given as {} bytes and the file has only {} more",
                                   field, start, size, remaining()))
            .hint("the file is damaged or its download is incomplete; pull or copy it again"));
  }
  if (size > max_bytes) {
    return std::unexpected(Error::refused(
        fmt::format("{} at byte {}: {} bytes long, over the limit of {}", field, start, size, max_bytes)));
  }
  const std::string_view text(reinterpret_cast<const char*>(here()), size);
  offset_ += size;
  return text;
}

Result<std::string_view> Cursor::name(std::string_view field, uint32_t version, uint64_t max_bytes) {
  const uint64_t at = offset_;
  INGLE_TRY(const std::string_view text, string(field, version, max_bytes));
  if (text.empty()) return std::unexpected(Error::corrupt(fmt::format("{} at byte {}: it is empty", field, at)));
  const bool visible = std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
  if (visible && base::is_valid_utf8(text)) return text;
  return std::unexpected(Error::corrupt(
      fmt::format("{} at byte {}: {} holds control characters or invalid UTF-8", field, at, shown(text))));
}

}  // namespace ingle::gguf
