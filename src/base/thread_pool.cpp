#include "base/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
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

// Longer than the serial work between two phases of a step, far shorter than a person notices.
constexpr std::chrono::microseconds kSpinTime{100};
constexpr int kPausesAClock = 32;  // looking at the clock takes as long as a pause

/// Waits busily until `ready` or for kSpinTime.
template <typename Ready>
bool spin_until(Ready ready) {
  using Clock = std::chrono::steady_clock;
  for (auto end = Clock::time_point::max();;) {
    for (int i = 0; i < kPausesAClock; ++i) {
      if (ready()) return true;
      pause_cpu();
    }
    const auto now = Clock::now();
    if (end == Clock::time_point::max()) end = now + kSpinTime;
    if (now >= end) return ready();
  }
}

constexpr uint64_t tagged(uint32_t run, uint32_t value) {
  return static_cast<uint64_t>(run) << 32 | value;
}
constexpr uint32_t tag_of(uint64_t state) {
  return static_cast<uint32_t>(state >> 32);
}
/// Runs are counted modulo 2^32.
constexpr bool is_older(uint32_t run, uint32_t than) {
  return static_cast<int32_t>(run - than) < 0;
}

// What belongs to one thread, alone on its cache lines (two, which processors fetch together).
struct alignas(128) Seat {
  // Run number << 32 | next task of this thread's share. The share is [i n/k, (i+1) n/k) of n tasks among k threads, so
  // nobody has to write it down: a number of an older run means that the share is untouched. A claim is a compare-exchange
  // that names the run, so a thread that was preempted and wakes in a later run cannot take a task twice or lose one.
  std::atomic<uint64_t> next{0};
  // Run number << 32 | tasks that this thread has done in it, of whatever share.
  std::atomic<uint64_t> done{0};
};

// What to run. Written by the owner between an odd number and the next even one; what was read belongs together if the
// number was the same, and even, before and after.
struct alignas(128) Order {
  std::atomic<uint32_t> number{0};
  std::atomic<uint32_t> n_tasks{0};
  std::atomic<uint32_t> n_threads{0};
  std::atomic<ThreadPool::Function> function{nullptr};
  std::atomic<void*> context{nullptr};
};

struct Run {
  uint32_t number = 0;
  uint32_t n_tasks = 0;
  uint32_t n_threads = 0;  // each has a task of its own at least
  ThreadPool::Function function = nullptr;
  void* context = nullptr;

  uint32_t begin(uint32_t thread) const {
    return static_cast<uint32_t>(static_cast<uint64_t>(n_tasks) * thread / n_threads);
  }
};

}  // namespace

struct ThreadPool::Impl {
  explicit Impl(unsigned n) : seats(n), active(n) {}

  /// Throws std::system_error when the system gives no more threads; those that run are joined by the destructor.
  void start() {
    for (uint32_t thread = 1; thread < seats.size(); ++thread) {
      workers.emplace_back([this, thread] { work(thread); });
    }
  }

  ~Impl() {
    stopping.store(true);
    active.store(static_cast<uint32_t>(seats.size()));
    active.notify_all();
    publish({});
    for (std::thread& worker : workers)
      worker.join();
  }

  /// Gives the run its number.
  uint32_t publish(const Run& run) {
    const uint32_t last = order.number.load(std::memory_order_relaxed);
    order.number.store(last + 1, std::memory_order_relaxed);
    order.n_tasks.store(run.n_tasks, std::memory_order_release);
    order.n_threads.store(run.n_threads, std::memory_order_release);
    order.function.store(run.function, std::memory_order_release);
    order.context.store(run.context, std::memory_order_release);
    order.number.store(last + 2);
    // Sleepers announce themselves before they look at the number for the last time: one of us sees the other.
    if (sleepers.load() > 0) order.number.notify_all();
    return last + 2;
  }

  /// The run after number `seen`, whole.
  Run await_run(uint32_t seen) {
    uint32_t now = seen;
    const auto is_new = [&] {
      now = order.number.load(std::memory_order_acquire);
      return now != seen && now % 2 == 0;
    };
    while (true) {
      while (!spin_until(is_new)) {
        sleepers.fetch_add(1);
        now = order.number.load();
        if (now == seen || now % 2 != 0) order.number.wait(now);
        sleepers.fetch_sub(1);
      }
      const Run run = {.number = now,
                       .n_tasks = order.n_tasks.load(std::memory_order_acquire),
                       .n_threads = order.n_threads.load(std::memory_order_acquire),
                       .function = order.function.load(std::memory_order_acquire),
                       .context = order.context.load(std::memory_order_acquire)};
      if (order.number.load(std::memory_order_relaxed) == now) return run;
    }
  }

  void work(uint32_t thread) {
    Run run;
    while (true) {
      for (uint32_t n = active.load(); thread >= n; n = active.load())
        active.wait(n);
      run = await_run(run.number);
      if (stopping.load()) return;
      if (thread >= run.n_threads) continue;
      if (take_part(run, thread) == 0) continue;
      if (owner_sleeps.load() != 0 && owner_sleeps.exchange(0) != 0) owner_sleeps.notify_one();
    }
  }

  /// Own share first, then the others', until nothing of this run is left to claim. Returns how many tasks that were.
  uint32_t take_part(const Run& run, uint32_t thread) {
    uint32_t finished = 0;
    uint32_t told = 0;
    for (uint32_t i = 0; i < run.n_threads; ++i) {
      const uint32_t share = thread + i < run.n_threads ? thread + i : thread + i - run.n_threads;
      std::atomic<uint64_t>& next = seats[share].next;
      const uint32_t begin = run.begin(share);
      const uint32_t end = run.begin(share + 1);
      uint64_t state = next.load(std::memory_order_acquire);
      while (true) {
        if (is_older(run.number, tag_of(state))) return finished;  // the run is over
        const uint32_t task = tag_of(state) == run.number ? static_cast<uint32_t>(state) : begin;
        if (task >= end) break;
        if (!next.compare_exchange_weak(state, tagged(run.number, task + 1), std::memory_order_acq_rel)) continue;
        run.function(run.context, task, thread);
        ++finished;
        state = next.load(std::memory_order_acquire);
      }
      // Sequentially consistent: the owner, before it sleeps, sees it, or we see that the owner sleeps.
      if (finished > told) seats[thread].done.store(tagged(run.number, finished));
      told = finished;
    }
    return finished;
  }

  bool all_done(const Run& run) const {
    uint32_t sum = 0;
    for (uint32_t thread = 0; thread < run.n_threads; ++thread) {
      const uint64_t done = seats[thread].done.load();
      if (tag_of(done) == run.number) sum += static_cast<uint32_t>(done);
    }
    return sum == run.n_tasks;
  }

  void run_together(Run run) {
    // A seat that was not used for 2^31 runs would seem to be of a later one.
    const uint32_t last = order.number.load(std::memory_order_relaxed);
    for (uint32_t thread = seats_used; thread < run.n_threads; ++thread) {
      seats[thread].next.store(tagged(last, UINT32_MAX), std::memory_order_relaxed);
      seats[thread].done.store(tagged(last, 0), std::memory_order_relaxed);
    }
    seats_used = run.n_threads;
    run.number = publish(run);
    take_part(run, 0);
    if (spin_until([&] { return all_done(run); })) return;
    while (true) {
      owner_sleeps.store(1);
      if (all_done(run)) break;
      owner_sleeps.wait(1);
    }
    owner_sleeps.store(0);
  }

  std::vector<Seat> seats;
  std::vector<std::thread> workers;
  uint32_t seats_used = 0;  // in the last run; the owner's
  Order order;
  // Written rarely, read by all.
  alignas(128) std::atomic<uint32_t> active{0};  // threads that take part
  std::atomic<uint32_t> sleepers{0};
  std::atomic<uint32_t> owner_sleeps{0};
  std::atomic<bool> stopping{false};
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
  return static_cast<unsigned>(impl_->seats.size());
}

void ThreadPool::set_active(unsigned n_threads) {
  INGLE_CHECK(n_threads >= 1 && n_threads <= size());
  if (impl_->active.exchange(n_threads) < n_threads) impl_->active.notify_all();
}

unsigned ThreadPool::active() const {
  return impl_->active.load(std::memory_order_relaxed);
}

void ThreadPool::run(uint32_t n_tasks, Function function, void* context) {
  const uint32_t n = std::min(n_tasks, impl_->active.load(std::memory_order_relaxed));
  if (n <= 1) {
    for (uint32_t task = 0; task < n_tasks; ++task)
      function(context, task, 0);
    return;
  }
  impl_->run_together({.number = 0, .n_tasks = n_tasks, .n_threads = n, .function = function, .context = context});
}

}  // namespace ingle::base
