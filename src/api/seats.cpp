#include "api/seats.h"

#include <algorithm>
#include <utility>

#include "chat/errors.h"

namespace ingle::api {
namespace {

constexpr size_t kAcquirers = 4;  // of one model, each by a wish of his own

}  // namespace

bool Seats::Row::may_acquire(const Guest& guest) const {
  return acquiring.size() < kAcquirers && !acquiring.contains(guest.wish());
}

/// Who is to get hold of the model now; null: there is none whose turn it is.
std::shared_ptr<Seats::Guest> Seats::Row::next() {
  const auto found = std::ranges::find_if(for_model, [&](const auto& guest) { return may_acquire(*guest); });
  if (found == for_model.end()) return nullptr;
  auto guest = std::move(*found);
  for_model.erase(found);
  acquiring.insert(guest->wish());
  return guest;
}

void Seats::take(const std::string& model, std::shared_ptr<Guest> guest) {
  {
    std::unique_lock lock(rows_mutex_);
    Row& row = rows_[model];
    const bool may_acquire = row.may_acquire(*guest);
    const bool must_wait = !may_acquire || (guest->waits() && row.n_taken == n_seats_);
    const size_t n_waiting = row.for_model.size() + row.for_seat.size();
    if (must_wait && (n_waiting >= max_waiting_ || waiting_bytes() + guest->bytes() > max_bytes_)) {
      const size_t n_guests = n_waiting + row.n_taken + row.acquiring.size();
      lock.unlock();
      return guest->refuse(Failure::from(chat::queue_full(n_guests)));
    }
    if (!may_acquire) {
      row.for_model.push_back(std::move(guest));
      return;
    }
    row.acquiring.insert(guest->wish());
  }
  serve(model, std::move(guest));
}

void Seats::serve(const std::string& model, std::shared_ptr<Guest> guest) {
  const Answer<void> acquired = guest->acquire();
  // Before the next one's turn: who came first finds room in the model's own queue first.
  if (acquired && !guest->waits()) guest->use();
  std::shared_ptr<Guest> next;
  Guests seated;
  Guests refused;  // outlive the lock: a request may end with them
  {
    const std::lock_guard lock(rows_mutex_);
    Row& row = rows_.at(model);
    const std::string wish = guest->wish();
    row.acquiring.erase(wish);
    if (!acquired) {
      refused.push_back(std::move(guest));
      for (auto at = row.for_model.begin(); at != row.for_model.end();) {
        const auto other = at++;
        if ((*other)->wish() == wish) refused.splice(refused.end(), row.for_model, other);
      }
    } else if (guest->waits()) {
      row.for_seat.push_back(std::move(guest));
      seated = give_seats(row);
    }
    next = row.next();
    forget_unused(model);
  }
  // Nobody is served by the thread of another, whose own request would last as long.
  if (next != nullptr) next->send_worker([seats = shared_from_this(), model, next] { seats->serve(model, next); });
  send_workers(model, seated);
  for (const auto& other : refused)
    other->refuse(acquired.error());
}

size_t Seats::waiting_bytes() const {
  size_t bytes = 0;
  for (const auto& [model, row] : rows_)
    for (const Guests* waiting : {&row.for_model, &row.for_seat})
      for (const auto& guest : *waiting)
        bytes += guest->bytes();
  return bytes;
}

Seats::Guests Seats::give_seats(Row& row) {
  Guests seated;
  for (; row.n_taken < n_seats_ && !row.for_seat.empty(); ++row.n_taken) {
    const auto next = std::ranges::min_element(
        row.for_seat, {}, [&](const auto& guest) { return row.seats_of[guest->client()]; });  // the first one of these
    ++row.seats_of[(*next)->client()];
    seated.splice(seated.end(), row.for_seat, next);
  }
  return seated;
}

void Seats::send_workers(const std::string& model, const Guests& seated) {
  for (const auto& guest : seated)
    guest->send_worker([seats = shared_from_this(), model, guest] { seats->sit(model, *guest); });
}

void Seats::sit(const std::string& model, Guest& guest) {
  guest.use();
  Guests seated;
  {
    const std::lock_guard lock(rows_mutex_);
    Row& row = rows_.at(model);
    --row.n_taken;
    const auto mine = row.seats_of.find(guest.client());
    if (--mine->second == 0) row.seats_of.erase(mine);
    seated = give_seats(row);
    forget_unused(model);
  }
  send_workers(model, seated);
}

/// Who waits for the model waits for somebody who gets hold of it, who waits for a seat for one who has it.
void Seats::forget_unused(const std::string& model) {
  const auto row = rows_.find(model);
  if (row->second.acquiring.empty() && row->second.n_taken == 0) rows_.erase(row);
}

/// Destroyed without the lock: a request may end with him.
Seats::Guests Seats::take_out(const std::string& model, std::string_view id) {
  Guests taken;
  const std::lock_guard lock(rows_mutex_);
  const auto row = rows_.find(model);
  if (row == rows_.end()) return taken;
  for (Guests* waiting : {&row->second.for_model, &row->second.for_seat}) {
    const auto found = std::ranges::find_if(*waiting, [&](const auto& guest) { return guest->id() == id; });
    if (found != waiting->end()) taken.splice(taken.end(), *waiting, found);
  }
  return taken;
}

void Seats::give_up(const std::string& model, std::string_view id) {
  take_out(model, id);
}

bool Seats::turn_away(const std::string& model, std::string_view id, const Failure& why) {
  const Guests guests = take_out(model, id);
  for (const auto& guest : guests)
    guest->refuse(why);
  return !guests.empty();
}

}  // namespace ingle::api
