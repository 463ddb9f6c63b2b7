// Server: what `ingle serve` runs: the API over this process's models, store, conversations and router.
//
// Made by the thread of main() after Front::lock(); owns the HTTP server's threads until stop() or its end. `front` must
// outlive it. While it runs, app/server_file.h says where.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "app/attach.h"
#include "app/front.h"
#include "app/server_file.h"
#include "app/server_tls.h"
#include "base/result.h"
#include "net/listener.h"

namespace ingle::app {

/// The words of a setting that is a list: in lower case, without spaces and '*'.
std::vector<std::string> words_of(std::string_view list);

/// What the end of a server waits for: "2 requests are answered still, for 30 s at most".
std::string wait_text(size_t requests);

struct ServerOptions {
  bool echo = false;  // EchoModels instead of models
  std::string version;
  std::optional<ServerTls> tls = {};
  /// Beyond loopback without TLS: the network is trusted as this machine's programs are.
  bool insecure = false;
  std::vector<std::string> machine_names = {};  // that a request may call it by, where it listens beyond loopback
  std::shared_ptr<AttachListener> attach = {};  // null: commands load models of their own
};

class Server {
 public:
  /// What answers under way are given at the end. Packages grant the whole end more (TimeoutStopSec).
  static constexpr std::chrono::seconds kDrain{30};

  /// `file`: that this process is the server of its home.
  static Result<std::unique_ptr<Server>> start(Front& front, ServerFile file, net::Listener listener,
                                               const ServerOptions& options);
  ~Server();

  /// Settings that can change while answers are under way are read anew: hosts, origins, how long models stay and how many.
  /// Answers in words what was taken over and what waits for the next start.
  Result<std::string> reload();

  /// Until `stop` asks for the end, or the server cannot do its work any more: then why. It is for the caller to stop it,
  /// and whoever started the program to start it anew.
  Status wait(const std::stop_token& stop) const;

  /// Requests under way.
  size_t busy() const;

  /// Lets answers under way end, for `drain` at most, then everything, whatever it waits for.
  void stop(std::chrono::steady_clock::duration drain);

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ingle::app
