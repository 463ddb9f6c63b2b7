#include "engine/sampler/exponential.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace ingle::engine {
namespace {

// Two doubles: what every x86-64 and aarch64 has a register for.
using Doubles = double __attribute__((vector_size(16)));
using Words = uint64_t __attribute__((vector_size(16)));

/// exp(x) for x <= 0: x = k ln 2 + r, |r| <= ln 2 / 2, and a Taylor polynomial for exp(r), whose next term is
/// r^9 / 9! < 2e-10.
inline Doubles exp_nonpositive(Doubles x) {
  constexpr double kRound = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  constexpr double kLog2E = 0x1.71547652b82fep0;
  constexpr double kLn2 = 0x1.62e42fefa39efp-1;
  constexpr double kLeast = -700;  // 1e-304, where powers of two are still normal numbers
  x = x > kLeast ? x : Doubles{kLeast, kLeast};
  const Doubles shifted = x * kLog2E + kRound;
  const Doubles r = x - (shifted - kRound) * kLn2;
  const auto power = std::bit_cast<Doubles>((std::bit_cast<Words>(shifted) << 52U) + (uint64_t{1023} << 52U));
  Doubles p = r * (1.0 / 40320) + 1.0 / 5040;
  p = p * r + 1.0 / 720;
  p = p * r + 1.0 / 120;
  p = p * r + 1.0 / 24;
  p = p * r + 1.0 / 6;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  return p * power;
}

}  // namespace

double sum_of_exponentials(std::span<const float> values, float largest) {
  const auto origin = static_cast<double>(largest);
  const auto at = [&](size_t i) { return static_cast<double>(values[i]) - origin; };
  Doubles even{};
  Doubles odd{};
  size_t i = 0;
  for (; i + 4 <= values.size(); i += 4) {
    even += exp_nonpositive(Doubles{at(i), at(i + 1)});
    odd += exp_nonpositive(Doubles{at(i + 2), at(i + 3)});
  }
  for (; i < values.size(); ++i)
    even += exp_nonpositive(Doubles{at(i), -HUGE_VAL});
  even += odd;
  return even[0] + even[1];
}

}  // namespace ingle::engine
