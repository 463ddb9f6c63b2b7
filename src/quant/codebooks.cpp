// IQ4_NL and MXFP4: 4-bit codes that index a table of 16 values, 32 numbers to a scale.
//
// Low nibbles of the 16 code bytes are the first 16 numbers, high nibbles the others.
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "quant/codecs.h"
#include "quant/half.h"

namespace ingle::quant {
namespace {

using Codebook = std::array<int8_t, 16>;

// The non-linear grid of ggml's IQ4_NL (kvalues_iq4nl in ggml-common.h), fitted there to the weights of real models.
constexpr Codebook kIq4Nl = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

// E2M1 doubled, so that every value is an integer (OCP Microscaling Formats v1.0, section 5.3.3).
constexpr Codebook kE2M1Doubled = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/// 2^(exponent - 128): an E8M0 scale, halved because the codebook is doubled. The specification's NaN (255) is 2^127,
/// as in ggml, which never writes it.
float halved_e8m0(uint8_t exponent) {
  constexpr uint32_t kSubnormal = 0x00200000;  // 2^-128
  const uint32_t bits = exponent < 2 ? kSubnormal << exponent : static_cast<uint32_t>(exponent - 1) << 23;
  return std::bit_cast<float>(bits);
}

void look_up(const uint8_t* packed, const Codebook& codebook, float scale, float* out) {
  for (size_t i = 0; i < kHalfBlock; ++i) {
    out[i] = scale * static_cast<float>(codebook[packed[i] & 0xf]);
    out[i + kHalfBlock] = scale * static_cast<float>(codebook[packed[i] >> 4]);
  }
}

int nearest(float value, const Codebook& codebook) {
  int best = 0;
  for (int code = 1; code < 16; ++code) {
    const float distance = std::fabs(value - static_cast<float>(codebook[static_cast<size_t>(code)]));
    if (distance < std::fabs(value - static_cast<float>(codebook[static_cast<size_t>(best)]))) best = code;
  }
  return best;
}

void choose_codes(const float* values, const Codebook& codebook, float scale, uint8_t* packed) {
  for (size_t i = 0; i < kHalfBlock; ++i) {
    const int low = nearest(safe_divide(values[i], scale), codebook);
    const int high = nearest(safe_divide(values[i + kHalfBlock], scale), codebook);
    packed[i] = static_cast<uint8_t>(low | (high << 4));
  }
}

}  // namespace

// IQ4_NL: scale, 16 code bytes.
void dequantize_iq4_nl(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 18, out += kBlock) {
    look_up(block + 2, kIq4Nl, f16_to_f32(load_u16(block)), out);
  }
}

void quantize_iq4_nl(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 18, values += kBlock) {
    const uint16_t scale_bits = finite_f16(signed_extreme(values, kBlock) / static_cast<float>(kIq4Nl.front()));
    store_u16(block, scale_bits);
    choose_codes(values, kIq4Nl, f16_to_f32(scale_bits), block + 2);
  }
}

// MXFP4: exponent byte, 16 code bytes.
void dequantize_mxfp4(const std::byte* blocks, float* out, size_t n_blocks) {
  const uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 17, out += kBlock) {
    look_up(block + 1, kE2M1Doubled, halved_e8m0(block[0]), out);
  }
}

void quantize_mxfp4(const float* values, std::byte* blocks, size_t n_blocks) {
  uint8_t* block = as_u8(blocks);
  for (size_t b = 0; b < n_blocks; ++b, block += 17, values += kBlock) {
    // OCP Microscaling Formats v1.0, section 6.3: the largest power of two in the block over the largest of E2M1 (4).
    const float extreme = std::min(std::fabs(signed_extreme(values, kBlock)), 0x1.fffffep127F);
    const int exponent = extreme == 0.0F ? 0 : std::clamp(std::ilogb(extreme) - 2 + 127, 0, 254);
    block[0] = static_cast<uint8_t>(exponent);
    choose_codes(values, kE2M1Doubled, halved_e8m0(block[0]), block + 1);
  }
}

}  // namespace ingle::quant
