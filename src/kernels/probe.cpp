#include "kernels/probe.h"

#include <algorithm>
#include <chrono>

namespace ingle::kernels {

namespace {

double peak_gops(uint64_t (*run)(uint64_t), double seconds) {
  using Clock = std::chrono::steady_clock;
  if (run == nullptr) return 0;
  constexpr uint64_t kRounds = 100'000;  // about half a millisecond: shorter than a scheduler's slice
  double best = 0;
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto start = Clock::now();
    const uint64_t operations = run(kRounds);
    const double elapsed = std::chrono::duration<double>(Clock::now() - start).count();
    best = std::max(best, static_cast<double>(operations) / elapsed * 1e-9);
  } while (Clock::now() < end);
  return best;
}

}  // namespace

double int8_peak_gops(const Kernels& table, double seconds) {
  return peak_gops(table.int8_rounds, seconds);
}

double f32_peak_gops(const Kernels& table, double seconds) {
  return peak_gops(table.f32_rounds, seconds);
}

uint64_t read_all(const Kernels& table, const std::byte* data, size_t bytes) {
  return table.checksum(data, bytes);
}

}  // namespace ingle::kernels
