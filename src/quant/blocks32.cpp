// Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0: 32 numbers share one binary16 scale, and in the _1 formats an offset.
//
// value = scale * (code - middle) in the _0 formats, scale * code + offset in the _1 formats. Low nibbles of the 16 code
// bytes are the first 16 numbers, high nibbles the others; a fifth bit stands in a 32-bit mask, bit i for number i.
// The products are exact in f32 (11 by at most 8 bits), so each value is rounded at most once.
#include <algorithm>
#include <cmath>

#include "quant/codecs.h"
#include "quant/half.h"

namespace ingle::quant {
namespace {

void unpack_nibbles(const uint8_t* packed, int* codes) {
  for (size_t i = 0; i < kHalfBlock; ++i) {
    codes[i] = packed[i] & 0xf;
    codes[i + kHalfBlock] = packed[i] >> 4;
  }
}

void pack_nibbles(const int* codes, uint8_t* packed) {
  for (size_t i = 0; i < kHalfBlock; ++i) {
    packed[i] = static_cast<uint8_t>((codes[i] & 0xf) | ((codes[i + kHalfBlock] & 0xf) << 4));
  }
}

void unpack_fifth_bits(const uint8_t* mask, int* codes) {
  for (size_t i = 0; i < kBlock; ++i)
    codes[i] |= ((mask[i / 8] >> (i % 8)) & 1) << 4;
}

void pack_fifth_bits(const int* codes, uint8_t* mask) {
  std::fill_n(mask, kBlock / 8, uint8_t{0});
  for (size_t i = 0; i < kBlock; ++i) {
    mask[i / 8] = static_cast<uint8_t>(mask[i / 8] | (((codes[i] >> 4) & 1) << (i % 8)));
  }
}

/// The scale that maps the extreme value to the lowest code, which has one step more than the highest.
void choose_symmetric_codes(const float* values, int middle, int* codes, uint8_t* scale_at) {
  const uint16_t scale_bits = finite_f16(signed_extreme(values, kBlock) / static_cast<float>(-middle));
  const float scale = f16_to_f32(scale_bits);
  store_u16(scale_at, scale_bits);
  for (size_t i = 0; i < kBlock; ++i) {
    codes[i] = round_to_range(safe_divide(values[i], scale), -middle, middle - 1) + middle;
  }
}

void choose_offset_codes(const float* values, int highest, int* codes, uint8_t* scale_at) {
  const auto [low, high] = std::minmax_element(values, values + kBlock);
  const uint16_t scale_bits = finite_f16((*high - *low) / static_cast<float>(highest));
  const uint16_t offset_bits = finite_f16(*low);
  const float scale = f16_to_f32(scale_bits);
  const float offset = f16_to_f32(offset_bits);
  store_u16(scale_at, scale_bits);
  store_u16(scale_at + 2, offset_bits);
  for (size_t i = 0; i < kBlock; ++i)
    codes[i] = round_to_range(safe_divide(values[i] - offset, scale), 0, highest);
}

}  // namespace

// Q4_0: scale, 16 code bytes.
void dequantize_q4_0(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 18, out += kBlock) {
    const float scale = f16_to_f32(load_u16(block));
    int codes[kBlock];
    unpack_nibbles(block + 2, codes);
    for (size_t i = 0; i < kBlock; ++i)
      out[i] = scale * static_cast<float>(codes[i] - 8);
  }
}

void quantize_q4_0(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 18, values += kBlock) {
    int codes[kBlock];
    choose_symmetric_codes(values, 8, codes, block);
    pack_nibbles(codes, block + 2);
  }
}

// Q4_1: scale, offset, 16 code bytes.
void dequantize_q4_1(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 20, out += kBlock) {
    const float scale = f16_to_f32(load_u16(block));
    const float offset = f16_to_f32(load_u16(block + 2));
    int codes[kBlock];
    unpack_nibbles(block + 4, codes);
    for (size_t i = 0; i < kBlock; ++i)
      out[i] = scale * static_cast<float>(codes[i]) + offset;
  }
}

void quantize_q4_1(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 20, values += kBlock) {
    int codes[kBlock];
    choose_offset_codes(values, 15, codes, block);
    pack_nibbles(codes, block + 4);
  }
}

// Q5_0: scale, mask of fifth bits, 16 code bytes.
void dequantize_q5_0(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 22, out += kBlock) {
    const float scale = f16_to_f32(load_u16(block));
    int codes[kBlock];
    unpack_nibbles(block + 6, codes);
    unpack_fifth_bits(block + 2, codes);
    for (size_t i = 0; i < kBlock; ++i)
      out[i] = scale * static_cast<float>(codes[i] - 16);
  }
}

void quantize_q5_0(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 22, values += kBlock) {
    int codes[kBlock];
    choose_symmetric_codes(values, 16, codes, block);
    pack_fifth_bits(codes, block + 2);
    pack_nibbles(codes, block + 6);
  }
}

// Q5_1: scale, offset, mask of fifth bits, 16 code bytes.
void dequantize_q5_1(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 24, out += kBlock) {
    const float scale = f16_to_f32(load_u16(block));
    const float offset = f16_to_f32(load_u16(block + 2));
    int codes[kBlock];
    unpack_nibbles(block + 8, codes);
    unpack_fifth_bits(block + 4, codes);
    for (size_t i = 0; i < kBlock; ++i)
      out[i] = scale * static_cast<float>(codes[i]) + offset;
  }
}

void quantize_q5_1(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 24, values += kBlock) {
    int codes[kBlock];
    choose_offset_codes(values, 31, codes, block);
    pack_fifth_bits(codes, block + 4);
    pack_nibbles(codes, block + 8);
  }
}

// Q8_0: scale, 32 signed bytes.
void dequantize_q8_0(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 34, out += kBlock) {
    const float scale = f16_to_f32(load_u16(block));
    for (size_t i = 0; i < kBlock; ++i)
      out[i] = scale * static_cast<float>(static_cast<int8_t>(block[2 + i]));
  }
}

void quantize_q8_0(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 34, values += kBlock) {
    const uint16_t scale_bits = finite_f16(std::fabs(signed_extreme(values, kBlock)) / 127.0F);
    const float scale = f16_to_f32(scale_bits);
    store_u16(block, scale_bits);
    for (size_t i = 0; i < kBlock; ++i) {
      block[2 + i] = static_cast<uint8_t>(round_to_range(safe_divide(values[i], scale), -127, 127));
    }
  }
}

}  // namespace ingle::quant
