// Packing of formats without kernels of their own: codes of at most 8 bits, a scale and a minimum per 16 columns.
//
// scale * code + min is the file's number exactly: scales of Q2_K and Q3_K are products of at most 17 bits, the code books
// of IQ4_NL and MXFP4 are integers.
#include <bit>
#include <cstring>

#include "kernels/pack.h"
#include "kernels/panel.h"
#include "kernels/transpose.h"
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

/// codes[0 ... 15] |= bits of the 16 bytes at `bytes`, moved right by `shift` (or left, where that is negative).
void add_bits(const uint8_t* bytes, int shift, uint32_t mask, uint8_t* codes) {
  const Words words = load_words(bytes);
  const Words all = load_words(codes) | ((shift < 0 ? words << -shift : words >> shift) & mask);
  std::memcpy(codes, &all, sizeof all);
}

/// The low two bits of 256 codes, in the order that Q2_K and Q3_K share: runs of 32 bytes, four columns a byte, 32 apart.
void read_two_bits(const uint8_t* bytes, uint8_t (&code)[256]) {
  std::memset(code, 0, sizeof code);
  for (uint32_t i = 0; i < 16; ++i)
    add_bits(bytes + i / 8 * 32 + i % 2 * 16, static_cast<int>(i / 2 % 4 * 2), 0x03030303U, code + size_t{16} * i);
}

// Q2_K: scales and minimums [16], codes [64], d, dmin.
void read_q2_k(const uint8_t* block, X8Block& out) {
  const float d = half_at(block + 80), dmin = half_at(block + 82);
  for (uint32_t g = 0; g < 16; ++g) {
    out.scale[g] = d * static_cast<float>(block[g] & 15);
    out.min[g] = -(dmin * static_cast<float>(block[g] >> 4));
  }
  read_two_bits(block + 16, out.code);
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
  read_two_bits(block + 32, out.code);
  for (uint32_t i = 0; i < 16; ++i)  // bit j of byte b: column 32 * j + b
    add_bits(block + i % 2 * 16, static_cast<int>(i / 2) - 2, 0x04040404U, out.code + size_t{16} * i);
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
  auto* unit = reinterpret_cast<UnitX8*>(panel);
  const ReadBlock read = reader_of(from.id);
  X8Block blocks[kPanelRows] = {};  // of rows that are missing: zeros
  for (uint32_t first = 0; first < k; first += from.block_size) {
    const size_t at = size_t{first} / from.block_size * from.block_bytes;
    for (uint32_t r = 0; r < kPanelRows; ++r)
      if (rows[r] != nullptr) read(reinterpret_cast<const uint8_t*>(rows[r] + at), blocks[r]);
    for (uint32_t c = 0; c < from.block_size; c += UnitX8::kColumns, ++unit) {
      for (uint32_t g = 0; g < UnitX8::kColumns / kGroup; ++g)
        for (uint32_t r = 0; r < kPanelRows; ++r) {
          unit->scale[g][r] = blocks[r].scale[c / kGroup + g];
          unit->min[g][r] = blocks[r].min[c / kGroup + g];
        }
      for (uint32_t half = 0; half < 2; ++half)
        put_words(unit->codes[0].all + size_t{4} * half,
                  [&](uint32_t r) { return load_words(blocks[r].code + c + 16 * half); });
    }
  }
}

}  // namespace ingle::kernels
