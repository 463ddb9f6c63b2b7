// ServerFile: INGLE_HOME/run/server.json (0600), which says where this installation's server answers, for `ingle app`, `ps`
// and `stop`. They know one: a home has one server at a time.
//
// The server holds a lock on it from before it listens until its last answer. The lock is a record lock (fcntl), which ends with its process and
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
  /// "https://127.0.0.1:11434"
  std::string url() const;
  std::optional<size_t> ending = {};  // the requests that were under way when it began to end; nothing: it does not end
};

class ServerFile {
 public:
  /// Makes this process the server of `home`, of which nobody can say yet where it is. An error that says so where another
  /// process is.
  static Result<ServerFile> hold(const std::filesystem::path& home);
  Status tell(ServerPlace place);
  /// A renewed certificate.
  void show_certificate(const std::string& sha256);
  /// It takes no requests any more, and still answers so many.
  void show_ending(size_t requests);
  ServerFile(ServerFile&&) = default;
  ServerFile& operator=(ServerFile&&) = delete;
  /// Removes the file, then ends the lock.
  ~ServerFile();

 private:
  ServerFile(std::filesystem::path path, base::FileDescriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  Status write() const;

  std::filesystem::path path_;
  base::FileDescriptor fd_;
  ServerPlace place_ = {};
};

/// The server of this installation that runs now.
struct RunningServer : ServerPlace {
  pid_t pid = 0;  // of the process that holds the lock
};
std::filesystem::path server_file(const std::filesystem::path& home);
/// Nothing where none runs, whatever the file says; `ending` says of one that it will not for long. Not for the server's
/// own process.
std::optional<RunningServer> find_running_server(const std::filesystem::path& home);

}  // namespace ingle::app
