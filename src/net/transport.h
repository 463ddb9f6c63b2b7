// HttpTransport: how requests leave this machine.
//
// HttpClient is the real one and runs in the egress role only; everybody else holds one that passes requests to that role.
// Calls block until they are done, fail, or `stop` is requested; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>

#include "base/result.h"
#include "net/egress.h"
#include "net/http_types.h"

namespace ingle::net {

class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  /// One request. Any status is an answer, not an error; kUnavailable: nobody answered, or the answer broke off;
  /// kCorrupt: the answer breaks HTTP; kRefused: it breaks our rules (redirect, size, a request that the permit does not
  /// cover); errors of the sink pass through.
  virtual Result<HttpHead> send(const HttpRequest& request, const EgressPermit& permit, const BodySink& sink,
                                std::stop_token stop) const = 0;
};

/// Makes a transport that uses these proxies, certificates and limits.
using TransportFactory = std::function<Result<std::unique_ptr<HttpTransport>>(const HttpSettings&)>;

/// send() for small answers: the body in memory, whatever the status.
Result<TextAnswer> get_text(const HttpTransport& transport, HttpRequest request, const EgressPermit& permit,
                            uint64_t max_bytes, std::stop_token stop);

}  // namespace ingle::net
