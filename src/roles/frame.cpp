#include "roles/frame.h"

#include <fmt/format.h>

namespace ingle::roles {

FrameHeadBytes encode_frame_head(const FrameHead& head) {
  const auto byte = [&](unsigned at) { return static_cast<unsigned char>(head.size >> (8 * at)); };
  return {head.type, 0, 0, 0, byte(0), byte(1), byte(2), byte(3)};
}

bool append_frame(std::string& frames, uint8_t type, std::string_view payload) {
  if (payload.size() > kMaxFramePayload) return false;
  const FrameHeadBytes head = encode_frame_head({.type = type, .size = static_cast<uint32_t>(payload.size())});
  frames.append(head.begin(), head.end()).append(payload);
  return true;
}

Result<FrameHead> decode_frame_head(const FrameHeadBytes& bytes) {
  if (bytes[1] != 0 || bytes[2] != 0 || bytes[3] != 0) {
    return std::unexpected(
        Error::corrupt(fmt::format("a frame of type {} has reserved bytes that are not zero", bytes[0])));
  }
  FrameHead head{.type = bytes[0]};
  for (unsigned i = 0; i < 4; ++i)
    head.size |= uint32_t{bytes[4 + i]} << (8 * i);
  if (head.size > kMaxFramePayload) {
    return std::unexpected(Error::corrupt(
        fmt::format("a frame of type {} states {} bytes; the limit is {}", head.type, head.size, kMaxFramePayload)));
  }
  return head;
}

}  // namespace ingle::roles
