#include "base/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <string>

namespace ingle::base {
namespace {

constexpr int kFirstInherited = 3;

std::optional<long> number_in(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  long number = 0;
  const auto [end, code] = std::from_chars(text, text + std::strlen(text), number);
  return code == std::errc() && *end == '\0' ? std::optional(number) : std::nullopt;
}

}  // namespace

Result<std::optional<FileDescriptor>> take_inherited_socket() {
  const auto pid = number_in("LISTEN_PID");
  const auto count = number_in("LISTEN_FDS");
  for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"})
    ::unsetenv(name);  // they are not for this process's children
  if (!pid || !count || *pid != ::getpid() || *count <= 0) return std::nullopt;
  if (*count > 1)
    return std::unexpected(Error::usage("the service manager handed over " + std::to_string(*count) + " sockets")
                               .hint("one ListenStream= is enough: a server has one address"));
  FileDescriptor socket(kFirstInherited);
  ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC);
  int listens = 0;
  socklen_t size = sizeof listens;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) != 0 || listens == 0)
    return std::unexpected(Error::usage("the service manager handed over something that is no listening socket")
                               .hint("ListenStream= with Accept=no makes one"));
  return socket;
}

ServiceManager ServiceManager::open() {
  ServiceManager manager;
  const char* path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = path == nullptr ? 0 : std::strlen(path);
  if (length == 0 || length >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return manager;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name
  ::unsetenv("NOTIFY_SOCKET");
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  if (socket.valid() && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) == 0)
    manager.socket_ = std::move(socket);
  return manager;
}

void ServiceManager::tell(std::string_view state) const {
  if (socket_.valid()) static_cast<void>(!::write(socket_.get(), state.data(), state.size()));
}

void ServiceManager::tell_reloading() const {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  tell("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(now).count()));
}

}  // namespace ingle::base
