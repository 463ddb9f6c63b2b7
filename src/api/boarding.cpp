#include "api/boarding.h"

#include <algorithm>
#include <utility>

namespace ingle::api {

Boarding::Place Boarding::enter(const std::string& model, std::string_view request_id, GoOn go_on) {
  const std::lock_guard lock(mutex_);
  const auto [row, is_first] = by_model_.try_emplace(model);
  if (is_first) return Place::kFirst;
  if (row->second.size() >= max_waiting_) return Place::kFull;
  row->second.push_back({std::string(request_id), std::move(go_on)});
  return Place::kWaits;
}

void Boarding::give_up(const std::string& model, std::string_view request_id) {
  std::list<Waiting> gone;  // outlives the lock: a request may end with it
  const std::lock_guard lock(mutex_);
  const auto row = by_model_.find(model);
  if (row == by_model_.end()) return;
  const auto found = std::ranges::find(row->second, request_id, &Waiting::request_id);
  if (found != row->second.end()) gone.splice(gone.begin(), row->second, found);
}

std::list<Boarding::GoOn> Boarding::board(const std::string& model) {
  std::list<GoOn> boarded;
  const std::lock_guard lock(mutex_);
  const auto row = by_model_.extract(model);
  for (Waiting& waiting : row.mapped())
    boarded.push_back(std::move(waiting.go_on));
  return boarded;
}

}  // namespace ingle::api
