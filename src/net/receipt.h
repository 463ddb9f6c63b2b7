// Receipts: proof that the privacy gate released exactly these bytes for exactly this address.
//
// The key is made once a start and lives in two processes, the one that runs the gate and the egress role, which verifies a
// receipt before it opens a connection. Plain values, any thread.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http_types.h"

namespace ingle::net {

/// HMAC-SHA256, 32 bytes.
struct Receipt {
  std::string mac;
};

class ReceiptKey {
 public:
  static constexpr size_t kBytes = 32;

  /// Random.
  static Result<ReceiptKey> create();
  /// What bytes() gave in the other process; kCorrupt for another length.
  static Result<ReceiptKey> from_bytes(std::string_view bytes);
  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }

  ~ReceiptKey();
  ReceiptKey(const ReceiptKey&) = default;
  ReceiptKey& operator=(const ReceiptKey&) = default;

  /// Over method, origin, user info, target, every header, range and body.
  Result<Receipt> sign(const HttpRequest& request) const;
  bool verify(const HttpRequest& request, const Receipt& receipt) const;

 private:
  ReceiptKey() = default;
  std::array<char, kBytes> bytes_{};
};

}  // namespace ingle::net
