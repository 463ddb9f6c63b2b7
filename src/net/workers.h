// Workers: a queue of tasks and up to n threads that run them; internal to net.
//
// Threads are started when there is work and no idle one, so that a server that only answers quickly has few. Tasks run in
// their order, but those of a client who has as many threads as one may have let the others pass. Any thread may post, and
// withdraw what waits. stop() lets what runs end and drops what waits.
#pragma once

#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "net/http_server.h"

namespace ingle::net {

class Workers {
 public:
  struct Task {
    std::function<void()> run;
    std::string client = {};
    const void* owner = nullptr;  // for withdraw()
  };

  explicit Workers(const LaneLimits& limits) : limits_(limits) {}
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  /// false: too many wait, in all or of its client, or it was stopped; the task was not taken.
  bool post(Task task);
  /// For what was taken before: not held to the limit of those who wait. Dropped after stop().
  void post_again(Task task);
  /// Destroys what waits of that owner, and makes room; what runs goes on.
  void withdraw(const void* owner);
  void stop();

 private:
  bool push(Task task);
  bool has_room_for(const std::string& client) const;
  std::list<Task>::iterator next();
  void work();

  const LaneLimits limits_;
  std::mutex tasks_mutex_;
  std::condition_variable tasks_changed_;
  std::list<Task> tasks_;
  std::map<std::string, unsigned> n_running_;  // of a client
  std::vector<std::thread> threads_;
  unsigned n_idle_ = 0;
  bool stopped_ = false;
};

}  // namespace ingle::net
