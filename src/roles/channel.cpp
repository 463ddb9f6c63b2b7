#include "roles/channel.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>

#include "base/check.h"
#include "roles/send_limit.h"

namespace ingle::roles {
namespace {

/// The kernel's own limit (SCM_MAX_FD): a hostile frame with more descriptors than ours still fits, and is refused.
constexpr size_t kMostDescriptorsOfKernel = 253;
/// Payload memory is taken in steps of what arrived, never of what a frame states.
constexpr size_t kFirstChunk = size_t{64} << 10;

Error gone() {
  return Error::unavailable("the other process has ended");
}

Error of_errno(std::string_view what, int errno_value) {
  if (errno_value == EPIPE || errno_value == ECONNRESET) return gone();
  if (errno_value == EAGAIN) return Error::unavailable("the other process does not read what it is sent");
  return Error::io(what, errno_value);
}

struct ControlBuffer {
  alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(int) * kMostDescriptorsOfKernel)];
};

/// Takes ownership of every descriptor in `message` at once, so that none leaks on an error later.
void take_descriptors(msghdr& message, std::vector<base::FileDescriptor>& out) {
  for (cmsghdr* control = CMSG_FIRSTHDR(&message); control != nullptr; control = CMSG_NXTHDR(&message, control)) {
    if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(control) + i * sizeof(int), sizeof fd);
      out.emplace_back(fd);
    }
  }
}

/// Writes all of `parts`; the descriptors go with the first byte.
Status write_all(int fd, std::span<iovec> parts, std::span<const base::FileDescriptor> descriptors) {
  ControlBuffer control;
  bool first = true;
  while (!parts.empty()) {
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    if (first && !descriptors.empty()) {
      message.msg_control = control.bytes;
      message.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
      std::memset(control.bytes, 0, message.msg_controllen);
      cmsghdr* header = CMSG_FIRSTHDR(&message);
      header->cmsg_level = SOL_SOCKET;
      header->cmsg_type = SCM_RIGHTS;
      header->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
      for (size_t i = 0; i < descriptors.size(); ++i) {
        const int passed = descriptors[i].get();
        std::memcpy(CMSG_DATA(header) + i * sizeof(int), &passed, sizeof passed);
      }
    }
    const ssize_t n = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(of_errno("sending to another process", errno));
    first = false;
    auto written = static_cast<size_t>(n);
    while (!parts.empty() && written >= parts.front().iov_len) {
      written -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (!parts.empty()) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + written;
      parts.front().iov_len -= written;
    }
  }
  return {};
}

}  // namespace

struct Channel::State {
  base::FileDescriptor socket;
  std::mutex sending;
  std::optional<Error> send_error;     // guarded by `sending`
  std::optional<Error> receive_error;  // touched by the receiving thread only

  Status send(std::span<iovec> parts, std::span<const base::FileDescriptor> descriptors);
  Result<Frame> receive(size_t max_descriptors);
  Status read_head(FrameHeadBytes& head, std::vector<base::FileDescriptor>& descriptors, size_t max_descriptors) const;
  Status read_payload(std::string& payload, size_t size) const;
};

Status Channel::State::send(std::span<iovec> parts, std::span<const base::FileDescriptor> descriptors) {
  const std::scoped_lock lock(sending);
  if (send_error) return std::unexpected(*send_error);
  Status status = write_all(socket.get(), parts, descriptors);
  if (!status) {
    send_error = status.error();
    ::shutdown(socket.get(), SHUT_RDWR);  // half a frame may have gone; what was received before can still be read
  }
  return status;
}

Status Channel::State::read_head(FrameHeadBytes& head, std::vector<base::FileDescriptor>& descriptors,
                                 size_t max_descriptors) const {
  ControlBuffer control;
  for (size_t have = 0; have < head.size();) {
    iovec part{.iov_base = head.data() + have, .iov_len = head.size() - have};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    const ssize_t n = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(of_errno("receiving from another process", errno));
    take_descriptors(message, descriptors);
    if (n == 0) return std::unexpected(gone());
    if ((message.msg_flags & MSG_CTRUNC) != 0 || descriptors.size() > max_descriptors) {
      return std::unexpected(
          Error::corrupt(fmt::format("another process sent descriptors that do not belong: {} or more where {} are "
                                     "allowed, or more than can be opened here",
                                     descriptors.size(), max_descriptors)));
    }
    have += static_cast<size_t>(n);
  }
  return {};
}

Status Channel::State::read_payload(std::string& payload, size_t size) const {
  size_t have = 0;
  while (have < size) {
    // At most twice what has arrived: a length that lies costs its sender the bytes.
    const size_t room = std::min(size, std::max(kFirstChunk, have * 2));
    payload.resize_and_overwrite(room, [&](char*, size_t) { return room; });
    while (have < room) {
      iovec part{.iov_base = payload.data() + have, .iov_len = room - have};
      msghdr message{};
      message.msg_iov = &part;
      message.msg_iovlen = 1;
      const ssize_t n = ::recvmsg(socket.get(), &message, 0);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return std::unexpected(of_errno("receiving from another process", errno));
      // Without room for them the kernel closes the descriptors and says so.
      if ((message.msg_flags & MSG_CTRUNC) != 0) {
        return std::unexpected(Error::corrupt("another process sent descriptors in the middle of a frame"));
      }
      if (n == 0) return std::unexpected(gone());
      have += static_cast<size_t>(n);
    }
  }
  return {};
}

Result<Frame> Channel::State::receive(size_t max_descriptors) {
  Frame frame;
  FrameHeadBytes bytes;
  INGLE_TRY_VOID(read_head(bytes, frame.descriptors, max_descriptors));
  INGLE_TRY(const FrameHead head, decode_frame_head(bytes));
  frame.type = head.type;
  INGLE_TRY_VOID(read_payload(frame.payload, head.size));
  return frame;
}

Result<std::pair<Channel, Channel>> Channel::pair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(Error::io("making a channel between processes", errno));
  }
  return std::pair(Channel(base::FileDescriptor(ends[0])), Channel(base::FileDescriptor(ends[1])));
}

Channel::Channel(base::FileDescriptor socket) : state_(std::make_unique<State>()) {
  INGLE_CHECK(socket.valid());
  state_->socket = std::move(socket);
}

Channel::Channel(Channel&&) noexcept = default;
Channel& Channel::operator=(Channel&&) noexcept = default;
Channel::~Channel() = default;

Status Channel::send(uint8_t type, std::string_view payload, std::span<const base::FileDescriptor> descriptors) {
  if (payload.size() > kMaxPayload || descriptors.size() > kMaxDescriptors) {
    return std::unexpected(
        Error::usage(fmt::format("a frame of {} bytes and {} descriptors is over the limit of {} and {}",
                                 payload.size(), descriptors.size(), kMaxPayload, kMaxDescriptors)));
  }
  for (const auto& descriptor : descriptors) {
    if (!descriptor.valid()) return std::unexpected(Error::usage("a descriptor to be sent is not open"));
  }
  FrameHeadBytes head = encode_frame_head({.type = type, .size = static_cast<uint32_t>(payload.size())});
  iovec parts[] = {{.iov_base = head.data(), .iov_len = head.size()},
                   {.iov_base = const_cast<char*>(payload.data()), .iov_len = payload.size()}};
  return state_->send(std::span(parts, payload.empty() ? 1 : 2), descriptors);
}

Status Channel::send_frames(std::string_view frames) {
  iovec part{.iov_base = const_cast<char*>(frames.data()), .iov_len = frames.size()};
  return state_->send(std::span(&part, 1), {});
}

Result<Frame> Channel::receive(size_t max_descriptors) {
  if (state_->receive_error) return std::unexpected(*state_->receive_error);
  Result<Frame> frame = state_->receive(std::min(max_descriptors, kMaxDescriptors));
  if (!frame) {
    state_->receive_error = frame.error();
    // What follows a broken frame has no meaning; the other side learns it from its next send. One that has only said its
    // last word may still listen.
    if (frame.error().code() != ErrorCode::kUnavailable) close_both();
  }
  return frame;
}

void Channel::close_sending() {
  ::shutdown(state_->socket.get(), SHUT_WR);
}

void Channel::close_both() {
  ::shutdown(state_->socket.get(), SHUT_RDWR);
}

void limit_sending(const Channel& channel, std::chrono::milliseconds patience) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{.tv_sec = seconds.count(),
                      .tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(patience - seconds).count()};
  ::setsockopt(channel.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

int Channel::descriptor() const {
  return state_->socket.get();
}

}  // namespace ingle::roles
