// Channel: one end of a socketpair between two processes of Inglenook, carrying frames and descriptors.
//
// A frame is a type byte, three reserved zero bytes, a 32-bit little-endian length and that many bytes of payload (frame.h);
// descriptors travel beside it (SCM_RIGHTS, unix(7)). What comes from the other side is hostile: reserved bytes that are not
// zero, lengths over the limit and unexpected descriptors are errors, memory grows only as bytes arrive, and a channel that
// gave an error gives it again for ever. One thread may receive while others send; sending threads are ordered by the
// channel. close_both() may be called from any thread and wakes the receiver and the senders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "roles/frame.h"

namespace ingle::roles {

struct Frame {
  uint8_t type = 0;
  std::string payload;
  std::vector<base::FileDescriptor> descriptors;
};

class Channel {
 public:
  static constexpr size_t kMaxPayload = kMaxFramePayload;
  static constexpr size_t kMaxDescriptors = 64;  // a split model has at most as many parts

  /// Both ends, close-on-exec.
  static Result<std::pair<Channel, Channel>> pair();
  explicit Channel(base::FileDescriptor socket);
  Channel(Channel&&) noexcept;
  Channel& operator=(Channel&&) noexcept;
  ~Channel();

  /// Descriptors stay open here; the other side gets copies. kUnavailable: the other side is gone. kUsage: over a limit,
  /// nothing was sent and the channel can still be used.
  Status send(uint8_t type, std::string_view payload, std::span<const base::FileDescriptor> descriptors = {});
  /// Frames of append_frame(), in one write.
  Status send_frames(std::string_view frames);
  /// Blocks. kUnavailable: the other side is gone; kCorrupt: it broke the form, or sent more descriptors than the caller
  /// said that it expects (front expects none from a role).
  Result<Frame> receive(size_t max_descriptors = kMaxDescriptors);
  void close_both();
  /// The other side reads what was sent and then the end; what it says still arrives.
  void close_sending();

  int descriptor() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ingle::roles
