#include "net/loopback.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "net/url.h"

namespace ingle::net {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{1} << 20;

base::FileDescriptor connected(const ListenAddress& address, unsigned timeout_ms) {
  const bool v6 = address.host.find(':') != std::string::npos;
  base::FileDescriptor fd(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fd;
  const timeval limit{.tv_sec = timeout_ms / 1000, .tv_usec = static_cast<suseconds_t>(timeout_ms % 1000) * 1000};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_in);
  if (v6) {
    auto* place = reinterpret_cast<sockaddr_in6*>(&storage);
    place->sin6_family = AF_INET6;
    place->sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &place->sin6_addr);
    size = sizeof *place;
  } else {
    auto* place = reinterpret_cast<sockaddr_in*>(&storage);
    place->sin_family = AF_INET;
    place->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &place->sin_addr);
  }
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&storage), size) != 0) return {};
  return fd;
}

LoopbackAnswer split(std::string_view text) {
  LoopbackAnswer answer;
  const size_t end = std::min(text.find("\r\n\r\n"), text.size());
  std::string_view head = text.substr(0, end);
  if (end < text.size()) answer.body = text.substr(end + 4);
  const size_t space = head.find(' ');
  if (space != std::string_view::npos)
    std::from_chars(head.data() + space + 1, head.data() + head.size(), answer.status);
  while (!head.empty()) {
    const size_t line_end = std::min(head.find("\r\n"), head.size());
    const std::string_view line = head.substr(0, line_end);
    if (lower_ascii(line).starts_with("server: ")) answer.server = line.substr(8);
    head.remove_prefix(std::min(line_end + 2, head.size()));
  }
  return answer;
}

}  // namespace

Result<LoopbackAnswer> ask_loopback(const ListenAddress& address, const LoopbackQuestion& question) {
  if (!address.is_loopback()) return std::unexpected(Error::refused(address.text() + " is not on this machine"));
  const base::FileDescriptor fd = connected(address, question.timeout_ms);
  if (!fd.valid()) return std::unexpected(Error::unavailable("nobody answers on " + address.text()));
  // HTTP/1.0: the answer comes in one piece and ends with the connection.
  std::string request = fmt::format("{} {} HTTP/1.0\r\nHost: {}\r\nConnection: close\r\n", question.method,
                                    question.target, address.text());
  if (!question.authorization.empty()) request += fmt::format("Authorization: {}\r\n", question.authorization);
  request += "\r\n";
  if (::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size()))
    return std::unexpected(Error::unavailable(address.text() + " closed the connection"));
  std::string text;
  char bytes[16 * 1024];
  for (;;) {
    const ssize_t n = ::recv(fd.get(), bytes, sizeof bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0 || text.size() > kMaxAnswerBytes) break;
    text.append(bytes, static_cast<size_t>(n));
  }
  LoopbackAnswer answer = split(text);
  if (answer.status == 0) return std::unexpected(Error::unavailable(address.text() + " gave no answer in time"));
  return answer;
}

}  // namespace ingle::net
