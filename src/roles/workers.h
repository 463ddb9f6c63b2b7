// Workers: functions run by a few threads, in the order in which they came. For the roles, which serve one front.
//
// Any thread may push. The destructor lets what runs end and drops what waits.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace ingle::roles {

class Workers {
 public:
  explicit Workers(int n) {
    for (int i = 0; i < n; ++i)
      threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
  }
  void push(std::move_only_function<void()> task) {
    const std::lock_guard lock(tasks_mutex_);
    tasks_.push_back(std::move(task));
    arrived_.notify_one();
  }

 private:
  void run(const std::stop_token& stop) {
    std::unique_lock lock(tasks_mutex_);
    while (arrived_.wait(lock, stop, [this] { return !tasks_.empty(); }) && !stop.stop_requested()) {
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      lock.unlock();
      task();
      lock.lock();
    }
  }

  std::mutex tasks_mutex_;
  std::condition_variable_any arrived_;
  std::deque<std::move_only_function<void()>> tasks_;
  std::vector<std::jthread> threads_;
};

}  // namespace ingle::roles
