// What this processor can do at best, measured: the denominators of every "fraction of peak". One calling thread each;
// for several cores the caller runs them on several threads at once and adds up.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace ingle::kernels {

/// Integer operations per second (a multiplication and an addition are two), in 10^9, of a loop that does nothing but the
/// instruction with which `table` multiplies int8; best of several runs within about `seconds`. 0 for the scalar table.
double int8_peak_gops(const Kernels& table, double seconds);

/// The same for the fused multiply-add of f32, with which float weights are multiplied.
double f32_peak_gops(const Kernels& table, double seconds);

/// Reads `bytes` at `data` once with the table's vectors; repeat over memory much larger than the caches and divide by
/// the time for bandwidth. Returns a value that depends on every byte, so that no compiler drops the reading.
uint64_t read_all(const Kernels& table, const std::byte* data, size_t bytes);

}  // namespace ingle::kernels
