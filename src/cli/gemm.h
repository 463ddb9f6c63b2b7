// The matrix products of a kernel table, alone: every weight format for one token, eight, and a prompt.
//
// A measurement is the fastest of many short rounds, as the peaks are the fastest of many: what a machine does when nobody
// disturbs it. Peaks are measured before and after each, because a shared machine changes its speed.
#pragma once

#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/peaks.h"

namespace ingle::cli {

struct GemmResult {
  std::string_view format;
  bool is_float = false;  // against the peak of f32, not of int8
  uint32_t n_tokens = 0;
  uint32_t k = 0;
  uint32_t n_rows = 0;  // of all threads together
  unsigned threads = 0;
  double gops = 0;
  double bytes_per_s = 0;      // packed weights read
  double peak_fraction = 0;    // of the instructions; 0: unknown
  double memory_fraction = 0;  // of reading; with few tokens this is the bound
};

struct GemmOptions {
  std::vector<unsigned> threads;     // one measurement each
  std::vector<std::string> formats;  // names as in GGUF, any case; empty: one a kernel
  std::stop_token stop;
  std::function<void(std::string_view format, double done)> progress;
};

/// What was measured until the stop.
Result<std::vector<GemmResult>> measure_gemm(const kernels::Kernels& table, const GemmOptions& options);

}  // namespace ingle::cli
