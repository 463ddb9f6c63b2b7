// Ledger: what the router decided and what left this machine, in INGLE_HOME/ledger.db.
//
// It holds numbers, names and sentences of ours, never a text of a person or a model. One per process; several processes
// may have the file open at once (WAL). Any thread; each call is one transaction.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::router {

struct FindingCount {
  std::string kind;  // "iban"; detectors.h has the list
  uint32_t count = 0;
  friend bool operator==(const FindingCount&, const FindingCount&) = default;
};

struct Step {
  std::string step;     // "policy", "gate", "local answer", "confidence", "provider" ...
  std::string outcome;  // one word or number
  std::string detail;   // one sentence for people
  friend bool operator==(const Step&, const Step&) = default;
};

struct Decision {
  int64_t row = 0;          // in the ledger; 0: not written yet
  std::string id;           // the request's
  int64_t unix_time = 0;    // seconds
  std::string model;        // what was asked for: "auto"
  std::string local_model;  // who answers on this machine
  std::string provider;     // who would have answered elsewhere; empty: nobody could
  std::string route;        // "local", "cloud:NAME"; "pending" until the request is over
  std::string decided_by;   // "policy", "offline", "gate", "budget", "confidence", "provider", "ledger"
  std::string reason;       // one sentence for people
  std::optional<double> confidence;
  std::optional<double> threshold;
  std::vector<FindingCount> findings;
  uint64_t bytes_out = 0;
  uint64_t bytes_in = 0;
  uint64_t prompt_tokens = 0;
  uint64_t completion_tokens = 0;
  std::optional<double> cost_usd;   // where the policy names a price: spent, or reserved while the request runs
  std::optional<double> saved_usd;  // what the provider would have charged for an answer that stayed here
  double ms = 0;
  std::string outcome;  // "pending", "answered", "failed", "cancelled"
  std::vector<Step> steps;
  friend bool operator==(const Decision&, const Decision&) = default;
};

struct Egress {
  int64_t row = 0;
  int64_t unix_time = 0;
  std::string kind;  // "model download", "cloud request"
  std::string host;
  uint64_t bytes_out = 0;
  uint64_t bytes_in = 0;
  std::string outcome;     // "pending", "answered", "failed", "cancelled"
  std::string request_id;  // of a decision; empty for downloads
  friend bool operator==(const Egress&, const Egress&) = default;
};

struct EgressTotals {
  uint64_t bytes_out = 0;
  uint64_t text_bytes_out = 0;  // of requests to a cloud; a download sends nobody's text
  uint64_t requests = 0;        // that left
  uint64_t blocked = 0;         // decisions that could have left and were kept here by the gate, the switch or a budget
};

struct Spent {
  uint64_t requests = 0;
  double cost_usd = 0;
};

/// What one more request may take from the day's budget; nothing: no limit.
struct Budget {
  std::optional<uint64_t> max_requests;
  std::optional<double> max_cost_usd;
};

class Ledger {
 public:
  /// Creates the file (0600) when it is missing.
  static Result<std::unique_ptr<Ledger>> open(const std::filesystem::path& path);
  ~Ledger();

  /// Writes a new row, or this one's anew.
  Status record(Decision& decision);
  /// record() and the row of the request that is about to leave, unless the spending since `day_start` and this decision's
  /// cost would pass the budget: kExhausted then, and nothing is written. One transaction, so no two requests share the rest.
  Status reserve(Decision& decision, Egress& egress, const Budget& budget, int64_t day_start);
  /// The end of a request that reserve() announced.
  Status settle(Decision& decision, Egress& egress);
  /// A download: a new row, or this one's anew.
  Status record_egress(Egress& egress);

  /// The newest of this id. kNotFound: no such request, or it was not one for the router.
  Result<Decision> find(std::string_view id);
  /// The newest first; `before`: the id of the last row already seen.
  Result<std::vector<Decision>> decisions(uint32_t limit, std::string_view before = {});
  Result<std::vector<Egress>> egress(uint32_t limit);
  Result<EgressTotals> totals();
  Result<Spent> spent_since(int64_t unix_time);

 private:
  struct State;
  explicit Ledger(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ingle::router
