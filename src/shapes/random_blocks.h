// Random weights made as the bytes of their format, without numbers in between: gigabytes in seconds.
//
// The numbers that come out are finite, about centred, of the standard deviation asked for, and the same on every machine
// for the same seed. They mean nothing. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "quant/format.h"

namespace ingle::shapes {

/// SplitMix64 (Steele et al. 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    uint64_t z = state_;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

 private:
  uint64_t state_;
};

/// Whether fill_random() knows the format.
bool can_fill(quant::FormatId format);

/// Fills whole blocks of `format`. Floats get one magnitude in powers of two, K-quants random sub-scales.
void fill_random(quant::FormatId format, float deviation, Random& random, std::span<std::byte> blocks);

}  // namespace ingle::shapes
