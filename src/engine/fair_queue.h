// FairQueue: who waits for a place among the running sequences, and who is next.
//
// Clients have a counter of the tokens that were computed for them, and the one that had least is served first (virtual
// token counters: Sheng et al., arXiv 2401.00588): who asks for much waits for itself, not for others. A client that was
// away begins where the others are, so that it can neither save up nor start over. Within a client the order is that of
// arrival. Background work comes after interactive work, but every ninth place is its own. Nobody waits for ever: every
// counter that is ahead stands still while others move.
// Owned and called by the engine's step thread only. No clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace ingle::engine {

/// A Job has id(), client, is_background() and place_in_queue, which is the queue's.
template <typename Job>
class FairQueue {
 public:
  /// A token of an answer is a step of its own, one of a prompt shares its step with many (section 4.1 there).
  static constexpr uint64_t kCostOfAnswer = 2;
  static constexpr uint32_t kInteractiveInARow = 8;
  static constexpr size_t kMaxClients = 4096;  // counters kept of clients that are away

  // Every job arrives once and leaves once, wherever it was meanwhile.
  void arrive(const Job& job);
  void leave(const Job& job);
  void charge(const Job& job, uint64_t cost) { clients_[job.client].served += cost; }
  uint64_t served(const Job& job) const;

  void push(std::unique_ptr<Job> job) {
    job->place_in_queue = n_arrived_++;
    give_back(std::move(job));
  }
  /// One that has run comes again, in the place of its arrival.
  void give_back(std::unique_ptr<Job> job) {
    const Client& client = clients_[job->client];
    waiting_.push_back({std::move(job), &client});
  }
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
  void sort();
  std::unique_ptr<Job> take_at(size_t index);

  std::map<std::string, Client, std::less<>> clients_;
  std::vector<Waiting> waiting_;
  uint64_t n_arrived_ = 0;
  uint64_t served_of_last_ = 0;  // who left
  uint32_t n_passed_ = 0;        // interactive ones taken while background work waited
};

template <typename Job>
void FairQueue<Job>::arrive(const Job& job) {
  if (clients_.size() >= kMaxClients) std::erase_if(clients_, [](const auto& row) { return row.second.n_here == 0; });
  Client& client = clients_[job.client];
  if (client.n_here++ > 0) return;
  uint64_t floor = UINT64_MAX;
  for (const auto& [name, other] : clients_)
    if (other.n_here > 0 && &other != &client) floor = std::min(floor, other.served);
  client.served = std::max(client.served, floor == UINT64_MAX ? served_of_last_ : floor);
}

template <typename Job>
void FairQueue<Job>::leave(const Job& job) {
  Client& client = clients_[job.client];
  if (--client.n_here == 0) served_of_last_ = client.served;
}

template <typename Job>
uint64_t FairQueue<Job>::served(const Job& job) const {
  const auto found = clients_.find(job.client);
  return found == clients_.end() ? 0 : found->second.served;
}

template <typename Job>
void FairQueue<Job>::sort() {
  const bool background_first = n_passed_ >= kInteractiveInARow;
  std::ranges::sort(waiting_, {}, [&](const Waiting& w) {
    return std::tuple(w.job->is_background() != background_first, w.client->served, w.job->place_in_queue);
  });
}

template <typename Job>
std::unique_ptr<Job> FairQueue<Job>::take_at(size_t index) {
  auto job = std::move(waiting_[index].job);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
  return job;
}

template <typename Job>
std::unique_ptr<Job> FairQueue<Job>::take(const std::function<Verdict(Job&)>& offer) {
  sort();
  for (size_t i = 0; i < waiting_.size(); ++i) {
    const Verdict verdict = offer(*waiting_[i].job);
    if (verdict == Verdict::kSkip) continue;
    if (verdict == Verdict::kStop) return nullptr;
    auto job = take_at(i);
    const bool passes =
        !job->is_background() && std::ranges::any_of(waiting_, [](const Waiting& w) { return w.job->is_background(); });
    n_passed_ = passes ? n_passed_ + 1 : 0;
    return job;
  }
  return nullptr;
}

template <typename Job>
const Job* FairQueue<Job>::first(const std::function<bool(Job&)>& is_meant) {
  sort();
  const auto found = std::ranges::find_if(waiting_, [&](const Waiting& w) { return is_meant(*w.job); });
  return found == waiting_.end() ? nullptr : found->job.get();
}

template <typename Job>
std::unique_ptr<Job> FairQueue<Job>::remove(std::string_view id) {
  const auto found = std::ranges::find_if(waiting_, [id](const Waiting& w) { return w.job->id() == id; });
  return found == waiting_.end() ? nullptr : take_at(static_cast<size_t>(found - waiting_.begin()));
}

}  // namespace ingle::engine
