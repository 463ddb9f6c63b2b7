// RemoteTransport: requests to the outside, sent by the egress role, seen from front.
//
// One EgressConnection per egress process; it owns a thread that reads the channel. Any thread may send, several at once;
// sinks are called by the thread that sends, and a slow one holds up nothing but its own request. When the process ends, or
// says something that it would not, every request in flight ends with kUnavailable.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "net/receipt.h"
#include "net/transport.h"
#include "roles/channel.h"

namespace ingle::roles {

class EgressConnection {
 public:
  /// `owner` keeps the process and its channel; it is let go of last.
  EgressConnection(Channel& channel, std::shared_ptr<void> owner, const net::ReceiptKey& key);
  ~EgressConnection();
  EgressConnection(const EgressConnection&) = delete;
  EgressConnection& operator=(const EgressConnection&) = delete;

  bool alive() const;
  /// As HttpTransport::send. `allowed` is asked before every piece of the answer: an error ends the request with it.
  Result<net::HttpHead> send(const net::HttpSettings& settings, const net::HttpRequest& request,
                             const net::EgressPermit& permit, const net::BodySink& sink, std::stop_token stop,
                             const std::function<Status()>& allowed);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class RemoteTransport final : public net::HttpTransport {
 public:
  /// The connection to use now: starts the process where there is none. An error, such as "offline", is the request's.
  using Connect = std::function<Result<std::shared_ptr<EgressConnection>>()>;

  /// The certificates that the settings name are read here: the egress role opens no files.
  static Result<std::unique_ptr<net::HttpTransport>> create(net::HttpSettings settings, Connect connect,
                                                            std::function<Status()> allowed);

  Result<net::HttpHead> send(const net::HttpRequest& request, const net::EgressPermit& permit,
                             const net::BodySink& sink, std::stop_token stop) const override;

 private:
  RemoteTransport(net::HttpSettings settings, Connect connect, std::function<Status()> allowed)
      : settings_(std::move(settings)), connect_(std::move(connect)), allowed_(std::move(allowed)) {}
  const net::HttpSettings settings_;
  const Connect connect_;
  const std::function<Status()> allowed_;
};

}  // namespace ingle::roles
