// EgressPermit: the right to send one kind of request to the outside.
//
// The HTTP client sends nothing without one, and each permit says what it is for. Model downloads make theirs in store's
// pull; a permit for prompts and documents carries a receipt, which only the holder of the key, the privacy gate, can make.
// Plain value, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "net/http_types.h"
#include "net/receipt.h"

namespace ingle::net {

class EgressPermit {
 public:
  /// Requests without a body to `host`, and to the hosts that it redirects to: a download, nothing of the user's leaves.
  static EgressPermit for_model_download(std::string host) { return EgressPermit(std::move(host), std::nullopt); }
  /// The one request over which the receipt was made.
  static EgressPermit for_released(std::string host, Receipt receipt) {
    return EgressPermit(std::move(host), std::move(receipt));
  }

  const std::string& host() const { return host_; }
  /// Nothing: a download.
  const std::optional<Receipt>& receipt() const { return receipt_; }

 private:
  EgressPermit(std::string host, std::optional<Receipt> receipt)
      : host_(std::move(host)), receipt_(std::move(receipt)) {}
  std::string host_;
  std::optional<Receipt> receipt_;
};

/// Whether the permit covers this request. `key` verifies receipts; without one (nullptr) only downloads are possible.
Status check_permit(const HttpRequest& request, const EgressPermit& permit, const ReceiptKey* key);

}  // namespace ingle::net
