// Ways to make a packet leave. Addresses: TEST-NET-1 and its like for IPv6 (RFC 5737, RFC 3849), which no router forwards, and
// public resolvers, which every network reaches.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "roles/os/escape_tools.h"

namespace ingle::roles::escape {
namespace {

constexpr uint16_t kHttps = 443;
constexpr uint16_t kDns = 53;

using base::FileDescriptor;

sockaddr_in address4(const char* text, uint16_t port) {
  sockaddr_in address{.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {}, .sin_zero = {}};
  ::inet_pton(AF_INET, text, &address.sin_addr);
  return address;
}

template <typename T>
const sockaddr* generic(const T& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

/// A socket that exists is an escape, whatever becomes of the connection: the machine may have no route at this moment.
template <typename T>
std::string connect_with_new_socket(int family, const T& address, socklen_t size) {
  const FileDescriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return refused();
  if (::connect(fd.get(), generic(address), size) == 0 || errno == EINPROGRESS) return escaped("a packet was sent");
  return escaped("it has a socket");
}

std::string connect_unix(std::string_view path, bool abstract) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  std::memcpy(address.sun_path + (abstract ? 1 : 0), path.data(), path.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return connect_with_new_socket(AF_UNIX, address, size);
}

/// A TCP socket that front has, brought to the state in which a packet with an address would open a connection.
int closed_socket(const Possessions& has) {
  ::shutdown(has.listening.get(), SHUT_RD);
  return has.listening.get();
}

}  // namespace

std::string connect_tcp4(const Possessions& /*has*/) {
  return connect_with_new_socket(AF_INET, address4("192.0.2.1", kHttps), sizeof(sockaddr_in));
}

std::string connect_tcp6(const Possessions& /*has*/) {
  sockaddr_in6 address{
      .sin6_family = AF_INET6, .sin6_port = htons(kHttps), .sin6_flowinfo = 0, .sin6_addr = {}, .sin6_scope_id = 0};
  ::inet_pton(AF_INET6, "2001:db8::1", &address.sin6_addr);
  return connect_with_new_socket(AF_INET6, address, sizeof address);
}

std::string connect_tcp_to_a_resolver(const Possessions& /*has*/) {
  return connect_with_new_socket(AF_INET, address4("1.1.1.1", kDns), sizeof(sockaddr_in));
}

std::string send_udp_question(const Possessions& /*has*/) {
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.valid()) return refused();
  // Identifier 1, recursion desired, one question: example.com, type A, class IN (RFC 1035).
  constexpr char kQuestion[] = "\0\1\1\0\0\1\0\0\0\0\0\0\7example\3com\0\0\1\0\1";
  const sockaddr_in address = address4("9.9.9.9", kDns);
  const ssize_t n = ::sendto(fd.get(), kQuestion, sizeof kQuestion - 1, 0, generic(address), sizeof address);
  return escaped(n > 0 ? "a packet was sent" : "it has a socket");
}

std::string resolve_a_name(const Possessions& /*has*/) {
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo("example.com", "443", nullptr, &found);
  if (error == 0) {
    ::freeaddrinfo(found);
    return escaped("the name was resolved");
  }
  // The resolver says why it failed, not whether it asked; a datagram socket of its own is what it would need.
  const FileDescriptor fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return fd.valid() ? escaped("the resolver could ask") : refused();
}

std::string raw_socket(const Possessions& /*has*/) {
  return outcome_of_descriptor(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP), "it has a raw socket");
}

std::string packet_socket(const Possessions& /*has*/) {
  return outcome_of_descriptor(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0), "it has a packet socket");
}

std::string netlink_socket(const Possessions& /*has*/) {
  return outcome_of_descriptor(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "it has a netlink socket");
}

std::string vsock_socket(const Possessions& /*has*/) {
  const sockaddr_vm address{.svm_family = AF_VSOCK,
                            .svm_reserved1 = 0,
                            .svm_port = 1024,
                            .svm_cid = VMADDR_CID_HOST,
                            .svm_flags = 0,
                            .svm_zero = {}};
  return connect_with_new_socket(AF_VSOCK, address, sizeof address);
}

std::string abstract_unix_socket(const Possessions& /*has*/) {
  return connect_unix("/tmp/.X11-unix/X0", true);
}

std::string system_bus(const Possessions& /*has*/) {
  return connect_unix("/run/dbus/system_bus_socket", false);
}

std::string docker_socket(const Possessions& /*has*/) {
  return connect_unix("/var/run/docker.sock", false);
}

std::string datagram_pair(const Possessions& /*has*/) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) != 0) return refused();
  return escaped("its packets could go to any named socket");
}

std::string reconnect_what_is_connected(const Possessions& has) {
  const int fd = has.accepted.valid() ? has.accepted.get() : has.channel;
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  if (::connect(fd, &nowhere, sizeof nowhere) != 0) return refused();
  return escaped("a connection was dissolved and may be made again elsewhere");
}

std::string fast_open_sendto(const Possessions& has) {
  if (!has.listening.valid()) return connect_tcp4(has);
  const sockaddr_in address = address4("192.0.2.1", kHttps);
  const ssize_t n = ::sendto(closed_socket(has), "x", 1, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL, generic(address),
                             sizeof address);
  return n >= 0 || errno == EINPROGRESS ? escaped("a packet was sent") : refused();
}

std::string fast_open_sendmsg(const Possessions& has) {
  sockaddr_in address = address4("192.0.2.1", kHttps);
  char byte = 'x';
  iovec part{.iov_base = &byte, .iov_len = 1};
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  const bool tcp = has.listening.valid();
  const ssize_t n =
      ::sendmsg(tcp ? closed_socket(has) : has.channel, &message, MSG_FASTOPEN | MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n >= 0 || errno == EINPROGRESS) return escaped("a packet was sent");
  // The channel is a connected AF_UNIX stream: no address can be given to it.
  return tcp ? refused() : refused({EISCONN});
}

std::string bind_a_port(const Possessions& has) {
  if (has.listening.valid()) {
    const sockaddr_in any{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_ANY)}, .sin_zero = {}};
    return outcome_of_call(::bind(closed_socket(has), generic(any), sizeof any), "it listens elsewhere");
  }
  return outcome_of_descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "it has a socket to listen on");
}

std::string ring_of_io(const Possessions& /*has*/) {
  // linux/io_uring.h: struct io_uring_params has 120 bytes. A ring would offer IORING_OP_SOCKET and IORING_OP_CONNECT.
  alignas(8) std::array<char, 120> parameters{};
  return outcome_of_descriptor(static_cast<int>(::syscall(SYS_io_uring_setup, 4, parameters.data())),
                               "it has an io_uring");
}

std::string socket_by_i386(const Possessions& /*has*/) {
#if defined(__x86_64__)
  long result = 359;  // socket() in the table of i386
  // A 32-bit call from a 64-bit program; its filter would see another number for the same call.
  asm volatile("int $0x80" : "+a"(result) : "b"(AF_INET), "c"(SOCK_STREAM), "d"(0) : "memory");
  if (result < 0) errno = static_cast<int>(-result);
  return outcome_of_descriptor(static_cast<int>(result), "it has a socket");
#else
  return {};
#endif
}

std::string socket_by_x32(const Possessions& /*has*/) {
#if defined(__x86_64__)
  constexpr long kX32 = 0x40000000;
  return outcome_of_descriptor(static_cast<int>(::syscall(kX32 | SYS_socket, AF_INET, SOCK_STREAM, 0)),
                               "it has a socket");
#else
  return {};
#endif
}

std::string tunnel_device(const Possessions& /*has*/) {
  const FileDescriptor fd(::open("/dev/net/tun", O_RDWR | O_CLOEXEC));
  return fd.valid() ? escaped("it has a network device") : refused({ENOENT});
}

}  // namespace ingle::roles::escape
