// Seats: who waits for a model, and how many of the server's workers that may keep.
//
// Whoever needs a model first gets hold of it, which may take a minute when it has to be loaded; while one does, all others
// who want it so wait here without a thread. Who then only hands something over to it is done with that. Who waits for what it
// answers keeps a worker while he does, for ever when its engine is silent: of these as many as there are seats do so at a
// time, the next seat goes to the client who has the fewest, and the others have the model and wait without a thread. A worker
// is sent for everyone whose turn has come. One more than the limit is refused at once, and who goes away leaves nothing
// behind. Shared by the API and requests in flight. Any worker; guests are called, and destroyed, without a lock.
#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "api/failure.h"

namespace ingle::api {

inline constexpr size_t kSeatsOfModel = 8;                     // a sixth of the slow workers
inline constexpr size_t kMaxWaitingBytes = size_t{256} << 20;  // of those who wait, at all models together

class Seats : public std::enable_shared_from_this<Seats> {
 public:
  class Guest {
   public:
    virtual ~Guest() = default;
    virtual const std::string& id() const = 0;
    virtual const std::string& client() const = 0;
    /// What it takes to get hold of the model for this guest: one of those that have the same does so at a time, and when
    /// he cannot, the others are told what he was.
    virtual const std::string& wish() const = 0;
    /// Whether use() waits for what the model answers.
    virtual bool waits() const = 0;
    /// What he keeps while he waits, roughly.
    virtual size_t bytes() const = 0;
    virtual Answer<void> acquire() = 0;
    /// After acquire() succeeded.
    virtual void use() = 0;
    virtual void refuse(const Failure& why) = 0;
    /// Runs `work` on a worker, later.
    virtual void send_worker(std::function<void()> work) = 0;
  };

  /// So many of one model, and bytes of all, wait at most.
  Seats(size_t n_seats, size_t max_waiting, size_t max_bytes = kMaxWaitingBytes)
      : n_seats_(n_seats), max_waiting_(max_waiting), max_bytes_(max_bytes) {}

  /// The model goes by one name, whatever its guests call it.
  void take(const std::string& model, std::shared_ptr<Guest> guest);
  /// He has gone away; what he is served already goes on.
  void give_up(const std::string& model, std::string_view id);
  /// Refuses who waits. false: he does not.
  bool turn_away(const std::string& model, std::string_view id, const Failure& why);

 private:
  using Guests = std::list<std::shared_ptr<Guest>>;
  struct Row {
    std::set<std::string> acquiring;  // wishes of those who get hold of the model
    Guests for_model;
    Guests for_seat;                         // they have the model
    size_t n_taken = 0;                      // seats
    std::map<std::string, size_t> seats_of;  // a client

    bool may_acquire(const Guest& guest) const;
    std::shared_ptr<Guest> next();
  };
  void serve(const std::string& model, std::shared_ptr<Guest> guest);
  Guests give_seats(Row& row);
  void send_workers(const std::string& model, const Guests& seated);
  void sit(const std::string& model, Guest& guest);
  void forget_unused(const std::string& model);
  size_t waiting_bytes() const;
  Guests take_out(const std::string& model, std::string_view id);

  const size_t n_seats_;
  const size_t max_waiting_;
  const size_t max_bytes_;
  std::mutex rows_mutex_;
  std::map<std::string, Row> rows_;  // of models that somebody uses; each stays where it is until nobody does
};

}  // namespace ingle::api
