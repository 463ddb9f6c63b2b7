#include "quant/half.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

namespace ingle::quant {
namespace {

bool is_f16_nan(uint32_t bits) {
  return (bits & 0x7fffU) > 0x7c00U;
}

/// The value of a finite binary16, from its definition (IEEE 754-2019, 3.4).
double f16_by_definition(uint32_t bits) {
  const int exponent = static_cast<int>((bits >> 10) & 0x1f);
  const int fraction = static_cast<int>(bits & 0x3ff);
  const double magnitude = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000U) != 0 ? -magnitude : magnitude;
}

TEST(Half, every_finite_f16_has_the_value_of_its_definition) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    if ((bits & 0x7c00U) == 0x7c00U) continue;
    const float value = f16_to_f32(static_cast<uint16_t>(bits));
    ASSERT_EQ(static_cast<double>(value), f16_by_definition(bits)) << bits;
    ASSERT_EQ(std::signbit(value), (bits & 0x8000U) != 0) << bits;
  }
}

TEST(Half, infinities_and_nans_stay_what_they_are) {
  EXPECT_EQ(f16_to_f32(0x7c00), std::numeric_limits<float>::infinity());
  EXPECT_EQ(f16_to_f32(0xfc00), -std::numeric_limits<float>::infinity());
  for (uint32_t bits = 0x7c01; bits < 0x8000; ++bits) {
    ASSERT_TRUE(std::isnan(f16_to_f32(static_cast<uint16_t>(bits)))) << bits;
    ASSERT_TRUE(std::isnan(f16_to_f32(static_cast<uint16_t>(bits | 0x8000U)))) << bits;
  }
}

TEST(Half, every_f16_survives_the_way_through_f32) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const uint16_t back = f32_to_f16(f16_to_f32(static_cast<uint16_t>(bits)));
    const uint32_t expected = is_f16_nan(bits) ? bits | 0x200U : bits;  // a NaN comes back quiet
    ASSERT_EQ(back, expected) << bits;
  }
}

// Rounding is monotonic, so what lies just below, at and just above every midpoint decides it for every f32.
TEST(Half, every_midpoint_of_f16_rounds_to_the_even_neighbour) {
  for (uint32_t low = 0; low < 0x7bff; ++low) {
    const float midpoint = static_cast<float>((f16_by_definition(low) + f16_by_definition(low + 1)) / 2);
    const float below = std::nextafterf(midpoint, 0.0F);
    const float above = std::nextafterf(midpoint, 1e9F);
    ASSERT_EQ(f32_to_f16(midpoint), low + (low & 1)) << low;
    ASSERT_EQ(f32_to_f16(below), low) << low;
    ASSERT_EQ(f32_to_f16(above), low + 1) << low;
    ASSERT_EQ(f32_to_f16(-midpoint), 0x8000U | (low + (low & 1))) << low;
  }
}

TEST(Half, overflow_of_f16_becomes_infinity) {
  EXPECT_EQ(f32_to_f16(65504.0F), 0x7bff);
  EXPECT_EQ(f32_to_f16(std::nextafterf(65520.0F, 0.0F)), 0x7bff);
  EXPECT_EQ(f32_to_f16(65520.0F), 0x7c00);
  EXPECT_EQ(f32_to_f16(65536.0F), 0x7c00);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::max()), 0x7c00);
  EXPECT_EQ(f32_to_f16(-std::numeric_limits<float>::infinity()), 0xfc00);
}

TEST(Half, what_is_too_small_for_f16_becomes_a_zero_of_its_sign) {
  EXPECT_EQ(f32_to_f16(0x1p-25F), 0x0000);
  EXPECT_EQ(f32_to_f16(0x1.000002p-25F), 0x0001);
  EXPECT_EQ(f32_to_f16(-0x1p-26F), 0x8000);
  EXPECT_EQ(f32_to_f16(std::numeric_limits<float>::denorm_min()), 0x0000);
  EXPECT_EQ(f32_to_f16(-0.0F), 0x8000);
}

TEST(Half, every_bf16_is_the_upper_half_of_its_f32_and_survives_the_way_back) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float value = bf16_to_f32(static_cast<uint16_t>(bits));
    ASSERT_EQ(std::bit_cast<uint32_t>(value), bits << 16) << bits;
    const bool nan = (bits & 0x7fffU) > 0x7f80U;
    ASSERT_EQ(f32_to_bf16(value), nan ? bits | 0x40U : bits) << bits;
  }
}

TEST(Half, every_midpoint_of_bf16_rounds_to_the_even_neighbour) {
  for (uint32_t low = 0; low < 0x7f80; ++low) {
    const uint32_t midpoint = (low << 16) | 0x8000U;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(midpoint)), low + (low & 1)) << low;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(midpoint - 1)), low) << low;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(midpoint + 1)), low + 1) << low;
    ASSERT_EQ(f32_to_bf16(std::bit_cast<float>(midpoint | 0x80000000U)), 0x8000U | (low + (low & 1))) << low;
  }
}

TEST(Half, a_nan_with_a_payload_only_in_the_low_half_is_still_a_nan) {
  const auto nan = std::bit_cast<float>(0x7f800001U);
  EXPECT_EQ(f32_to_bf16(nan), 0x7fc0);
  EXPECT_EQ(f32_to_f16(nan), 0x7e00);
}

}  // namespace
}  // namespace ingle::quant
