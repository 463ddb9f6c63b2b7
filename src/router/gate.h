// The privacy gate: the only place that can make a ReleasedRequest, and so the only way from a prompt to a provider.
//
// It fails closed. It looks at exactly the bytes that would leave (every string in them as its reader will see it, all of
// them joined, percent-decoded and base64-decoded too) and signs them; the egress role sends nothing else. Any thread.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "chat/types.h"
#include "net/egress.h"
#include "net/http_types.h"
#include "net/receipt.h"
#include "router/ledger.h"
#include "router/offline.h"
#include "router/policy.h"

namespace ingle::router {

class ReleasedRequest {
 public:
  const net::HttpRequest& http() const { return http_; }
  const net::EgressPermit& permit() const { return permit_; }
  /// What was found and may leave under the policy.
  const std::vector<FindingCount>& findings() const { return findings_; }

 private:
  friend class Gate;
  ReleasedRequest(net::HttpRequest http, net::EgressPermit permit, std::vector<FindingCount> findings)
      : http_(std::move(http)), permit_(std::move(permit)), findings_(std::move(findings)) {}
  net::HttpRequest http_;
  net::EgressPermit permit_;
  std::vector<FindingCount> findings_;
};

/// Why a request stays here.
struct Withheld {
  std::string decided_by;  // "offline", "policy", "gate"
  std::string reason;      // one sentence for people
  std::vector<FindingCount> findings;
};

/// Everything of any kind in the body of a request. Nothing at all when it cannot be read.
Result<std::vector<FindingCount>> inspect_body(std::string_view body);

class Gate {
 public:
  Gate(net::ReceiptKey key, OfflineSwitch offline) : key_(key), offline_(std::move(offline)) {}

  std::expected<ReleasedRequest, Withheld> release(const Policy& policy, std::string_view api_key,
                                                   const chat::CompleteRequest& request) const;

 private:
  net::ReceiptKey key_;
  OfflineSwitch offline_;
};

}  // namespace ingle::router
