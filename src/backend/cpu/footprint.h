// How large an executor's memory is, from the shapes of a program alone: the executor allocates by the same numbers that a
// plan before loading adds up. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/backend.h"
#include "base/result.h"

namespace ingle::backend::cpu {

// Tokens that one task takes of a large batch: enough to amortise expanding a panel in L1, few enough to share the work.
inline constexpr uint32_t kTaskTokens = 256;
// Panels of the gate (and of up) that one task takes: two make one block of quantized activations, and kernels multiply
// three at a time.
inline constexpr uint32_t kMaxTaskPanels = 6;

/// The memory for the rows of a step.
struct WorkShape {
  uint32_t rows = 0;       // max_rows in whole tiles
  uint32_t heads = 0;      // columns of the widest layer's queries
  uint32_t ff = 0;         // columns of the widest MLP
  size_t task_floats = 0;  // scratch of one thread
  static WorkShape of(const Program& program, uint32_t max_rows);
  uint64_t bytes(uint32_t n_embd, uint32_t threads, bool quantize) const;
};

Result<Footprint> footprint(const Program& program, const Options& options);

}  // namespace ingle::backend::cpu
