// The router: the model `auto`, which answers on this machine and asks a provider only when the local model is unsure, the
// policy allows it, and the privacy gate finds nothing in the request that must stay.
//
// One Routing per process, owned by the composition root; any thread. auto_model() is a chat::Completer like any other;
// Finished::route says "cloud:NAME" where a provider answered. With no policy.toml or no provider in it there is no cloud:
// `auto` is then the local model under another name. The *_json functions are the bodies of the app's own API.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "net/receipt.h"
#include "net/transport.h"
#include "router/ledger.h"
#include "router/offline.h"
#include "router/policy.h"
#include "runtime/models.h"

namespace ingle::router {

/// The name under which the router can be asked.
inline constexpr std::string_view kAutoModel = "auto";

struct RoutingOptions {
  std::filesystem::path home;  // policy.toml and ledger.db lie here
  OfflineSwitch offline;
  runtime::Models* models = nullptr;  // outlives the Routing
  /// The installed model that answers when the policy names none.
  std::function<Result<std::string>()> default_model;
  /// The way out: in the product one through the egress role, which holds the same key.
  std::function<Result<std::unique_ptr<net::HttpTransport>>()> transport;
  net::ReceiptKey key;
  /// Reads the variable that a policy names for an API key.
  std::function<std::optional<std::string>(std::string_view)> environment;
  std::function<int64_t()> now_unix;
};

struct PolicyStatus {
  bool present = false;
  std::string path;
  std::string provider;          // empty: none
  std::optional<Policy> policy;  // nothing: there is none, or it has a fault
  bool cloud_possible = false;
  std::string text;                   // of the file
  std::vector<std::string> problems;  // each names the line
};

class Routing {
 public:
  /// Never fails for a broken policy or ledger: these only make the cloud impossible, and status shows why.
  static std::unique_ptr<Routing> create(RoutingOptions options);
  ~Routing();

  /// Shared with the requests in flight; may outlive this object's last other use, not the object.
  std::shared_ptr<chat::Completer> auto_model();

  PolicyStatus policy() const;
  const OfflineSwitch& offline() const;
  /// A download's row, before it leaves and when it is over (then with its row number). Errors are swallowed, and models
  /// can be pulled with a broken ledger: nothing of the user's is in a download.
  void record_download(Egress& download);

  // Bodies of GET /ingle/v1/decisions, /api/route/explain/ID, /ingle/v1/egress, /ingle/v1/policy and /ingle/v1/offline.
  Result<std::string> decisions_json(uint32_t limit, std::string_view before = {}) const;
  Result<std::string> explain_json(std::string_view request_id) const;
  Result<std::string> egress_json(uint32_t limit) const;
  std::string policy_json() const;
  std::string offline_json() const;
  Status set_offline(bool on);

  // The same as values, for the command line.
  Result<std::vector<Decision>> decisions(uint32_t limit, std::string_view before = {}) const;
  Result<Decision> explain(std::string_view request_id) const;
  Result<std::vector<Egress>> egress(uint32_t limit) const;
  /// Since midnight UTC, when a day's budget begins.
  Result<Spent> spent_today() const;

 private:
  struct State;
  explicit Routing(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // shared with requests in flight, which end after the last caller is gone
};

}  // namespace ingle::router
