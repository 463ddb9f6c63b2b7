#include "net/egress.h"

#include <fmt/format.h>

#include <algorithm>

namespace ingle::net {
namespace {

/// Without a receipt nothing of the user's may leave, so these are the only headers that a download may add.
bool is_download_header(const HttpHeader& header) {
  const std::string name = lower_ascii(header.name);
  return name == "accept" || name == "authorization";
}

Status check_download(const HttpRequest& request) {
  if (request.method != HttpMethod::kGet || !request.body.empty()) {
    return std::unexpected(
        Error::refused("a request with a body to " + request.url.authority() + " has no receipt of the privacy gate"));
  }
  const auto foreign = std::ranges::find_if_not(request.headers, is_download_header);
  if (foreign != request.headers.end()) {
    return std::unexpected(Error::refused(fmt::format("a download from {} may not carry the header '{}'",
                                                      request.url.authority(), foreign->name.substr(0, 100))));
  }
  return {};
}

}  // namespace

Status check_permit(const HttpRequest& request, const EgressPermit& permit, const ReceiptKey* key) {
  if (permit.host() != request.url.host) {
    return std::unexpected(
        Error::internal("a permit for '" + permit.host() + "' was used for '" + request.url.host + "'"));
  }
  if (request.url.scheme == "file") return std::unexpected(Error::internal("the HTTP client opens no files"));
  if (!permit.receipt()) return check_download(request);
  if (key == nullptr || !key->verify(request, *permit.receipt())) {
    return std::unexpected(Error::refused("the receipt for " + request.url.authority() +
                                          " was not made by this machine's privacy gate for exactly these bytes"));
  }
  return {};
}

}  // namespace ingle::net
