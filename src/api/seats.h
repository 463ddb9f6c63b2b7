// Seats: how many of the server's workers may wait for one model at a time.
//
// A question that is answered by waiting (tokens of a text, a rendered prompt, a model that must be loaded first) keeps a
// worker. A model that does not answer, or is asked by everybody at once, must not keep them all: those that find no seat
// leave their work here without a thread, and whoever has one goes on with it. Shared by the API and requests in flight. Any
// thread; work is done without a lock.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace ingle::api {

class Call;

class Seats {
 public:
  Seats(size_t n_seats, size_t max_waiting) : n_seats_(n_seats), max_waiting_(max_waiting) {}

  /// Does `work` at `model` on this thread, or leaves it to one that is doing some; then this thread does what it finds left.
  /// false: too many wait already, and `work` was not taken.
  bool take(const std::string& model, std::function<void()> work);

  size_t most() const { return n_seats_ + max_waiting_; }

 private:
  struct Row {
    size_t n_taken = 0;
    std::deque<std::function<void()>> waiting;
  };

  const size_t n_seats_;
  const size_t max_waiting_;
  std::mutex rows_mutex_;
  std::map<std::string, Row> rows_;  // of models at which somebody works
};

/// `work` of `call` in a seat, unless its client leaves before; the call is answered with 429 where too many wait.
void seated(const std::shared_ptr<Call>& call, const std::string& model, std::function<void()> work);

}  // namespace ingle::api
