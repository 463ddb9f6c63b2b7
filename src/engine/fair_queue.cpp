#include "engine/fair_queue.h"

#include <algorithm>
#include <tuple>

namespace ingle::engine {
namespace {

constexpr uint32_t kInteractiveInARow = 8;
constexpr size_t kMaxClients = 4096;  // counters kept of clients that are away

}  // namespace

void FairQueue::arrive(const Job& job) {
  if (clients_.size() >= kMaxClients) forget_some();
  Client& client = clients_[job.client];
  if (client.n_here++ > 0) return;
  uint64_t floor = UINT64_MAX;
  for (const auto& [name, other] : clients_)
    if (other.n_here > 0 && &other != &client) floor = std::min(floor, other.served);
  client.served = std::max(client.served, floor == UINT64_MAX ? served_of_last_ : floor);
}

void FairQueue::leave(const Job& job) {
  Client& client = clients_[job.client];
  if (--client.n_here == 0) served_of_last_ = client.served;
}

void FairQueue::forget_some() {
  std::erase_if(clients_, [](const auto& client) { return client.second.n_here == 0; });
}

uint64_t FairQueue::served(const Job& job) const {
  const auto found = clients_.find(job.client);
  return found == clients_.end() ? 0 : found->second.served;
}

void FairQueue::add(std::unique_ptr<Job> job) {
  const Client& client = clients_[job->client];
  waiting_.push_back({std::move(job), &client});
}

void FairQueue::push(std::unique_ptr<Job> job) {
  job->place_in_queue = n_arrived_++;
  add(std::move(job));
}

void FairQueue::give_back(std::unique_ptr<Job> job) {
  add(std::move(job));
}

void FairQueue::sort() {
  const bool background_first = n_passed_ >= kInteractiveInARow;
  std::ranges::sort(waiting_, {}, [&](const Waiting& w) {
    return std::tuple(w.job->is_background() != background_first, w.client->served, w.job->place_in_queue);
  });
}

std::unique_ptr<Job> FairQueue::take_at(size_t index) {
  auto job = std::move(waiting_[index].job);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(index));
  return job;
}

std::unique_ptr<Job> FairQueue::take(const std::function<Verdict(Job&)>& offer) {
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

const Job* FairQueue::first(const std::function<bool(Job&)>& is_meant) {
  sort();
  const auto found = std::ranges::find_if(waiting_, [&](const Waiting& w) { return is_meant(*w.job); });
  return found == waiting_.end() ? nullptr : found->job.get();
}

std::unique_ptr<Job> FairQueue::remove(std::string_view id) {
  const auto found = std::ranges::find_if(waiting_, [id](const Waiting& w) { return w.job->id() == id; });
  return found == waiting_.end() ? nullptr : take_at(static_cast<size_t>(found - waiting_.begin()));
}

}  // namespace ingle::engine
