// Workers: a queue of tasks and up to n threads that run them; internal to net.
//
// Threads are started when there is work and no idle one, so that a server that only answers quickly has few. Any thread
// may post, and withdraw what waits. stop() lets what runs end and drops what waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

namespace ingle::net {

class Workers {
 public:
  Workers(unsigned n_threads, size_t max_waiting) : n_threads_(n_threads), max_waiting_(max_waiting) {}
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// false: too many wait, or it was stopped; the task was not taken. `owner` is for withdraw().
  bool post(std::function<void()> task, const void* owner = nullptr);
  /// For what was taken before: not counted by the limit. Dropped after stop().
  void post_again(std::function<void()> task);
  /// Destroys what waits of that owner, and makes room; what runs goes on.
  void withdraw(const void* owner);
  void stop();

 private:
  struct Task {
    std::function<void()> run;
    const void* owner;
  };
  bool push(Task task);
  void work();

  const unsigned n_threads_;
  const size_t max_waiting_;
  std::mutex tasks_mutex_;
  std::condition_variable tasks_changed_;
  std::list<Task> tasks_;
  std::vector<std::thread> threads_;
  unsigned n_idle_ = 0;
  bool stopped_ = false;
};

}  // namespace ingle::net
