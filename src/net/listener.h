// Listening sockets: where to listen as a person writes it, and who is there already when the place is taken.
//
// Used once at start, by the thread of main(), before the process gives up opening sockets.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"

namespace ingle::net {

struct ListenAddress {
  std::string host;  // an address: "127.0.0.1", "::1"
  uint16_t port = 0;

  /// "127.0.0.1:11434", "localhost:8080", ":8080", "8080", "[::1]:8080", "127.0.0.1", "http://127.0.0.1:8080/".
  /// What is missing is 127.0.0.1 and `default_port`.
  static Result<ListenAddress> parse(std::string_view text, uint16_t default_port);
  /// 127.0.0.0/8 or ::1, as a number: a name is none, whatever it leads to.
  bool is_loopback() const;
  /// Where this machine reaches it: every address of it is 127.0.0.1 too.
  ListenAddress from_here() const;
  /// "127.0.0.1:8080", "[::1]:8080"
  std::string text() const;
};

struct Listener {
  base::FileDescriptor socket;
  ListenAddress address;  // with the port that port 0 became
};

/// Binds and listens. A taken port is kUnavailable and says who has it, as far as can be seen, and what to do.
Result<Listener> open_listener(const ListenAddress& address);

/// A socket that listens already, from a service manager.
Result<Listener> adopt_listener(base::FileDescriptor socket);

/// The process that listens there: "ollama (process 4711)"; empty when it cannot be seen.
std::string who_listens(const ListenAddress& address);

}  // namespace ingle::net
