// Aside: one thread that computes something while its owner's thread does something longer.
//
// start() and join() are called in turns by one thread; what `work` touches belongs to the other one in between. The thread
// begins with the first start(). A piece of work that throws is given up: whoever needs it computes it again.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace ingle::engine {

class Aside {
 public:
  void start(std::function<void()> work);
  /// Returns when the work is done; at once when there is none.
  void join();

 private:
  void run(const std::stop_token& stop);

  std::mutex work_mutex_;
  std::condition_variable_any changed_;
  std::function<void()> work_;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace ingle::engine
