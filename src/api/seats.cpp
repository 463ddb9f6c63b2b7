#include "api/seats.h"

#include <utility>

#include "api/call.h"
#include "chat/errors.h"

namespace ingle::api {

bool Seats::take(const std::string& model, std::function<void()> work) {
  std::unique_lock lock(rows_mutex_);
  Row& row = rows_[model];  // stays where it is until its last seat is free
  if (row.n_taken == n_seats_) {
    if (row.waiting.size() == max_waiting_) return false;
    row.waiting.push_back(std::move(work));
    return true;
  }
  ++row.n_taken;
  while (work) {
    lock.unlock();
    work();
    work = nullptr;  // not under the lock: a request may end with it
    lock.lock();
    if (row.waiting.empty()) break;
    work = std::move(row.waiting.front());
    row.waiting.pop_front();
  }
  if (--row.n_taken == 0) rows_.erase(model);
  return true;
}

void seated(const std::shared_ptr<Call>& call, const std::string& model, std::function<void()> work) {
  const auto seats = call->services().seats;
  const bool is_taken = seats->take(model, [call, work = std::move(work)] {
    if (!call->exchange().gone()) work();
  });
  if (!is_taken) call->fail(Failure::from(chat::queue_full(seats->most())));
}

}  // namespace ingle::api
