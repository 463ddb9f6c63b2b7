// The eight bytes before every frame of a channel: type, three zero bytes, length (32 bits, little-endian).
//
// Plain functions over bytes, so that the fuzzer reaches them without a socket. Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::roles {

struct FrameHead {
  uint8_t type = 0;
  uint32_t size = 0;

  friend bool operator==(const FrameHead&, const FrameHead&) = default;
};

inline constexpr size_t kFrameHeadSize = 8;
inline constexpr size_t kMaxFramePayload = size_t{256} << 20;

using FrameHeadBytes = std::array<unsigned char, kFrameHeadSize>;

FrameHeadBytes encode_frame_head(const FrameHead& head);
/// A whole frame behind those in `frames`. false: the payload is over the limit, nothing was added.
bool append_frame(std::string& frames, uint8_t type, std::string_view payload);
/// kCorrupt: reserved bytes are not zero, or the length is over kMaxFramePayload.
Result<FrameHead> decode_frame_head(const FrameHeadBytes& bytes);

}  // namespace ingle::roles
