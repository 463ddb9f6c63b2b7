// What this machine could do at best, measured now: the denominators of `bench`.
#pragma once

#include "base/result.h"
#include "kernels/registry.h"

namespace ingle::cli {

/// Sums over the threads that worked at the same time.
struct Peaks {
  double int8_gops = 0;    // 0: the table has no int8 instruction
  double f32_gops = 0;     // of fused multiply-adds; 0: none
  double bytes_per_s = 0;  // reading memory far larger than the caches

  /// Between two measurements, before and after what they are to judge.
  friend Peaks mean(const Peaks& a, const Peaks& b) {
    return {(a.int8_gops + b.int8_gops) / 2, (a.f32_gops + b.f32_gops) / 2, (a.bytes_per_s + b.bytes_per_s) / 2};
  }
};

/// All `threads` at once, about a fifth of a second. The memory that is read is given back.
Result<Peaks> measure_peaks(const kernels::Kernels& table, unsigned threads);

}  // namespace ingle::cli
