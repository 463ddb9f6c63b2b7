// What a run costs that has nothing to do: the price of one phase of a decode step. Argument: threads.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/thread_pool.h"

namespace ingle::base {
namespace {

void busy_for(std::chrono::nanoseconds time) {
  for (const auto end = std::chrono::steady_clock::now() + time; std::chrono::steady_clock::now() < end;) {
  }
}

void empty_run(benchmark::State& state) {
  const auto threads = static_cast<unsigned>(state.range(0));
  auto pool = ThreadPool::create(threads);
  if (!pool) return state.SkipWithError("no threads");
  const auto n_tasks = threads * static_cast<uint32_t>(state.range(1));
  for (auto _ : state)
    (*pool)->run(n_tasks, [](uint32_t task, uint32_t) { benchmark::DoNotOptimize(task); });
}

// Ten microseconds of work in each of two tasks a thread, three of the owner alone between two runs: the shape of a phase.
// `over` is what a run takes beyond its tasks.
void phase(benchmark::State& state) {
  using namespace std::chrono_literals;
  const auto threads = static_cast<unsigned>(state.range(0));
  auto pool = ThreadPool::create(threads);
  if (!pool) return state.SkipWithError("no threads");
  std::chrono::nanoseconds total{};
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    (*pool)->run(2 * threads, [](uint32_t, uint32_t) { busy_for(10us); });
    total += std::chrono::steady_clock::now() - begin - 20us;
    busy_for(3us);
  }
  state.counters["over_ns"] =
      static_cast<double>(total.count()) / static_cast<double>(std::max<int64_t>(state.iterations(), 1));
}

BENCHMARK(empty_run)->ArgsProduct({{1, 2, 4}, {1, 2, 8}})->UseRealTime();
BENCHMARK(phase)->Arg(2)->Arg(4)->UseRealTime();

}  // namespace
}  // namespace ingle::base
