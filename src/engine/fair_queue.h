// FairQueue: who waits for a place among the running sequences, and who is next.
//
// Clients have a counter of the tokens that were computed for them, and the one that had least is served first (virtual
// token counters: Sheng et al., arXiv 2401.00588): who asks for much waits for itself, not for others. A client that was
// away begins where the others are, so that it can neither save up nor start over. Within a client the order is that of
// arrival. Background work comes after interactive work, but every ninth place is its own. Nobody waits for ever: every
// counter that is ahead stands still while others move.
// Owned and called by the engine's step thread only. No clock.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/job.h"

namespace ingle::engine {

class FairQueue {
 public:
  /// A token of an answer is a step of its own, one of a prompt shares its step with many (section 4.1 there).
  static constexpr uint64_t kCostOfAnswer = 2;

  // Every job arrives once and leaves once, wherever it was meanwhile.
  void arrive(const Job& job);
  void leave(const Job& job);
  void charge(const Job& job, uint64_t cost) { clients_[job.client].served += cost; }
  uint64_t served(const Job& job) const;

  void push(std::unique_ptr<Job> job);
  /// One that has run comes again, in the place of its arrival.
  void give_back(std::unique_ptr<Job> job);
  enum class Verdict : uint8_t { kTake, kSkip, kStop };
  /// Offers jobs in their order until one is taken; null when none is.
  std::unique_ptr<Job> take(const std::function<Verdict(Job&)>& offer);
  /// The first in that order of whom `is_meant`; null: none.
  const Job* first(const std::function<bool(Job&)>& is_meant);
  std::unique_ptr<Job> remove(std::string_view id);

  bool empty() const { return waiting_.empty(); }
  size_t size() const { return waiting_.size(); }

 private:
  struct Client {
    uint64_t served = 0;
    uint32_t n_here = 0;  // jobs that wait or run
  };
  struct Waiting {
    std::unique_ptr<Job> job;
    const Client* client;  // of clients_: whoever waits is not forgotten
  };
  void add(std::unique_ptr<Job> job);
  void sort();
  std::unique_ptr<Job> take_at(size_t index);
  void forget_some();

  std::map<std::string, Client, std::less<>> clients_;
  std::vector<Waiting> waiting_;
  uint64_t n_arrived_ = 0;
  uint64_t served_of_last_ = 0;  // who left
  uint32_t n_passed_ = 0;        // interactive ones taken while background work waited
};

}  // namespace ingle::engine
