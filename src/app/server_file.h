// ServerFile: INGLE_HOME/run/server.json (0600), which says where this installation's server answers, for `ingle app`.
//
// The server holds a lock on it for as long as it runs. The lock is a record lock (fcntl), which ends with its process and
// of which the kernel says whose it is: a file that a killed server left behind is known as such, and nobody is signalled
// because a file names him. Such a lock also ends when its process closes any descriptor of the file, so the process of
// the server must not read it. Owned by the Server; one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "net/listener.h"

namespace ingle::app {

/// Where a server answers, for programs of its owner.
struct ServerPlace {
  net::ListenAddress address;
  std::string instance = {};    // random, of this run of the server: a link for one run is of no use to another
  std::string tls_sha256 = {};  // of its certificate; empty: plain HTTP
  bool insecure = false;        // it can be reached from other machines without TLS
};

class ServerFile {
 public:
  /// Nothing where another server of this installation is running: that one is found, this one is not.
  static Result<std::optional<ServerFile>> hold(const std::filesystem::path& home, ServerPlace place);
  /// A renewed certificate.
  void show_certificate(const std::string& sha256);
  ServerFile(ServerFile&&) = default;
  ServerFile& operator=(ServerFile&&) = delete;
  /// Removes the file, then ends the lock.
  ~ServerFile();

 private:
  ServerFile(std::filesystem::path path, base::FileDescriptor fd, ServerPlace place)
      : path_(std::move(path)), fd_(std::move(fd)), place_(std::move(place)) {}
  Status write() const;

  std::filesystem::path path_;
  base::FileDescriptor fd_;
  ServerPlace place_;
};

/// The server of this installation that runs now.
struct RunningServer : ServerPlace {
  pid_t pid = 0;  // of the process that holds the lock
};
std::filesystem::path server_file(const std::filesystem::path& home);
/// Nothing where none runs, whatever the file says. Not for the server's own process.
std::optional<RunningServer> find_running_server(const std::filesystem::path& home);

}  // namespace ingle::app
