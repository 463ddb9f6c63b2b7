// One request for the model `auto`, from the policy to the ledger's last word. Internal to the router.
//
//   policy -> gate -> {withheld: the local answer streams | released: it is held back} -> confidence -> {here | provider}
//
// Runs on a thread of its own; cancel() may come from any.
#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "chat/completer.h"
#include "router/confidence.h"
#include "router/gate.h"
#include "router/ledger.h"
#include "router/local_answer.h"
#include "router/policy.h"
#include "router/router.h"

namespace ingle::router {

/// Tokens of a local answer that are held back until its confidence decides; longer answers then stream on.
inline constexpr size_t kHeldTokens = 48;

/// The local model for `auto` under this policy, loaded with as much context as that, if it was made for it; 0: the setting's.
Result<std::shared_ptr<chat::Completer>> acquire_local(const RoutingOptions& options, const PolicyFile& policy,
                                                       std::string& name, uint32_t context);

class AutoRequest {
 public:
  /// `ledger` may be nullptr: it could not be opened, and nothing leaves. Everything outlives the request.
  AutoRequest(const RoutingOptions& options, const Gate& gate, Ledger* ledger, chat::CompleteRequest request,
              chat::EventSink sink);

  void run();
  void cancel() { stop_.request_stop(); }

 private:
  using Clock = std::chrono::steady_clock;

  struct Held {
    std::vector<chat::Delta> deltas;
    std::optional<chat::Finished> finished;  // nothing: the answer goes on
  };

  std::expected<ReleasedRequest, Withheld> try_release(const PolicyFile& file);
  Result<Held> hold_back(LocalAnswer& answer);
  /// Asks the local model what it holds of a whole answer.
  void add_verdict(const Held& held);
  /// Streams what is left of the answer and ends the request.
  void stream(LocalAnswer& answer);
  void answer_here(const Withheld& why);
  void decide(const Policy& policy, const PolicyFile& file);
  void keep(std::unique_ptr<LocalAnswer> answer, Held held);
  /// false: the provider did not answer and nothing was handed on, so the local answer may still come.
  bool ask_provider(const Policy& policy, const PolicyFile& file);
  bool send(const Provider& provider, const ReleasedRequest& released, Egress& egress);

  Result<std::unique_ptr<LocalAnswer>> start_local();
  void hand_on(chat::Delta delta);
  void note(std::string step, std::string outcome, std::string detail);
  void finish(chat::Finished finished, bool here);
  void fail(Error error);
  void write_ledger();
  double elapsed_ms() const;

  const RoutingOptions& options_;
  const Gate& gate_;
  Ledger* ledger_;
  chat::CompleteRequest request_;
  chat::EventSink sink_;
  std::stop_source stop_;
  Clock::time_point began_ = Clock::now();
  std::shared_ptr<chat::Completer> local_;
  chat::Description local_description_;
  Confidence confidence_;
  Decision decision_;
  std::optional<Policy> policy_;
};

}  // namespace ingle::router
