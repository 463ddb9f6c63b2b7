// Seats: who waits for a model, and how many of the server's workers that may keep.
//
// Whoever needs a model first gets hold of it, which may take a minute when it has to be loaded, and then uses it, which may
// take for ever when its engine is silent. While one gets hold of a model, all others who want it so wait here without a
// thread; when it is there, as many use it at a time as there are seats. Whoever has a seat goes on with those who wait, in
// their order. One more than the limit is refused at once, and who goes away leaves nothing behind. Shared by the API and
// requests in flight. Any thread; guests are called, and destroyed, without a lock.
#pragma once

#include <cstddef>
#include <expected>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "api/failure.h"

namespace ingle::api {

inline constexpr size_t kSeatsOfModel = 12;  // a quarter of the slow workers

class Seats {
 public:
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual const std::string& id() const = 0;
    /// What it takes to get hold of the model for this guest: one of those that have the same does so at a time, and when
    /// he cannot, the others are told what he was.
    virtual const std::string& wish() const = 0;
    virtual Answer<void> acquire() = 0;
    /// After acquire() succeeded.
    virtual void use() = 0;
    virtual void refuse(const Failure& why) = 0;
  };

  Seats(size_t n_seats, size_t max_waiting) : n_seats_(n_seats), max_waiting_(max_waiting) {}

  /// Serves `guest` of `model` on this thread, or leaves him to one that serves others there; this thread then serves whom it
  /// finds waiting. The model goes by one name, whatever its guests call it.
  void take(const std::string& model, std::unique_ptr<Guest> guest);
  /// He has gone away; what he is served already goes on.
  void give_up(const std::string& model, std::string_view id);

 private:
  using Guests = std::list<std::unique_ptr<Guest>>;
  struct Row {
    size_t n_taken = 0;
    std::set<std::string> acquiring;  // wishes
    Guests waiting;

    Guests::iterator next();
  };
  void serve(std::unique_lock<std::mutex>& lock, Row& row, Guests one);

  const size_t n_seats_;
  const size_t max_waiting_;
  std::mutex rows_mutex_;
  std::map<std::string, Row> rows_;  // of models that somebody uses; each stays where it is until its last seat is free
};

}  // namespace ingle::api
