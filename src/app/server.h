// Server: what `ingle serve` runs: the API over this process's models, store, conversations and router.
//
// Made by the thread of main() after Front::lock(); owns the HTTP server's threads until stop() or its end. `front` must
// outlive it. While it runs, app/server_file.h says where, for `ingle app`.
#pragma once

#include <memory>
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

}  // namespace ingle::app
