#include "quant/half.h"

#include <bit>

namespace ingle::quant {
namespace {

constexpr uint32_t kF32Infinity = 0x7f800000;

/// `value` / 2^shift, to nearest, ties to even. A carry out of the fraction lands in the exponent, where it belongs.
uint32_t shift_to_nearest_even(uint32_t value, uint32_t shift) {
  const uint32_t below_half = (1U << (shift - 1)) - 1;
  const uint32_t odd = (value >> shift) & 1;
  return (value + below_half + odd) >> shift;
}

}  // namespace

float f16_to_f32(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1fU;
  const uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
  }
  if (exponent == 0x1f) return std::bit_cast<float>(sign | kF32Infinity | (fraction << 13));
  return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
}

uint16_t f32_to_f16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = (bits >> 16) & 0x8000U;
  const uint32_t magnitude = bits & 0x7fffffffU;
  uint32_t half = 0;
  if (magnitude > kF32Infinity) {
    half = 0x7e00U | ((magnitude >> 13) & 0x3ffU);  // a quiet NaN that keeps the payload that fits
  } else if (magnitude >= 0x47800000U) {            // 2^16; numbers just below it become infinity by the carry
    half = 0x7c00U;
  } else if (magnitude >= 0x38800000U) {  // 2^-14, the smallest normal binary16
    half = shift_to_nearest_even(magnitude - (112U << 23), 13);
  } else if (magnitude >= 0x33000000U) {  // 2^-25; everything below is nearer to zero than to 2^-24
    const uint32_t significand = (magnitude & 0x7fffffU) | 0x800000U;
    half = shift_to_nearest_even(significand, 126 - (magnitude >> 23));
  }
  return static_cast<uint16_t>(sign | half);
}

float bf16_to_f32(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

uint16_t f32_to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7fffffffU) > kF32Infinity) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>(shift_to_nearest_even(bits, 16));
}

}  // namespace ingle::quant
