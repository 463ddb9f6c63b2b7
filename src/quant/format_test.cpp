#include "quant/format.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "quant/half.h"

namespace ingle::quant {
namespace {

constexpr uint16_t kHalfOne = 0x3c00;  // 1.0 in binary16

/// A block given byte by byte, zero where nothing was set.
class Block {
 public:
  explicit Block(FormatId id) : format_(format(id)), bytes_(format_.block_bytes) {}

  Block& byte(size_t at, unsigned value) {
    bytes_.at(at) = static_cast<std::byte>(value);
    return *this;
  }
  Block& u16(size_t at, unsigned value) { return byte(at, value & 0xff).byte(at + 1, value >> 8); }
  std::vector<float> values() const {
    std::vector<float> out(format_.block_size);
    format_.dequantize(bytes_.data(), out.data(), 1);
    return out;
  }

 private:
  const Format& format_;
  std::vector<std::byte> bytes_;
};

TEST(Formats, rows_are_in_the_order_of_their_ids_and_found_by_them) {
  uint32_t last = 0;
  for (const Format& row : formats()) {
    const auto id = static_cast<uint32_t>(row.id);
    EXPECT_TRUE(id > last || id == 0) << row.name;
    last = id;
    EXPECT_EQ(find_format(id), &row);
    EXPECT_EQ(&format(row.id), &row);
  }
  EXPECT_EQ(formats().size(), 15U);
}

TEST(Formats, numbers_of_formats_that_this_build_does_not_read_are_not_found) {
  EXPECT_EQ(find_format(4), nullptr);   // Q4_2, withdrawn
  EXPECT_EQ(find_format(17), nullptr);  // IQ2_XS
  EXPECT_EQ(find_format(UINT32_MAX), nullptr);
}

TEST(Formats, a_row_takes_its_blocks_times_their_bytes) {
  EXPECT_EQ(format(FormatId::kQ4_K).row_bytes(1024), 4U * 144);
  EXPECT_EQ(format(FormatId::kF16).row_bytes(7), 14U);
  EXPECT_EQ(format(FormatId::kMXFP4).row_bytes(64), 34U);
}

TEST(Formats, q4_0_codes_are_eight_below_their_nibbles) {
  const auto v = Block(FormatId::kQ4_0).u16(0, kHalfOne).byte(2, 0xf0).byte(17, 0x19).values();
  EXPECT_EQ(v[0], -8.0F);
  EXPECT_EQ(v[16], 7.0F);
  EXPECT_EQ(v[15], 1.0F);
  EXPECT_EQ(v[31], -7.0F);
}

TEST(Formats, q4_1_adds_its_offset) {
  const auto v = Block(FormatId::kQ4_1).u16(0, 0x3800).u16(2, 0xc000).byte(4, 0x4f).values();  // 0.5, -2
  EXPECT_EQ(v[0], 5.5F);
  EXPECT_EQ(v[16], 0.0F);
  EXPECT_EQ(v[1], -2.0F);
}

TEST(Formats, q5_0_takes_the_fifth_bit_of_number_i_from_bit_i_of_the_mask) {
  const auto v =
      Block(FormatId::kQ5_0).u16(0, kHalfOne).byte(2, 0x02).byte(5, 0x80).byte(7, 0x03).byte(21, 0xf0).values();
  EXPECT_EQ(v[0], -16.0F);
  EXPECT_EQ(v[1], 3.0F);
  EXPECT_EQ(v[31], 15.0F);
  EXPECT_EQ(v[30], -16.0F);
}

TEST(Formats, q5_1_has_codes_of_five_bits_and_an_offset) {
  const auto v = Block(FormatId::kQ5_1).u16(0, kHalfOne).u16(2, kHalfOne).byte(4, 0x01).byte(8, 0x2f).values();
  EXPECT_EQ(v[0], 32.0F);
  EXPECT_EQ(v[16], 3.0F);
  EXPECT_EQ(v[1], 1.0F);
}

TEST(Formats, q8_0_codes_are_signed_bytes) {
  const auto v = Block(FormatId::kQ8_0).u16(0, 0x3800).byte(2, 0x80).byte(33, 0x7f).values();
  EXPECT_EQ(v[0], -64.0F);
  EXPECT_EQ(v[31], 63.5F);
}

TEST(Formats, q2_k_scales_and_subtracts_per_group_of_sixteen) {
  auto block = Block(FormatId::kQ2_K).u16(80, kHalfOne).u16(82, 0x3800);  // d = 1, dmin = 0.5
  block.byte(0, 0x23).byte(15, 0x0f);  // group 0: scale 3, minimum 2; group 15: scale 15
  block.byte(16, 0x03);                // number 0 in the lowest crumb
  block.byte(16 + 63, 0xc0);           // number 255 in the highest crumb of the last byte
  const auto v = block.values();
  EXPECT_EQ(v[0], 8.0F);
  EXPECT_EQ(v[1], -1.0F);
  EXPECT_EQ(v[255], 45.0F);
  EXPECT_EQ(v[127], 0.0F);
}

TEST(Formats, q3_k_counts_from_minus_four_unless_the_top_bit_is_set) {
  auto block = Block(FormatId::kQ3_K).u16(108, kHalfOne);
  block.byte(96, 0x01).byte(104, 0x02);  // group 0: low 1, high 2: scale 33 - 32
  block.byte(0, 0x01).byte(32, 0x03);    // number 0: top bit set, crumb 3
  const auto v = block.values();
  EXPECT_EQ(v[0], 3.0F);
  EXPECT_EQ(v[1], -4.0F);
  EXPECT_EQ(v[16], 128.0F);  // scale 0 - 32, code 0 - 4
}

TEST(Formats, q3_k_scale_eight_lies_in_the_high_nibble_of_byte_zero) {
  auto block = Block(FormatId::kQ3_K).u16(108, kHalfOne).byte(96, 0x50).byte(104, 0x30).byte(0, 0x10);
  const auto v = block.values();
  EXPECT_EQ(v[128], 0.0F);    // top bit of number 128: code 4 - 4
  EXPECT_EQ(v[129], -84.0F);  // scale (5 | 3 << 4) - 32 = 21, code -4
}

TEST(Formats, q4_k_unpacks_six_bit_scales_and_minimums) {
  auto block = Block(FormatId::kQ4_K).u16(0, kHalfOne).u16(2, kHalfOne);
  block.byte(4, 0x3f | 0x40);  // scale 0 is 63; bits 4-5 of scale 4 are 1
  block.byte(8, 0x02 | 0x80);  // minimum 0 is 2; bits 4-5 of minimum 4 are 2
  block.byte(12, 0x35);        // scale 4 low nibble 5, minimum 4 low nibble 3
  block.byte(16, 0x0f);        // number 0
  block.byte(16 + 64, 0x02);   // number 128, group 4
  const auto v = block.values();
  EXPECT_EQ(v[0], 63.0F * 15 - 2);
  EXPECT_EQ(v[1], -2.0F);
  EXPECT_EQ(v[128], 21.0F * 2 - 35);
  EXPECT_EQ(v[32], 0.0F);
}

TEST(Formats, q5_k_takes_top_bits_across_groups_from_one_byte) {
  auto block = Block(FormatId::kQ5_K).u16(0, kHalfOne).byte(4, 1).byte(5, 2);
  block.byte(16, 0x03);  // number 0 and number 32 have their top bit
  block.byte(48, 0x21);  // number 0: nibble 1; number 32: nibble 2
  const auto v = block.values();
  EXPECT_EQ(v[0], 17.0F);
  EXPECT_EQ(v[32], 36.0F);
  EXPECT_EQ(v[1], 0.0F);
}

TEST(Formats, q6_k_nibbles_stride_by_sixty_four_and_scales_are_signed) {
  auto block = Block(FormatId::kQ6_K).u16(208, kHalfOne).byte(192, 0xff).byte(192 + 4, 2).byte(192 + 15, 1);
  block.byte(0, 0x4f);    // number 0: 15; number 64: 4
  block.byte(128, 0x33);  // number 0: top 3; number 64: top 3
  block.byte(191, 0x80);  // number 255: top 2
  const auto v = block.values();
  EXPECT_EQ(v[0], -31.0F);
  EXPECT_EQ(v[64], 2.0F * (52 - 32));
  EXPECT_EQ(v[255], 0.0F);
  EXPECT_EQ(v[254], -32.0F);
}

TEST(Formats, iq4_nl_looks_its_codes_up) {
  const auto v = Block(FormatId::kIQ4_NL).u16(0, 0x4000).byte(2, 0xf0).byte(3, 0x87).values();
  EXPECT_EQ(v[0], -254.0F);
  EXPECT_EQ(v[16], 226.0F);
  EXPECT_EQ(v[1], -20.0F);
  EXPECT_EQ(v[17], 2.0F);
}

TEST(Formats, mxfp4_scales_by_powers_of_two_down_to_the_smallest) {
  const auto v = Block(FormatId::kMXFP4).byte(0, 127).byte(1, 0xf7).byte(2, 0x91).values();
  EXPECT_EQ(v[0], 6.0F);
  EXPECT_EQ(v[16], -6.0F);
  EXPECT_EQ(v[1], 0.5F);
  EXPECT_EQ(v[17], -0.5F);
  EXPECT_EQ(Block(FormatId::kMXFP4).byte(0, 0).byte(1, 0x02).values()[0], 0x1p-127F);
  EXPECT_EQ(Block(FormatId::kMXFP4).byte(0, 1).byte(1, 0x01).values()[0], 0x1p-127F);
  EXPECT_EQ(Block(FormatId::kMXFP4).byte(0, 254).byte(1, 0x02).values()[0], 0x1p127F);
}

/// Half a step of the format between its extremes, as a share of the largest magnitude, plus what rounding the scales
/// to their own grid adds.
double round_trip_bound(FormatId id) {
  struct Row {
    FormatId id;
    double share;
  };
  constexpr double kHalfScale = 0x1p-11;  // relative error of a binary16 scale
  constexpr std::array kRows = {
      Row{FormatId::kF32, 0.0},
      Row{FormatId::kF16, kHalfScale},
      Row{FormatId::kBF16, 0x1p-8},
      Row{FormatId::kQ4_0, 1.0 / 8 + kHalfScale},       // the extreme's mirror image is cut by one step
      Row{FormatId::kQ4_1, 1.0 / 15 + 3 * kHalfScale},  // half of (high - low) / 15 where that is 2 max / 15
      Row{FormatId::kQ5_0, 1.0 / 16 + kHalfScale},
      Row{FormatId::kQ5_1, 1.0 / 31 + 3 * kHalfScale},
      Row{FormatId::kQ8_0, 0.5 / 127 + kHalfScale},
      Row{FormatId::kQ2_K, 1.0 / 3 + 3.0 / 30 + 1.0 / 15},  // scale off by 1/30 of the largest, times code 3; minimum
      Row{FormatId::kQ3_K, 1.0 / 4 + 4.0 / 64 + kHalfScale},
      Row{FormatId::kQ4_K, 1.0 / 15 + 15.0 / 15 / 63 + 1.0 / 63},
      Row{FormatId::kQ5_K, 1.0 / 31 + 31.0 / 31 / 63 + 1.0 / 63},
      Row{FormatId::kQ6_K, 1.0 / 32 + 32.0 / 32 / 256 + kHalfScale},
      Row{FormatId::kIQ4_NL, 16.0 / 127 + kHalfScale},  // half the widest gap, or the mirrored extreme above 113
      Row{FormatId::kMXFP4, 0.25 + 1e-6},               // 8 x 2^k is cut to 6 x 2^k
  };
  for (const Row& row : kRows) {
    if (row.id == id) return row.share;
  }
  return -1;
}

class RoundTrip : public testing::TestWithParam<Format> {};

INSTANTIATE_TEST_SUITE_P(EveryFormat, RoundTrip, testing::ValuesIn(formats().begin(), formats().end()),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(RoundTrip, of_random_numbers_stays_within_the_step_of_the_format) {
  const Format& format = GetParam();
  constexpr size_t kBlocks = 50;
  std::mt19937 random(7);
  std::normal_distribution<float> normal(0.0F, 0.02F);
  std::vector<float> values(kBlocks * format.block_size);
  for (float& value : values)
    value = normal(random);
  std::vector<std::byte> blocks(kBlocks * format.block_bytes);
  std::vector<float> back(values.size());
  format.quantize(values.data(), blocks.data(), kBlocks);
  format.dequantize(blocks.data(), back.data(), kBlocks);

  const double bound = round_trip_bound(format.id);
  ASSERT_GE(bound, 0);
  for (size_t b = 0; b < kBlocks; ++b) {
    double largest = 0;
    double worst = 0;
    for (size_t i = b * format.block_size; i < (b + 1) * format.block_size; ++i) {
      largest = std::max(largest, std::fabs(static_cast<double>(values[i])));
      worst = std::max(worst, std::fabs(static_cast<double>(values[i]) - static_cast<double>(back[i])));
    }
    ASSERT_LE(worst, bound * largest) << "block " << b;
  }
}

TEST_P(RoundTrip, of_what_the_format_can_hold_is_exact) {
  const Format& format = GetParam();
  std::vector<float> zeros(format.block_size);
  std::vector<std::byte> blocks(format.block_bytes);
  std::vector<float> back(format.block_size, 1.0F);
  format.quantize(zeros.data(), blocks.data(), 1);
  format.dequantize(blocks.data(), back.data(), 1);
  EXPECT_EQ(back, zeros);
}

TEST_P(RoundTrip, of_the_hugest_numbers_and_of_nan_ends_in_a_valid_block) {
  const Format& format = GetParam();
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float extreme : {kMax, -kMax, kInfinity, -kInfinity, std::nanf(""), 0x1p-149F}) {
    std::vector<float> values(format.block_size, 1.0F);
    values[0] = extreme;
    std::vector<std::byte> blocks(format.block_bytes);
    std::vector<float> back(format.block_size);
    format.quantize(values.data(), blocks.data(), 1);
    format.dequantize(blocks.data(), back.data(), 1);
    if (format.block_size == 1 && !std::isnan(extreme)) {
      EXPECT_EQ(std::signbit(back[0]), std::signbit(extreme)) << extreme;
    }
  }
}

TEST_P(RoundTrip, does_not_care_where_a_block_lies_in_memory) {
  const Format& format = GetParam();
  std::vector<std::byte> shifted(format.block_bytes + 1);
  std::mt19937 random(3);
  for (std::byte& byte : shifted)
    byte = static_cast<std::byte>(random() & 0x3f);
  const std::vector<std::byte> aligned(shifted.begin() + 1, shifted.end());
  std::vector<float> from_shifted(format.block_size);
  std::vector<float> from_aligned(format.block_size);
  format.dequantize(shifted.data() + 1, from_shifted.data(), 1);
  format.dequantize(aligned.data(), from_aligned.data(), 1);
  EXPECT_EQ(std::memcmp(from_shifted.data(), from_aligned.data(), from_aligned.size() * sizeof(float)), 0);
}

}  // namespace
}  // namespace ingle::quant
