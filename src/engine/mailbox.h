// Mailbox: how other threads reach the step thread. Messages are functions that run there, in the order in which they came.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <stop_token>
#include <vector>

namespace ingle::engine {

template <typename Owner>
class Mailbox {
 public:
  using Message = std::move_only_function<void(Owner&)>;

  /// The number of messages is bounded by who sends them: requests in flight (InFlight) and callers that wait.
  void push(Message message) {
    const std::lock_guard lock(messages_mutex_);
    messages_.push_back(std::move(message));
    arrived_.notify_one();
  }

  /// Swaps what has arrived into `out`, which must be empty; first waits for something if `wait`.
  void drain(bool wait, const std::stop_token& stop, std::vector<Message>& out) {
    std::unique_lock lock(messages_mutex_);
    if (wait) arrived_.wait(lock, stop, [this] { return !messages_.empty(); });
    out.swap(messages_);
  }

 private:
  std::mutex messages_mutex_;
  std::condition_variable_any arrived_;
  std::vector<Message> messages_;
};

}  // namespace ingle::engine
