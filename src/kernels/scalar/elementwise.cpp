// Norms, activations, rope and argmax in double, rounded once.
#include <cmath>
#include <cstring>

#include "kernels/scalar/scalar.h"

namespace ingle::kernels::scalar {

void rms_norm(const float* x, const float* weight, uint32_t n, float eps, float* y) {
  double sum = 0;
  for (uint32_t i = 0; i < n; ++i)
    sum += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  const double factor = 1 / std::sqrt(sum / n + static_cast<double>(eps));
  for (uint32_t i = 0; i < n; ++i)
    y[i] = static_cast<float>(static_cast<double>(x[i]) * factor * static_cast<double>(weight[i]));
}

void layer_norm(const float* x, const float* weight, const float* bias, uint32_t n, float eps, float* y) {
  double sum = 0;
  for (uint32_t i = 0; i < n; ++i)
    sum += static_cast<double>(x[i]);
  const double mean = sum / n;
  double squares = 0;
  for (uint32_t i = 0; i < n; ++i)
    squares += (static_cast<double>(x[i]) - mean) * (static_cast<double>(x[i]) - mean);
  const double factor = 1 / std::sqrt(squares / n + static_cast<double>(eps));
  for (uint32_t i = 0; i < n; ++i) {
    const double normed = (static_cast<double>(x[i]) - mean) * factor;
    y[i] = static_cast<float>(normed * static_cast<double>(weight[i]) + static_cast<double>(bias[i]));
  }
}

void add(const float* x, uint32_t n, float* y) {
  for (uint32_t i = 0; i < n; ++i)
    y[i] += x[i];
}

void silu_mul(const float* gate, const float* up, uint32_t n, float* out) {
  for (uint32_t i = 0; i < n; ++i) {
    const auto g = static_cast<double>(gate[i]);
    out[i] = static_cast<float>(g / (1 + std::exp(-g)) * static_cast<double>(up[i]));
  }
}

void gelu_tanh_mul(const float* gate, const float* up, uint32_t n, float* out) {
  // 1/2 (1 + tanh u) = 1 / (1 + e^-2u): the same number without the cancellation for u far below 0.
  constexpr double kTwoSqrt2OverPi = 1.5957691216057307118;
  for (uint32_t i = 0; i < n; ++i) {
    const auto g = static_cast<double>(gate[i]);
    const double u2 = kTwoSqrt2OverPi * (g + 0.044715 * g * g * g);
    out[i] = static_cast<float>(g / (1 + std::exp(-u2)) * static_cast<double>(up[i]));
  }
}

void gelu(const float* x, uint32_t n, float* y) {
  constexpr double kSqrtHalf = 0.70710678118654752440;
  for (uint32_t i = 0; i < n; ++i) {
    const auto v = static_cast<double>(x[i]);
    y[i] = static_cast<float>(v * 0.5 * std::erfc(-v * kSqrtHalf));
  }
}

namespace {

void rotate(float& a, float& b, float cos, float sin) {
  const double x = a, y = b, c = cos, s = sin;
  a = static_cast<float>(x * c - y * s);
  b = static_cast<float>(x * s + y * c);
}

}  // namespace

void rope_adjacent(float* x, uint32_t n_rot, const float* cos, const float* sin) {
  for (uint32_t i = 0; i < n_rot / 2; ++i)
    rotate(x[2 * i], x[2 * i + 1], cos[i], sin[i]);
}

void rope_halves(float* x, uint32_t n_rot, const float* cos, const float* sin) {
  for (uint32_t i = 0; i < n_rot / 2; ++i)
    rotate(x[i], x[i + n_rot / 2], cos[i], sin[i]);
}

uint32_t argmax(const float* x, uint32_t n) {
  uint32_t best = 0;
  for (uint32_t i = 1; i < n; ++i)
    if (x[i] > x[best]) best = i;
  return best;
}

uint64_t checksum(const std::byte* data, size_t bytes) {
  uint64_t sum = 0;
  for (size_t i = 0; i + sizeof sum <= bytes; i += sizeof sum) {
    uint64_t word = 0;
    std::memcpy(&word, data + i, sizeof word);
    sum ^= word;
  }
  for (size_t i = bytes / sizeof sum * sizeof sum; i < bytes; ++i)
    sum ^= static_cast<uint64_t>(data[i]) << (8 * (i % sizeof sum));
  return sum;
}

}  // namespace ingle::kernels::scalar
