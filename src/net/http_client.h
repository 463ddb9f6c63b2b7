// The HTTP client: GET and POST over TLS, through proxies, with ranges, redirects, time limits and size limits.
//
// A body is handed on in chunks as it arrives and never held whole. An HttpClient is immutable: one object may serve
// several threads at once, each call with its own connection. Calls block until they are done, fail, or `stop` is
// requested. Only net/*.cpp includes a socket library.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "base/result.h"
#include "net/egress.h"
#include "net/http_types.h"
#include "net/transport.h"

namespace ingle::net {

class HttpClient final : public HttpTransport {
 public:
  /// `key` verifies receipts; a client without one only downloads.
  static Result<HttpClient> create(HttpSettings settings, std::optional<ReceiptKey> key = {});
  HttpClient(HttpClient&&) noexcept;
  HttpClient& operator=(HttpClient&&) noexcept;
  ~HttpClient() override;

  /// A download follows redirects, each of them checked; what has a receipt never does.
  Result<HttpHead> send(const HttpRequest& request, const EgressPermit& permit, const BodySink& sink,
                        std::stop_token stop) const override;

  const HttpSettings& settings() const;

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Transports of this very process, for a composition without roles.
TransportFactory direct_transport(std::optional<ReceiptKey> key = {});

}  // namespace ingle::net
