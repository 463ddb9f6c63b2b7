#include "quant/finite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace ingle::quant {
namespace {

TEST(FindNonFinite, passes_every_format_of_honest_numbers) {
  for (const Format& format : formats()) {
    std::vector<float> values(512);
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(std::sin(static_cast<double>(i)));
    std::vector<std::byte> blocks(format.row_bytes(values.size()));
    format.quantize(values.data(), blocks.data(), values.size() / format.block_size);
    EXPECT_FALSE(find_non_finite(format, blocks)) << format.name;
  }
}

TEST(FindNonFinite, finds_whatever_dequantizes_to_nan_or_infinity) {
  // All bits set makes every floating-point field a NaN, in each format.
  for (const Format& format : formats()) {
    std::vector<std::byte> blocks(3UL * format.block_bytes);
    std::fill(blocks.begin() + format.block_bytes, blocks.begin() + 2 * format.block_bytes, std::byte{0xFF});
    const auto found = find_non_finite(format, blocks);
    ASSERT_TRUE(found) << format.name;
    EXPECT_EQ(*found / format.block_bytes, 1U) << format.name;
    std::vector<float> values(format.block_size);
    format.dequantize(blocks.data() + format.block_bytes, values.data(), 1);
    EXPECT_FALSE(std::isfinite(values[0])) << format.name;
  }
}

}  // namespace
}  // namespace ingle::quant
