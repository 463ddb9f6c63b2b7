// Random numbers without state: a draw is a function of (seed, stream, position), so a sequence can be forked, rolled back,
// preempted or batched with others and still draws the same numbers.
//
// Philox 4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011.
#pragma once

#include <array>
#include <cstdint>

namespace ingle::engine {

std::array<uint32_t, 4> philox_4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

/// What a number is drawn for; two uses at one position are independent.
enum class RandomStream : uint32_t { kToken, kXtc };

/// Uniform in [0, 1), 53 bits.
double uniform(uint64_t seed, RandomStream stream, uint64_t position);

}  // namespace ingle::engine
