// Packing of formats without kernels of their own: codes of at most 8 bits, a scale and a minimum per 16 columns.
//
// scale * code + min is the file's number exactly: scales of Q2_K and Q3_K are products of at most 17 bits, the code books
// of IQ4_NL and MXFP4 are integers.
#include <bit>
#include <cstring>

#include "kernels/pack.h"
#include "kernels/panel.h"
#include "quant/half.h"

namespace ingle::kernels {
namespace {

constexpr uint32_t kGroup = 16;

/// A row's block of the file as X8 numbers: at most 256 columns.
struct X8Block {
  uint8_t code[256];
  float scale[16], min[16];
};
using ReadBlock = void (*)(const uint8_t* block, X8Block& out);

float half_at(const uint8_t* at) {
  return quant::f16_to_f32(static_cast<uint16_t>(at[0] | at[1] << 8));
}

/// Two bits of column e, in the order that Q2_K and Q3_K share: runs of 32 bytes, four columns a byte, 32 apart.
uint8_t two_bits(const uint8_t* bytes, uint32_t e) {
  return (bytes[e / 128 * 32 + e % 32] >> (e % 128 / 32 * 2)) & 3;
}

// Q2_K: scales and minimums [16], codes [64], d, dmin.
void read_q2_k(const uint8_t* block, X8Block& out) {
  const float d = half_at(block + 80), dmin = half_at(block + 82);
  for (uint32_t g = 0; g < 16; ++g) {
    out.scale[g] = d * static_cast<float>(block[g] & 15);
    out.min[g] = -(dmin * static_cast<float>(block[g] >> 4));
  }
  for (uint32_t e = 0; e < 256; ++e)
    out.code[e] = two_bits(block + 16, e);
}

// Q3_K: top bits [32], codes [64], 6-bit scales [12], d. value = d * (scale - 32) * (code - 4).
void read_q3_k(const uint8_t* block, X8Block& out) {
  const float d = half_at(block + 108);
  const uint8_t* packed = block + 96;
  for (uint32_t g = 0; g < 16; ++g) {
    const int low = (packed[g % 8] >> (g / 8 * 4)) & 15;
    const int high = (packed[8 + g % 4] >> (g / 4 * 2)) & 3;
    out.scale[g] = d * static_cast<float>((low | high << 4) - 32);
    out.min[g] = -4 * out.scale[g];
  }
  for (uint32_t e = 0; e < 256; ++e) {
    const int top = (block[e % 32] >> (e / 32)) & 1;
    out.code[e] = static_cast<uint8_t>(two_bits(block + 32, e) | top << 2);
  }
}

void read_code_book(const uint8_t* packed, const uint8_t (&book)[16], float scale, float min, X8Block& out) {
  for (uint32_t i = 0; i < 16; ++i) {
    out.code[i] = book[packed[i] & 15];
    out.code[16 + i] = book[packed[i] >> 4];
  }
  for (uint32_t g = 0; g < 2; ++g) {
    out.scale[g] = scale;
    out.min[g] = min;
  }
}

// IQ4_NL: d, nibbles [16]; its grid plus 128.
void read_iq4_nl(const uint8_t* block, X8Block& out) {
  constexpr uint8_t kBook[16] = {1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
  const float d = half_at(block);
  read_code_book(block + 2, kBook, d, -128 * d, out);
}

// MXFP4: E8M0 exponent, nibbles [16]; twice the E2M1 values plus 12, so the scale is 2^(exponent - 128).
void read_mxfp4(const uint8_t* block, X8Block& out) {
  constexpr uint8_t kBook[16] = {12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0};
  const uint32_t exponent = block[0];
  const uint32_t bits = exponent < 2 ? 0x00200000U << exponent : (exponent - 1) << 23;
  const auto scale = std::bit_cast<float>(bits);
  read_code_book(block + 1, kBook, scale, -12 * scale, out);
}

ReadBlock reader_of(quant::FormatId id) {
  switch (id) {
    case quant::FormatId::kQ2_K:
      return read_q2_k;
    case quant::FormatId::kQ3_K:
      return read_q3_k;
    case quant::FormatId::kMXFP4:
      return read_mxfp4;
    default:
      return read_iq4_nl;
  }
}

}  // namespace

void pack_x8(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  auto* units = reinterpret_cast<UnitX8*>(panel);
  std::memset(panel, 0, k / UnitX8::kColumns * sizeof(UnitX8));
  const ReadBlock read = reader_of(from.id);
  X8Block block;
  for (uint32_t r = 0; r < kPanelRows; ++r) {
    if (rows[r] == nullptr) continue;
    const auto* file = reinterpret_cast<const uint8_t*>(rows[r]);
    for (uint32_t first = 0; first < k; first += from.block_size, file += from.block_bytes) {
      read(file, block);
      for (uint32_t e = 0; e < from.block_size; ++e) {
        UnitX8& unit = units[(first + e) / UnitX8::kColumns];
        const uint32_t c = e % UnitX8::kColumns;
        unit.codes[0].all[c / 4][4 * r + c % 4] = block.code[e];
        unit.scale[c / kGroup][r] = block.scale[e / kGroup];
        unit.min[c / kGroup][r] = block.min[e / kGroup];
      }
    }
  }
}

}  // namespace ingle::kernels
