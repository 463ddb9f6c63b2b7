// What a role may send to front, byte by byte: every head that is accepted is written as it was read, every frame that arrives
// was in the bytes, and after an error nothing more is believed.
//
// The first byte says after how many bytes descriptors are slipped in (255: none).
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/check.h"
#include "roles/channel.h"

namespace {

using ingle::base::FileDescriptor;

constexpr size_t kMostBytes = 64 << 10;  // what a socket takes without a reader

void write_all(int socket, std::string_view bytes, bool with_descriptor) {
  static const int null = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  if (with_descriptor) {
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof null);
    std::memcpy(CMSG_DATA(header), &null, sizeof null);
  }
  if (!bytes.empty()) INGLE_CHECK(::sendmsg(socket, &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
}

void check_head(std::string_view bytes) {
  ingle::roles::FrameHeadBytes head;
  if (bytes.size() < head.size()) return;
  std::copy_n(bytes.begin(), head.size(), head.begin());
  const auto decoded = ingle::roles::decode_frame_head(head);
  if (decoded) INGLE_CHECK(ingle::roles::encode_frame_head(*decoded) == head);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1 || size > kMostBytes) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  check_head(bytes);
  int ends[2];
  INGLE_CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
  ingle::roles::Channel channel{FileDescriptor(ends[0])};
  {
    const FileDescriptor other(ends[1]);
    const size_t before = data[0] == 255 ? bytes.size() : std::min<size_t>(data[0], bytes.size());
    write_all(other.get(), bytes.substr(0, before), false);
    write_all(other.get(), bytes.substr(before), true);
  }
  size_t read = 0;
  while (true) {
    const auto frame = channel.receive(data[0] % 2);
    if (!frame) break;
    INGLE_CHECK(frame->payload == bytes.substr(read + ingle::roles::kFrameHeadSize, frame->payload.size()));
    INGLE_CHECK(frame->descriptors.size() <= data[0] % 2);
    read += ingle::roles::kFrameHeadSize + frame->payload.size();
    INGLE_CHECK(read <= bytes.size());
  }
  INGLE_CHECK(!channel.receive().has_value());
  return 0;
}
