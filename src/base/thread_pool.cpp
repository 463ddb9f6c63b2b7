#include "base/thread_pool.h"

#include <atomic>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "base/check.h"

namespace ingle::base {
namespace {

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// About 100 us: longer than the serial work between two phases of a step, far shorter than a person notices.
constexpr int kSpins = 4000;

constexpr uint32_t kClosed = UINT32_MAX;  // a task number that no share reaches

// Tasks [begin, end) of one thread's share of a run. `state` is run number << 32 | next task: a claim is a compare-exchange
// that names the run, so a worker that was preempted and wakes in a later run cannot take a task twice or lose one.
struct alignas(64) Share {
  std::atomic<uint64_t> state{0};
  std::atomic<uint32_t> end{0};
};

}  // namespace

struct ThreadPool::Impl {
  explicit Impl(unsigned n) : shares(n), active(n) {}

  /// Throws std::system_error when the system gives no more threads; those that run are joined by the destructor.
  void start() {
    for (uint32_t thread = 1; thread < shares.size(); ++thread) {
      workers.emplace_back([this, thread] { work(thread); });
    }
  }

  ~Impl() {
    stopping.store(true);
    active.store(static_cast<uint32_t>(shares.size()));
    active.notify_all();
    publish();
    for (std::thread& worker : workers)
      worker.join();
  }

  void publish() {
    run_number.fetch_add(1);
    // Sleepers announce themselves before they look at run_number for the last time: one of us sees the other.
    if (sleepers.load() > 0) run_number.notify_all();
  }

  void work(uint32_t thread) {
    uint32_t seen = 0;
    while (true) {
      for (uint32_t n = active.load(); thread >= n; n = active.load())
        active.wait(n);
      uint32_t now = run_number.load();
      for (int spin = 0; now == seen && spin < kSpins; ++spin) {
        pause_cpu();
        now = run_number.load();
      }
      while (now == seen) {
        sleepers.fetch_add(1);
        run_number.wait(seen);
        sleepers.fetch_sub(1);
        now = run_number.load();
      }
      if (stopping.load()) return;
      seen = now;
      take_part(now, thread);
    }
  }

  /// Own share first, then the others', until nothing of this run is left to claim.
  void take_part(uint32_t run, uint32_t thread) {
    const Function call = function.load(std::memory_order_relaxed);
    void* const argument = context.load(std::memory_order_relaxed);
    // Shares beyond the active threads are never given tasks, and hold the number of an older run.
    const auto n = static_cast<uint32_t>(shares.size());
    for (uint32_t i = 0; i < n; ++i) {
      Share& share = shares[(thread + i) % n];
      uint32_t finished = 0;
      uint64_t state = share.state.load(std::memory_order_acquire);
      while (static_cast<uint32_t>(state >> 32) == run) {
        const auto task = static_cast<uint32_t>(state);
        if (task >= share.end.load(std::memory_order_acquire)) break;
        if (!share.state.compare_exchange_weak(state, state + 1, std::memory_order_acq_rel)) continue;
        call(argument, task, thread);
        ++finished;
        state = share.state.load(std::memory_order_acquire);
      }
      if (finished > 0 && done.fetch_add(finished) + finished == n_tasks.load(std::memory_order_relaxed)) {
        if (owner_sleeps.load()) done.notify_one();
      }
    }
  }

  std::vector<Share> shares;
  std::vector<std::thread> workers;
  // Written by the owner before run_number, read by a worker only under a claim of the same run.
  std::atomic<Function> function{nullptr};
  std::atomic<void*> context{nullptr};
  std::atomic<uint32_t> n_tasks{0};
  alignas(64) std::atomic<uint32_t> run_number{0};
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> active{0};  // threads that take part
  std::atomic<bool> stopping{false};
  alignas(64) std::atomic<uint32_t> done{0};
  std::atomic<bool> owner_sleeps{false};
};

ThreadPool::ThreadPool(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(unsigned n_threads) {
  INGLE_CHECK(n_threads >= 1);
  auto impl = std::make_unique<Impl>(n_threads);
  try {
    impl->start();
  } catch (const std::system_error& error) {
    return std::unexpected(
        Error::exhausted("cannot start " + std::to_string(n_threads) + " threads: " + error.code().message())
            .hint("use fewer threads"));
  }
  return std::unique_ptr<ThreadPool>(new ThreadPool(std::move(impl)));
}

ThreadPool::~ThreadPool() = default;

unsigned ThreadPool::size() const {
  return static_cast<unsigned>(impl_->shares.size());
}

void ThreadPool::set_active(unsigned n_threads) {
  INGLE_CHECK(n_threads >= 1 && n_threads <= size());
  if (impl_->active.exchange(n_threads) < n_threads) impl_->active.notify_all();
}

unsigned ThreadPool::active() const {
  return impl_->active.load(std::memory_order_relaxed);
}

void ThreadPool::run(uint32_t n_tasks, Function function, void* context) {
  Impl& p = *impl_;
  if (n_tasks == 0) return;
  const uint64_t n = p.active.load(std::memory_order_relaxed);
  if (n_tasks == 1 || n == 1) {
    for (uint32_t task = 0; task < n_tasks; ++task)
      function(context, task, 0);
    return;
  }
  const uint32_t run = p.run_number.load(std::memory_order_relaxed) + 1;
  p.function.store(function, std::memory_order_relaxed);
  p.context.store(context, std::memory_order_relaxed);
  p.n_tasks.store(n_tasks, std::memory_order_relaxed);
  p.done.store(0, std::memory_order_relaxed);
  for (uint64_t i = 0; i < n; ++i) {
    // Close the share first: a worker late from the run before may hold its last state, and must not see the new end
    // while a claim with that state could still succeed.
    p.shares[i].state.store(static_cast<uint64_t>(run) << 32 | kClosed, std::memory_order_relaxed);
    p.shares[i].end.store(static_cast<uint32_t>((i + 1) * n_tasks / n), std::memory_order_release);
    p.shares[i].state.store(static_cast<uint64_t>(run) << 32 | i * n_tasks / n, std::memory_order_release);
  }
  p.publish();
  p.take_part(run, 0);
  for (int spin = 0; spin < kSpins; ++spin) {
    if (p.done.load(std::memory_order_acquire) == n_tasks) return;
    pause_cpu();
  }
  p.owner_sleeps.store(true);
  for (uint32_t now = p.done.load(); now != n_tasks; now = p.done.load())
    p.done.wait(now);
  p.owner_sleeps.store(false);
}

}  // namespace ingle::base
