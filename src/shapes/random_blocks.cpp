#include "shapes/random_blocks.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "quant/half.h"

namespace ingle::shapes {
namespace {

using quant::FormatId;

// Standard deviations of uniform codes: sqrt((n^2 - 1) / 12) for n values.
constexpr float kCodes4 = 4.61F, kCodes5 = 9.23F, kCodes6 = 18.47F, kCodes8 = 73.9F;
constexpr float kSubScales6 = 36.7F;  // root mean square of 0 ... 63
constexpr float kSubScales8 = 66.6F;  // of 32 ... 95

/// What stands around the codes of a block: the codes themselves are random bytes already.
struct Frame {
  FormatId format;
  void (*set)(std::byte* block, float deviation);
};

void put_half(std::byte* at, float value) {
  const uint16_t bits = quant::f32_to_f16(value);
  std::memcpy(at, &bits, sizeof bits);
}

template <int kMilliCodes>
void scale_only(std::byte* block, float deviation) {
  put_half(block, deviation * 1000 / kMilliCodes);
}

/// d, then m = -mean code * d, which centres the numbers.
template <int kLevels>
void scale_and_minimum(std::byte* block, float deviation) {
  const float d = deviation / (kLevels == 16 ? kCodes4 : kCodes5);
  put_half(block, d);
  put_half(block + 2, d * -(kLevels - 1) / 2);
}

/// Each sub-block's minimum is its scale: with dmin = mean code * d the numbers are centred. The twelve bytes hold eight
/// 6-bit scales and minima, so equal ones need equal bytes 0-3 and 4-7 and equal nibbles in 8-11.
template <int kLevels>
void k_scales(std::byte* block, float deviation) {
  const float d = deviation / (kSubScales6 * (kLevels == 16 ? kCodes4 : kCodes5));
  put_half(block, d);
  put_half(block + 2, d * (kLevels - 1) / 2);
  std::byte* const scales = block + 4;
  std::memcpy(scales + 4, scales, 4);
  for (int i = 8; i < 12; ++i) {
    const std::byte low = scales[i] & std::byte{15};
    scales[i] = low | (low << 4);
  }
}

void q6_k_scales(std::byte* block, float deviation) {
  constexpr size_t kScales = 192;
  for (size_t i = 0; i < 16; ++i)
    block[kScales + i] = std::byte(32 + (std::to_integer<unsigned>(block[kScales + i]) & 63U));
  put_half(block + kScales + 16, deviation / (kSubScales8 * kCodes6));
}

/// The exponent of a float whose mantissa and sign are random: magnitudes in [2^e, 2^(e+1)), root mean square 1.53 * 2^e.
int exponent(float deviation) {
  return static_cast<int>(std::lround(std::log2(deviation / 1.53F)));
}

void f16(std::byte* block, float deviation) {
  uint16_t bits = 0;
  std::memcpy(&bits, block, sizeof bits);
  bits = static_cast<uint16_t>((bits & 0x83ffU) | static_cast<unsigned>(exponent(deviation) + 15) << 10U);
  std::memcpy(block, &bits, sizeof bits);
}

void bf16(std::byte* block, float deviation) {
  uint16_t bits = 0;
  std::memcpy(&bits, block, sizeof bits);
  bits = static_cast<uint16_t>((bits & 0x807fU) | static_cast<unsigned>(exponent(deviation) + 127) << 7U);
  std::memcpy(block, &bits, sizeof bits);
}

void f32(std::byte* block, float deviation) {
  uint32_t bits = 0;
  std::memcpy(&bits, block, sizeof bits);
  bits = (bits & 0x807fffffU) | static_cast<unsigned>(exponent(deviation) + 127) << 23U;
  std::memcpy(block, &bits, sizeof bits);
}

constexpr std::array kFrames = {
    Frame{FormatId::kF32, f32},
    Frame{FormatId::kF16, f16},
    Frame{FormatId::kBF16, bf16},
    Frame{FormatId::kQ4_0, scale_only<static_cast<int>(kCodes4 * 1000)>},
    Frame{FormatId::kQ4_1, scale_and_minimum<16>},
    Frame{FormatId::kQ5_0, scale_only<static_cast<int>(kCodes5 * 1000)>},
    Frame{FormatId::kQ5_1, scale_and_minimum<32>},
    Frame{FormatId::kQ8_0, scale_only<static_cast<int>(kCodes8 * 1000)>},
    Frame{FormatId::kQ4_K, k_scales<16>},
    Frame{FormatId::kQ5_K, k_scales<32>},
    Frame{FormatId::kQ6_K, q6_k_scales},
};

const Frame* find_frame(FormatId format) {
  for (const Frame& frame : kFrames)
    if (frame.format == format) return &frame;
  return nullptr;
}

}  // namespace

bool can_fill(FormatId format) {
  return find_frame(format) != nullptr;
}

void fill_random(FormatId format_id, float deviation, Random& random, std::span<std::byte> blocks) {
  const Frame* const frame = find_frame(format_id);
  const uint32_t block_bytes = quant::format(format_id).block_bytes;
  INGLE_CHECK(frame != nullptr && blocks.size() % block_bytes == 0);
  for (size_t i = 0; i < blocks.size(); i += sizeof(uint64_t)) {
    const uint64_t word = random.next();
    std::memcpy(blocks.data() + i, &word, std::min(sizeof word, blocks.size() - i));
  }
  for (size_t i = 0; i < blocks.size(); i += block_bytes)
    frame->set(blocks.data() + i, deviation);
}

}  // namespace ingle::shapes
