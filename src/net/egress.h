// EgressPermit: the right to open one kind of connection to the outside.
//
// The HTTP client sends nothing without one, and each permit says what it is for. Model downloads make theirs in store's
// pull; a permit for prompts and documents can only come from the privacy gate. Plain value, any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace ingle::net {

class EgressPermit {
 public:
  /// Requests without a body to `host`, and to the hosts that it redirects to: a download, nothing of the user's leaves.
  static EgressPermit for_model_download(std::string host) { return EgressPermit(std::move(host)); }

  const std::string& host() const { return host_; }

 private:
  explicit EgressPermit(std::string host) : host_(std::move(host)) {}
  std::string host_;
};

}  // namespace ingle::net
