// Boarding: requests that wait for a model which is being loaded, without a thread each.
//
// The first that asks for a model acquires it on its worker's thread, which may take seconds; those that come meanwhile
// leave here how they go on, and the first one's thread does that for them, in their order, when the model is there. So a
// burst at a cold server keeps no threads from requests to other models, and one more than the limit is refused at once.
// Shared by the API and requests in flight. Any thread; nothing is called under the lock.
#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "api/failure.h"

namespace ingle::api {

class Boarding {
 public:
  enum class Place : uint8_t { kFirst, kWaits, kFull };
  /// With why the model cannot be had, or null when it is there.
  using GoOn = std::function<void(const Failure* failure)>;

  explicit Boarding(size_t max_waiting) : max_waiting_(max_waiting) {}

  /// kFirst: nobody asks for `model` now, so the caller does and then calls board(). kWaits: `go_on` is called by whoever is
  /// first. kFull: `max_waiting` wait for it already.
  Place enter(const std::string& model, std::string_view request_id, GoOn go_on);
  /// Its client has gone.
  void give_up(const std::string& model, std::string_view request_id);
  /// From the first one: takes those that wait; who comes from now on is the first again.
  std::list<GoOn> board(const std::string& model);

  size_t max_waiting() const { return max_waiting_; }

 private:
  struct Waiting {
    std::string request_id;
    GoOn go_on;
  };

  const size_t max_waiting_;
  std::mutex mutex_;
  std::map<std::string, std::list<Waiting>> by_model_;
};

}  // namespace ingle::api
