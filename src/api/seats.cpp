#include "api/seats.h"

#include <algorithm>
#include <utility>

#include "chat/errors.h"

namespace ingle::api {

/// The first whose turn it can be.
Seats::Guests::iterator Seats::Row::next() {
  return std::ranges::find_if(waiting, [&](const auto& guest) { return !acquiring.contains(guest->wish()); });
}

void Seats::take(const std::string& model, std::unique_ptr<Guest> guest) {
  std::unique_lock lock(rows_mutex_);
  Row& row = rows_[model];
  const bool has_turn = row.n_taken < n_seats_ && !row.acquiring.contains(guest->wish());
  if (!has_turn && row.waiting.size() >= max_waiting_) {
    const size_t n_guests = row.n_taken + row.waiting.size();
    lock.unlock();
    return guest->refuse(Failure::from(chat::queue_full(n_guests)));
  }
  row.waiting.push_back(std::move(guest));
  if (row.n_taken == n_seats_) return;
  ++row.n_taken;
  for (auto next = row.next(); next != row.waiting.end(); next = row.next()) {
    Guests one;
    one.splice(one.begin(), row.waiting, next);
    serve(lock, row, std::move(one));
  }
  if (--row.n_taken == 0) rows_.erase(model);
}

/// Takes and returns the lock.
void Seats::serve(std::unique_lock<std::mutex>& lock, Row& row, Guests one) {
  Guest& guest = *one.front();
  const std::string wish = guest.wish();
  row.acquiring.insert(wish);
  lock.unlock();
  const Answer<void> acquired = guest.acquire();
  lock.lock();
  row.acquiring.erase(wish);
  Guests refused;
  if (!acquired) {
    refused.splice(refused.begin(), one);
    for (auto at = row.waiting.begin(); at != row.waiting.end();) {
      const auto other = at++;
      if ((*other)->wish() == wish) refused.splice(refused.end(), row.waiting, other);
    }
  }
  lock.unlock();
  if (acquired) guest.use();
  for (const auto& other : refused)
    other->refuse(acquired.error());
  one.clear();  // not under the lock: a request may end with it
  refused.clear();
  lock.lock();
}

void Seats::give_up(const std::string& model, std::string_view id) {
  Guests gone;  // outlives the lock: a request may end with it
  const std::lock_guard lock(rows_mutex_);
  const auto row = rows_.find(model);
  if (row == rows_.end()) return;
  Guests& waiting = row->second.waiting;
  const auto found = std::ranges::find_if(waiting, [&](const auto& guest) { return guest->id() == id; });
  if (found != waiting.end()) gone.splice(gone.begin(), waiting, found);
}

}  // namespace ingle::api
