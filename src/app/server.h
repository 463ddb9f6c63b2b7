// Server: what `ingle serve` runs: the API over this process's models, store, conversations and router.
//
// Made by the thread of main() after Front::lock(); owns the HTTP server's threads until stop() or its end. `front` must
// outlive it. While it runs, INGLE_HOME/run/server.json (0600) says where, for `ingle app`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/front.h"
#include "base/result.h"
#include "net/listener.h"

namespace ingle::app {

struct ServerOptions {
  bool echo = false;  // EchoModels instead of models
  std::string version;
};

class Server {
 public:
  static Result<std::unique_ptr<Server>> start(Front& front, net::Listener listener, const ServerOptions& options);
  ~Server();

  /// Lets answers under way end, then everything.
  void stop(unsigned drain_ms);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

/// A server of this installation that runs, or ran: its process may be gone.
struct RunningServer {
  int64_t pid = 0;
  net::ListenAddress address;
};
std::filesystem::path server_file(const std::filesystem::path& home);
std::optional<RunningServer> read_server_file(const std::filesystem::path& home);

}  // namespace ingle::app
