#include "net/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "net/loopback.h"
#include "net/url.h"

namespace ingle::net {
namespace {

constexpr int kBacklog = 1024;
constexpr unsigned kProbeMs = 500;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

std::optional<Address> socket_address(const ListenAddress& where) {
  if (where.host.find('\0') != std::string::npos) return std::nullopt;  // C would not see what follows
  Address address;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
  if (::inet_pton(AF_INET, where.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(where.port);
    address.size = sizeof *v4;
    return address;
  }
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&address.storage);
  if (::inet_pton(AF_INET6, where.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(where.port);
    address.size = sizeof *v6;
    return address;
  }
  return std::nullopt;
}

const sockaddr* raw(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address.storage);
}

/// Inodes of the sockets that listen on this port, from /proc/net/tcp (proc(5)): local address and state in columns 1 and
/// 3, inode in column 9. Any address counts: a listener on 0.0.0.0 takes the port of 127.0.0.1 too.
std::vector<std::string> listening_inodes(uint16_t port) {
  std::vector<std::string> inodes;
  const std::string suffix = fmt::format(":{:04X}", port);
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    std::string line;
    std::getline(file, line);
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout, inode;
      words >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
      if (state == "0A" && local.ends_with(suffix) && inode != "0") inodes.push_back(inode);
    }
  }
  return inodes;
}

bool has_socket(const std::filesystem::path& process, const std::vector<std::string>& inodes) {
  std::error_code error;
  for (std::filesystem::directory_iterator fd(process / "fd", error), end; !error && fd != end; fd.increment(error)) {
    std::error_code unreadable;
    const std::string target = std::filesystem::read_symlink(fd->path(), unreadable).string();
    for (const std::string& inode : inodes)
      if (target == "socket:[" + inode + "]") return true;
  }
  return false;
}

Error taken(const ListenAddress& address) {
  const auto asked = ask_loopback(address, {.target = "/api/version", .timeout_ms = kProbeMs});
  const std::string server = asked ? lower_ascii(asked->server) : "";
  const std::string answer = asked ? lower_ascii(asked->body) : "";
  std::string who = who_listens(address);
  const std::string process = who.empty() ? "" : ": " + who;
  const auto hint = [&](std::string_view first) {
    return fmt::format("{}choose another: ingle serve --host {} (or port 0, which picks a free one)", first,
                       ListenAddress{address.host, static_cast<uint16_t>(address.port + 1)}.text());
  };
  if (server.starts_with("ingle"))
    return Error::unavailable(fmt::format("{} is taken by another Inglenook{}", address.text(), process))
        .hint(hint("it is of another home (INGLE_HOME), and can be used as it is; or "));
  if (answer.starts_with("{\"version\":"))
    return Error::unavailable(fmt::format("{} is taken by an Ollama{}", address.text(), process))
        .hint(hint("stop it (systemctl stop ollama), or "));
  if (who.empty()) who = "a process that this user may not look at";
  return Error::unavailable(fmt::format("{} is taken by {}", address.text(), who)).hint(hint(""));
}

Result<ListenAddress> bound_address(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0)
    return std::unexpected(Error::io("asking the listening socket for its address", errno));
  char text[INET6_ADDRSTRLEN] = {};
  if (bound.ss_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(&bound);
    return ListenAddress{.host = ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text), .port = ntohs(v4->sin_port)};
  }
  if (bound.ss_family == AF_INET6) {
    const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&bound);
    return ListenAddress{.host = ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text),
                         .port = ntohs(v6->sin6_port)};
  }
  return std::unexpected(Error::usage("the listening socket is none of TCP").hint("ListenStream= wants ADDRESS:PORT"));
}

}  // namespace

Result<ListenAddress> ListenAddress::parse(std::string_view text, uint16_t default_port) {
  const auto wrong = [&] {
    return std::unexpected(Error::usage(fmt::format("'{}' is not an address to listen on", text))
                               .hint("write ADDRESS:PORT, such as 127.0.0.1:11434"));
  };
  std::string_view rest = text;
  // A URL without a port means its scheme's, as in Ollama's OLLAMA_HOST.
  ListenAddress address{.host = "127.0.0.1", .port = default_port};
  static constexpr std::pair<std::string_view, uint16_t> kSchemes[] = {{"http://", uint16_t{80}},
                                                                       {"https://", uint16_t{443}}};
  for (const auto& [scheme, port] : kSchemes) {
    if (!lower_ascii(rest.substr(0, scheme.size())).starts_with(scheme)) continue;
    rest.remove_prefix(scheme.size());
    address.port = port;
    break;
  }
  rest = rest.substr(0, rest.find('/'));
  std::string_view host = rest;
  std::optional<std::string_view> port;
  if (rest.starts_with('[')) {
    const size_t end = rest.find(']');
    if (end == std::string_view::npos) return wrong();
    host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
    if (!rest.empty() && rest.front() != ':') return wrong();
    if (!rest.empty()) port = rest.substr(1);
  } else if (const size_t colon = rest.find(':'); colon != std::string_view::npos && colon == rest.rfind(':')) {
    host = rest.substr(0, colon);
    port = rest.substr(colon + 1);
  } else if (!rest.empty() && rest.find_first_not_of("0123456789") == std::string_view::npos) {
    host = {};
    port = rest;
  }
  if (port) {
    const auto [end, code] = std::from_chars(port->data(), port->data() + port->size(), address.port);
    if (code != std::errc() || end != port->data() + port->size()) return wrong();
  }
  if (!host.empty() && lower_ascii(host) != "localhost") address.host = host;
  if (!socket_address(address)) return wrong();
  return address;
}

bool ListenAddress::is_loopback() const {
  const auto address = socket_address(*this);
  if (!address) return false;
  if (address->storage.ss_family == AF_INET6)
    return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(&address->storage)->sin6_addr);
  const auto* v4 = reinterpret_cast<const sockaddr_in*>(&address->storage);
  return ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

ListenAddress ListenAddress::from_here() const {
  if (host == "0.0.0.0") return {.host = "127.0.0.1", .port = port};
  if (host == "::") return {.host = "::1", .port = port};
  return *this;
}

std::string ListenAddress::text() const {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

Result<Listener> open_listener(const ListenAddress& address) {
  const auto where = socket_address(address);
  if (!where) return std::unexpected(Error::usage(fmt::format("'{}' is not an address", address.host)));
  Listener listener{
      .socket = base::FileDescriptor(::socket(where->storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)),
      .address = address};
  const int fd = listener.socket.get();
  if (fd < 0) return std::unexpected(Error::io("opening a socket", errno));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, raw(*where), where->size) != 0) {
    if (errno == EADDRINUSE) return std::unexpected(taken(address));
    if (errno == EACCES)
      return std::unexpected(Error::refused(fmt::format("this user may not listen on {}", address.text()))
                                 .hint("ports below 1024 are the system's"));
    return std::unexpected(Error::io(fmt::format("listening on {}", address.text()), errno));
  }
  if (::listen(fd, kBacklog) != 0) {
    if (errno == EADDRINUSE) return std::unexpected(taken(address));
    return std::unexpected(Error::io(fmt::format("listening on {}", address.text()), errno));
  }
  INGLE_TRY(const ListenAddress bound, bound_address(fd));
  listener.address.port = bound.port;
  return listener;
}

Result<Listener> adopt_listener(base::FileDescriptor socket) {
  INGLE_TRY(ListenAddress address, bound_address(socket.get()));
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return std::unexpected(Error::io("taking over the listening socket", errno));
  return Listener{.socket = std::move(socket), .address = std::move(address)};
}

std::string who_listens(const ListenAddress& address) {
  const auto inodes = listening_inodes(address.port);
  if (inodes.empty()) return {};
  std::error_code error;
  for (std::filesystem::directory_iterator process("/proc", error), end; !error && process != end;
       process.increment(error)) {
    const std::string pid = process->path().filename().string();
    if (pid.find_first_not_of("0123456789") != std::string::npos || !has_socket(process->path(), inodes)) continue;
    std::ifstream file(process->path() / "comm");
    std::string name;
    std::getline(file, name);
    return fmt::format("{} (process {})", name, pid);
  }
  return {};
}

}  // namespace ingle::net
