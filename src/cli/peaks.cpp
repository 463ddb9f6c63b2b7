#include "cli/peaks.h"

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <thread>
#include <vector>

#include "backend/cpu/buffer.h"
#include "cli/machine.h"
#include "kernels/probe.h"

namespace ingle::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kPeakSeconds = 0.04;
constexpr auto kReadTime = std::chrono::milliseconds(100);
constexpr size_t kLeastBytes = size_t{256} << 20;  // of all threads together
constexpr size_t kMostBytes = size_t{1} << 30;

/// Four times the cache that the cores share, so that next to nothing is found in it.
size_t bytes_to_read(unsigned threads) {
  const size_t total = std::clamp<size_t>(4 * this_machine().cache_bytes, kLeastBytes, kMostBytes);
  return total / threads / 4096 * 4096;
}

/// Bytes a second of the fastest round in which every thread reads its own memory once.
class ReadingRace {
 public:
  ReadingRace(unsigned threads, size_t bytes)
      : bytes_(bytes), together_(static_cast<std::ptrdiff_t>(threads), EndRound{this}) {}

  void run(const kernels::Kernels& table, const std::byte* memory) {
    together_.arrive_and_wait();
    uint64_t sum = 0;
    do {
      sum ^= kernels::read_all(table, memory, bytes_);
      together_.arrive_and_wait();
    } while (more_);
    keep_.fetch_xor(sum, std::memory_order_relaxed);  // no compiler may drop the reading
  }
  double bytes_per_s(unsigned threads) const { return static_cast<double>(threads * bytes_) / best_; }

 private:
  struct EndRound {
    ReadingRace* race;
    void operator()() noexcept { race->end_round(); }
  };
  void end_round() noexcept {
    const auto now = Clock::now();
    if (started_) best_ = std::min(best_, std::chrono::duration<double>(now - round_).count());
    if (!started_) end_ = now + kReadTime;
    started_ = true;
    round_ = now;
    more_ = now < end_;
  }

  size_t bytes_;
  double best_ = 1e9;
  bool started_ = false;
  bool more_ = true;
  Clock::time_point round_;
  Clock::time_point end_;
  std::atomic<uint64_t> keep_ = 0;
  std::barrier<EndRound> together_;
};

}  // namespace

Result<Peaks> measure_peaks(const kernels::Kernels& table, unsigned threads) {
  const size_t bytes = bytes_to_read(threads);
  std::vector<backend::cpu::Buffer> memory(threads);
  for (backend::cpu::Buffer& buffer : memory) {
    INGLE_TRY(buffer, backend::cpu::Buffer::allocate(bytes, "the measurement of the memory's speed"));
  }
  std::vector<Peaks> each(threads);
  ReadingRace race(threads, bytes);
  std::barrier together(static_cast<std::ptrdiff_t>(threads));
  {
    std::vector<std::jthread> team;
    team.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) {
      team.emplace_back([&, i] {
        std::fill_n(memory[i].data(), bytes, std::byte{0});
        together.arrive_and_wait();
        each[i].int8_gops = kernels::int8_peak_gops(table, kPeakSeconds);
        together.arrive_and_wait();
        each[i].f32_gops = kernels::f32_peak_gops(table, kPeakSeconds);
        together.arrive_and_wait();
        race.run(table, memory[i].data());
      });
    }
  }
  Peaks peaks;
  peaks.bytes_per_s = race.bytes_per_s(threads);
  for (const Peaks& one : each) {
    peaks.int8_gops += one.int8_gops;
    peaks.f32_gops += one.f32_gops;
  }
  return peaks;
}

}  // namespace ingle::cli
