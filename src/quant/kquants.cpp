// Q2_K to Q6_K: 256 numbers in groups of 16 or 32; the groups' scales are themselves small integers times one binary16.
//
// value = (d * scale) * code - (dmin * min) in Q2_K, Q4_K and Q5_K; (d * scale) * (code - middle) in Q3_K and Q6_K. All
// products are exact in f32 (11 + 7 + 5 bits at most), so a value is rounded at most once, by the subtraction.
// Where number e of a block keeps its bits (ggml-common.h and gguf-py's quants.py decide):
//   2 bits   byte 32 * (e / 128) + e % 32, from bit 2 * (e % 128 / 32)
//   4 bits   byte 32 * (e / 64) + e % 32, low nibble when e % 64 < 32     (Q6_K strides by 64: see nibble_strided)
//   1 bit    byte e % 32, bit e / 32
#include <algorithm>
#include <cmath>

#include "quant/codecs.h"
#include "quant/half.h"

namespace ingle::quant {
namespace {

constexpr size_t kMaxGroups = 16;

/// Where one number's bits lie: `byte` is an index, `shift` the lowest bit.
struct Place {
  size_t byte;
  unsigned shift;
};

Place crumb(size_t e) {
  return {32 * (e / 128) + e % 32, static_cast<unsigned>(2 * (e % 128 / 32))};
}
Place nibble(size_t e) {
  return {32 * (e / 64) + e % 32, static_cast<unsigned>(4 * (e % 64 / 32))};
}
Place nibble_strided(size_t e) {
  return {64 * (e / 128) + e % 64, static_cast<unsigned>(4 * (e % 128 / 64))};
}
Place bit(size_t e) {
  return {e % 32, static_cast<unsigned>(e / 32)};
}

int get(const uint8_t* bytes, Place place, unsigned mask) {
  return static_cast<int>((static_cast<unsigned>(bytes[place.byte]) >> place.shift) & mask);
}

/// The bits must still be zero.
void put(uint8_t* bytes, Place place, int value, unsigned mask) {
  bytes[place.byte] = static_cast<uint8_t>(bytes[place.byte] | ((static_cast<unsigned>(value) & mask) << place.shift));
}

/// Q4_K and Q5_K: 8 scales and 8 minimums of 6 bits in 12 bytes. The first four of each have a byte of their own, whose
/// two free bits are the top of the last four; bytes 8-11 are the low nibbles of those.
void unpack_scales_6bit(const uint8_t* packed, int* scales, int* mins) {
  for (size_t i = 0; i < 4; ++i) {
    scales[i] = packed[i] & 0x3f;
    mins[i] = packed[i + 4] & 0x3f;
    scales[i + 4] = (packed[i + 8] & 0xf) | ((packed[i] >> 6) << 4);
    mins[i + 4] = (packed[i + 8] >> 4) | ((packed[i + 4] >> 6) << 4);
  }
}

void pack_scales_6bit(const int* scales, const int* mins, uint8_t* packed) {
  for (size_t i = 0; i < 4; ++i) {
    packed[i] = static_cast<uint8_t>(scales[i] | ((scales[i + 4] >> 4) << 6));
    packed[i + 4] = static_cast<uint8_t>(mins[i] | ((mins[i + 4] >> 4) << 6));
    packed[i + 8] = static_cast<uint8_t>((scales[i + 4] & 0xf) | ((mins[i + 4] & 0xf) << 4));
  }
}

/// Q3_K: 16 signed scales of 6 bits, stored plus 32: low nibbles in bytes 0-7, top bit pairs in bytes 8-11.
Place q3_scale_low(size_t i) {
  return {i % 8, static_cast<unsigned>(4 * (i / 8))};
}
Place q3_scale_high(size_t i) {
  return {8 + i % 4, static_cast<unsigned>(2 * (i / 4))};
}

struct OffsetGrid {
  size_t group;  // numbers that share a scale and a minimum
  int highest_code;
  int highest_scale;  // also of the minimums
};

struct OffsetBlock {
  uint16_t d = 0;
  uint16_t dmin = 0;
  int scales[kMaxGroups] = {};
  int mins[kMaxGroups] = {};
  int codes[kSuperBlock] = {};
};

OffsetBlock fit_with_offset(const float* values, OffsetGrid grid) {
  OffsetBlock block;
  const size_t n_groups = kSuperBlock / grid.group;
  float scales[kMaxGroups];
  float mins[kMaxGroups];
  for (size_t g = 0; g < n_groups; ++g) {
    const auto [low, high] = std::minmax_element(values + g * grid.group, values + (g + 1) * grid.group);
    mins[g] = std::max(0.0F, -*low);  // a minimum is subtracted and cannot be negative
    scales[g] = std::max(0.0F, *high + mins[g]) / static_cast<float>(grid.highest_code);
  }
  const auto highest = static_cast<float>(grid.highest_scale);
  block.d = finite_f16(*std::max_element(scales, scales + n_groups) / highest);
  block.dmin = finite_f16(*std::max_element(mins, mins + n_groups) / highest);
  const float d = f16_to_f32(block.d);
  const float dmin = f16_to_f32(block.dmin);
  for (size_t g = 0; g < n_groups; ++g) {
    block.scales[g] = round_to_range(safe_divide(scales[g], d), 0, grid.highest_scale);
    block.mins[g] = round_to_range(safe_divide(mins[g], dmin), 0, grid.highest_scale);
    const float scale = d * static_cast<float>(block.scales[g]);
    const float min = dmin * static_cast<float>(block.mins[g]);
    for (size_t e = g * grid.group; e < (g + 1) * grid.group; ++e) {
      block.codes[e] = round_to_range(safe_divide(values[e] + min, scale), 0, grid.highest_code);
    }
  }
  return block;
}

struct SymmetricBlock {
  uint16_t d = 0;
  int scales[kMaxGroups] = {};
  int codes[kSuperBlock] = {};  // with the middle added
};

/// Codes run from -middle to middle - 1, scales from lowest_scale to -lowest_scale - 1, in groups of 16.
SymmetricBlock fit_symmetric(const float* values, int middle, int lowest_scale) {
  constexpr size_t kGroup = 16;
  SymmetricBlock block;
  float scales[kMaxGroups];
  for (size_t g = 0; g < kMaxGroups; ++g) {
    scales[g] = signed_extreme(values + g * kGroup, kGroup) / static_cast<float>(-middle);
  }
  block.d = finite_f16(signed_extreme(scales, kMaxGroups) / static_cast<float>(lowest_scale));
  const float d = f16_to_f32(block.d);
  for (size_t g = 0; g < kMaxGroups; ++g) {
    block.scales[g] = round_to_range(safe_divide(scales[g], d), lowest_scale, -lowest_scale - 1);
    const float scale = d * static_cast<float>(block.scales[g]);
    for (size_t e = g * kGroup; e < (g + 1) * kGroup; ++e) {
      block.codes[e] = round_to_range(safe_divide(values[e], scale), -middle, middle - 1) + middle;
    }
  }
  return block;
}

}  // namespace

// Q2_K: scales and minimums of 4 bits [16], crumbs [64], d, dmin.
void dequantize_q2_k(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 84, out += kSuperBlock) {
    const float d = f16_to_f32(load_u16(block + 80));
    const float dmin = f16_to_f32(load_u16(block + 82));
    for (size_t e = 0; e < kSuperBlock; ++e) {
      const int scale = block[e / 16] & 0xf;
      const int min = block[e / 16] >> 4;
      const int code = get(block + 16, crumb(e), 3);
      out[e] = d * static_cast<float>(scale) * static_cast<float>(code) - dmin * static_cast<float>(min);
    }
  }
}

void quantize_q2_k(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 84, values += kSuperBlock) {
    const OffsetBlock fit = fit_with_offset(values, {16, 3, 15});
    std::fill_n(block, 84, uint8_t{0});
    for (size_t g = 0; g < 16; ++g)
      block[g] = static_cast<uint8_t>(fit.scales[g] | (fit.mins[g] << 4));
    for (size_t e = 0; e < kSuperBlock; ++e)
      put(block + 16, crumb(e), fit.codes[e], 3);
    store_u16(block + 80, fit.d);
    store_u16(block + 82, fit.dmin);
  }
}

// Q3_K: top bits [32], crumbs [64], scales of 6 bits [12], d.
void dequantize_q3_k(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 110, out += kSuperBlock) {
    const uint8_t* packed_scales = block + 96;
    const float d = f16_to_f32(load_u16(block + 108));
    for (size_t e = 0; e < kSuperBlock; ++e) {
      const size_t g = e / 16;
      const int scale =
          (get(packed_scales, q3_scale_low(g), 0xf) | (get(packed_scales, q3_scale_high(g), 3) << 4)) - 32;
      const int code = get(block + 32, crumb(e), 3) | (get(block, bit(e), 1) << 2);
      out[e] = d * static_cast<float>(scale) * static_cast<float>(code - 4);
    }
  }
}

void quantize_q3_k(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 110, values += kSuperBlock) {
    const SymmetricBlock fit = fit_symmetric(values, 4, -32);
    std::fill_n(block, 110, uint8_t{0});
    for (size_t e = 0; e < kSuperBlock; ++e) {
      put(block + 32, crumb(e), fit.codes[e], 3);
      put(block, bit(e), fit.codes[e] >> 2, 1);
    }
    for (size_t g = 0; g < 16; ++g) {
      put(block + 96, q3_scale_low(g), fit.scales[g] + 32, 0xf);
      put(block + 96, q3_scale_high(g), (fit.scales[g] + 32) >> 4, 3);
    }
    store_u16(block + 108, fit.d);
  }
}

// Q4_K: d, dmin, scales and minimums of 6 bits [12], nibbles [128].
void dequantize_q4_k(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 144, out += kSuperBlock) {
    const float d = f16_to_f32(load_u16(block));
    const float dmin = f16_to_f32(load_u16(block + 2));
    int scales[8];
    int mins[8];
    unpack_scales_6bit(block + 4, scales, mins);
    for (size_t e = 0; e < kSuperBlock; ++e) {
      const int code = get(block + 16, nibble(e), 0xf);
      out[e] =
          d * static_cast<float>(scales[e / 32]) * static_cast<float>(code) - dmin * static_cast<float>(mins[e / 32]);
    }
  }
}

void quantize_q4_k(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 144, values += kSuperBlock) {
    const OffsetBlock fit = fit_with_offset(values, {32, 15, 63});
    std::fill_n(block, 144, uint8_t{0});
    store_u16(block, fit.d);
    store_u16(block + 2, fit.dmin);
    pack_scales_6bit(fit.scales, fit.mins, block + 4);
    for (size_t e = 0; e < kSuperBlock; ++e)
      put(block + 16, nibble(e), fit.codes[e], 0xf);
  }
}

// Q5_K: d, dmin, scales and minimums of 6 bits [12], top bits [32], nibbles [128].
void dequantize_q5_k(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 176, out += kSuperBlock) {
    const float d = f16_to_f32(load_u16(block));
    const float dmin = f16_to_f32(load_u16(block + 2));
    int scales[8];
    int mins[8];
    unpack_scales_6bit(block + 4, scales, mins);
    for (size_t e = 0; e < kSuperBlock; ++e) {
      const int code = get(block + 48, nibble(e), 0xf) | (get(block + 16, bit(e), 1) << 4);
      out[e] =
          d * static_cast<float>(scales[e / 32]) * static_cast<float>(code) - dmin * static_cast<float>(mins[e / 32]);
    }
  }
}

void quantize_q5_k(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 176, values += kSuperBlock) {
    const OffsetBlock fit = fit_with_offset(values, {32, 31, 63});
    std::fill_n(block, 176, uint8_t{0});
    store_u16(block, fit.d);
    store_u16(block + 2, fit.dmin);
    pack_scales_6bit(fit.scales, fit.mins, block + 4);
    for (size_t e = 0; e < kSuperBlock; ++e) {
      put(block + 48, nibble(e), fit.codes[e], 0xf);
      put(block + 16, bit(e), fit.codes[e] >> 4, 1);
    }
  }
}

// Q6_K: nibbles [128], top crumbs [64], signed scales [16], d.
void dequantize_q6_k(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 210, out += kSuperBlock) {
    const float d = f16_to_f32(load_u16(block + 208));
    for (size_t e = 0; e < kSuperBlock; ++e) {
      const auto scale = static_cast<int8_t>(block[192 + e / 16]);
      const int code = get(block, nibble_strided(e), 0xf) | (get(block + 128, crumb(e), 3) << 4);
      out[e] = d * static_cast<float>(scale) * static_cast<float>(code - 32);
    }
  }
}

void quantize_q6_k(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 210, values += kSuperBlock) {
    const SymmetricBlock fit = fit_symmetric(values, 32, -128);
    std::fill_n(block, 210, uint8_t{0});
    for (size_t e = 0; e < kSuperBlock; ++e) {
      put(block, nibble_strided(e), fit.codes[e], 0xf);
      put(block + 128, crumb(e), fit.codes[e] >> 4, 3);
    }
    for (size_t g = 0; g < 16; ++g)
      block[192 + g] = static_cast<uint8_t>(fit.scales[g]);
    store_u16(block + 208, fit.d);
  }
}

}  // namespace ingle::quant
