// What the kernels could reach at best on this machine, measured now: the denominators of `bench`.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kernels/registry.h"

namespace ingle::cli {

struct Peaks {
  double int8_gops = 0;    // 0: the table has no int8 instruction
  double bytes_per_s = 0;  // reading memory far larger than the caches
};

/// All `threads` at once, about half a second.
Peaks measure_peaks(const kernels::Kernels& table, unsigned threads);

struct GemmResult {
  std::string_view format;
  uint32_t n_tokens = 0;
  uint32_t k = 0;
  uint32_t n_rows = 0;
  double gops = 0;
};

/// The int8 matrix products of `table` in every format that has one, for one token, eight and a prompt; one thread.
std::vector<GemmResult> measure_gemm(const kernels::Kernels& table);

}  // namespace ingle::cli
