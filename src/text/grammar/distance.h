// Lengths of shortest ways, in bytes, with one value for "there is none".
#pragma once

#include <algorithm>
#include <cstdint>

namespace ingle::text::grammar {

inline constexpr uint32_t kFar = 1'000'000'000;

inline uint32_t far_sum(uint32_t a, uint32_t b) {
  return std::min(a + b, kFar);
}

inline uint32_t far_product(uint32_t a, uint32_t b) {
  return static_cast<uint32_t>(std::min<uint64_t>(uint64_t{a} * b, kFar));
}

}  // namespace ingle::text::grammar
