// A fixed team of threads for data-parallel work: the caller and n - 1 workers run one function together.
//
// One owner calls run() at a time. Workers spin briefly between runs, because a decode step has a hundred of them, then
// sleep, because an idle engine must cost nothing. Tasks are split statically first and stolen afterwards, so that one
// preempted core does not hold up the step.
#pragma once

#include <cstdint>
#include <memory>
#include <type_traits>

#include "base/result.h"

namespace ingle::base {

class ThreadPool {
 public:
  /// n_threads >= 1, the calling thread included. The system may refuse that many.
  static Result<std::unique_ptr<ThreadPool>> create(unsigned n_threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  unsigned size() const;

  /// How many threads take part from the next run on, 1 ... size(); the others sleep. Called by the owner between runs.
  void set_active(unsigned n_threads);
  unsigned active() const;

  /// Calls function(context, task, thread) for every task in [0, n_tasks), each once, and returns when all are done.
  /// Which thread runs a task is not defined; results must not depend on it. `thread` < size() names scratch memory.
  using Function = void (*)(void* context, uint32_t task, uint32_t thread);
  void run(uint32_t n_tasks, Function function, void* context);

  /// The same for a callable: pool.run(n, [&](uint32_t task, uint32_t thread) { ... });
  template <typename Body>
  void run(uint32_t n_tasks, Body&& body) {
    run(
        n_tasks,
        [](void* context, uint32_t task, uint32_t thread) {
          (*static_cast<std::remove_reference_t<Body>*>(context))(task, thread);
        },
        &body);
  }

 private:
  struct Impl;
  explicit ThreadPool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingle::base
