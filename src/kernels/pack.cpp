// Packing of the formats that have kernels of their own. Everything moves in words of 4 bytes = 4 columns of a row, so
// that loading a model is bounded by memory and not by this.
#include "kernels/pack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/panel.h"

namespace ingle::kernels {
namespace {

static_assert(std::endian::native == std::endian::little, "files and panels are read in place as little-endian words");

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Word `row` of a 64-byte vector: the row's 4 columns.
void put(uint8_t* vector, uint32_t row, uint32_t word) {
  std::memcpy(vector + size_t{4} * row, &word, sizeof word);
}

void put_nibbles(uint8_t (&low)[4][64], uint32_t row, const std::byte* bytes) {
  for (uint32_t v = 0; v < 4; ++v)
    put(low[v], row, load<uint32_t>(bytes + size_t{4} * v));
}

/// Every fourth bit of `mask`, gathered into 8 bits.
uint32_t every_fourth(uint32_t mask) {
  mask &= 0x11111111U;
  mask |= mask >> 3;
  mask &= 0x03030303U;
  mask |= mask >> 6;
  mask &= 0x000f000fU;
  mask |= mask >> 12;
  return mask & 0xffU;
}

/// The file's mask has bit i for column i; the panel wants byte j with bit g for column 4 * g + j.
uint32_t transpose_fifth_bits(uint32_t mask) {
  uint32_t word = 0;
  for (uint32_t j = 0; j < 4; ++j)
    word |= every_fourth(mask >> j) << (8 * j);
  return word;
}

/// Calls body(unit, block of the unit, row, file block) for every block of every row; units start as zeros.
template <class Unit, class Body>
void for_blocks(const std::byte* const rows[16], uint32_t k, uint32_t file_columns, uint32_t file_bytes,
                std::byte* panel, Body body) {
  auto* units = reinterpret_cast<Unit*>(panel);
  std::memset(panel, 0, (k + Unit::kColumns - 1) / Unit::kColumns * sizeof(Unit));
  const uint32_t blocks_per_unit = Unit::kColumns / file_columns;
  for (uint32_t b = 0; b < k / file_columns; ++b)
    for (uint32_t r = 0; r < kPanelRows; ++r)
      if (rows[r] != nullptr)
        body(units[b / blocks_per_unit], b % blocks_per_unit, r, rows[r] + static_cast<size_t>(b) * file_bytes);
}

/// 12 bytes hold eight 6-bit scales and eight 6-bit minimums (ggml's get_scale_min_k4).
void read_sub_scales(const std::byte* packed, uint8_t* scale, uint8_t* min) {
  uint8_t bytes[12];
  std::memcpy(bytes, packed, sizeof bytes);
  for (uint32_t s = 0; s < 4; ++s) {
    scale[s] = bytes[s] & 63;
    min[s] = bytes[s + 4] & 63;
    scale[s + 4] = static_cast<uint8_t>((bytes[s + 8] & 15) | (bytes[s] >> 6) << 4);
    min[s + 4] = static_cast<uint8_t>((bytes[s + 8] >> 4) | (bytes[s + 4] >> 6) << 4);
  }
}

/// What Q4_K and Q5_K share. In the file a run of 32 bytes holds the low nibbles of sub-block 2 * i and the high nibbles
/// of sub-block 2 * i + 1; in the panel both nibbles of a byte belong to one sub-block, 16 columns apart.
template <class Unit>
void put_k_block(Unit& unit, uint32_t row, const std::byte* block, const std::byte* nibbles) {
  unit.d[row] = load<uint16_t>(block);
  unit.dmin[row] = load<uint16_t>(block + 2);
  uint8_t scale[8], min[8];
  read_sub_scales(block + 4, scale, min);
  for (uint32_t s = 0; s < 8; ++s) {
    unit.sub_scale[s][row] = scale[s];
    unit.sub_min[s][row] = min[s];
    const uint32_t shift = s % 2 * 4;
    for (uint32_t v = 0; v < 4; ++v) {
      const std::byte* run = nibbles + s / 2 * 32 + v * 4;
      const uint32_t low = (load<uint32_t>(run) >> shift) & 0x0f0f0f0fU;
      const uint32_t high = (load<uint32_t>(run + 16) >> shift) & 0x0f0f0f0fU;
      put(unit.codes[s].low[v], row, low | high << 4);
    }
  }
}

template <class Element>
void pack_elements(const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  auto* out = reinterpret_cast<Element*>(panel);
  const size_t n = static_cast<size_t>(k) * kPanelRows;
  const size_t padded = (n * sizeof(Element) + 63) / 64 * 64 / sizeof(Element);
  std::fill(out + n, out + padded, Element{0});
  for (uint32_t r = 0; r < kPanelRows; ++r)
    for (uint32_t c = 0; c < k; ++c)
      out[size_t{c} * kPanelRows + r] = rows[r] == nullptr ? Element{0} : load<Element>(rows[r] + c * sizeof(Element));
}

}  // namespace

void pack_q4_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ4_0>(rows, k, 32, from.block_bytes, panel,
                       [](UnitQ4_0& unit, uint32_t block, uint32_t row, const std::byte* file) {
                         unit.d[block][row] = load<uint16_t>(file);
                         put_nibbles(unit.codes[block].low, row, file + 2);
                       });
}

void pack_q4_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ4_1>(rows, k, 32, from.block_bytes, panel,
                       [](UnitQ4_1& unit, uint32_t block, uint32_t row, const std::byte* file) {
                         unit.d[row] = load<uint16_t>(file);
                         unit.m[row] = load<uint16_t>(file + 2);
                         put_nibbles(unit.codes[block].low, row, file + 4);
                       });
}

void pack_q5_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ5_0>(rows, k, 32, from.block_bytes, panel,
                       [](UnitQ5_0& unit, uint32_t block, uint32_t row, const std::byte* file) {
                         unit.d[block][row] = load<uint16_t>(file);
                         put(unit.codes[block].high, row, transpose_fifth_bits(load<uint32_t>(file + 2)));
                         put_nibbles(unit.codes[block].low, row, file + 6);
                       });
}

void pack_q5_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ5_1>(rows, k, 32, from.block_bytes, panel,
                       [](UnitQ5_1& unit, uint32_t block, uint32_t row, const std::byte* file) {
                         unit.d[row] = load<uint16_t>(file);
                         unit.m[row] = load<uint16_t>(file + 2);
                         put(unit.codes[block].high, row, transpose_fifth_bits(load<uint32_t>(file + 4)));
                         put_nibbles(unit.codes[block].low, row, file + 8);
                       });
}

void pack_q8_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ8_0>(rows, k, 32, from.block_bytes, panel,
                       [](UnitQ8_0& unit, uint32_t block, uint32_t row, const std::byte* file) {
                         unit.d[block][row] = load<uint16_t>(file);
                         for (uint32_t v = 0; v < 8; ++v)
                           put(unit.codes[block].all[v], row, load<uint32_t>(file + 2 + size_t{4} * v) ^ 0x80808080U);
                       });
}

void pack_q4_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ4_K>(
      rows, k, 256, from.block_bytes, panel,
      [](UnitQ4_K& unit, uint32_t, uint32_t row, const std::byte* file) { put_k_block(unit, row, file, file + 16); });
}

void pack_q5_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ5_K>(rows, k, 256, from.block_bytes, panel,
                       [](UnitQ5_K& unit, uint32_t, uint32_t row, const std::byte* file) {
                         put_k_block(unit, row, file, file + 48);
                         for (uint32_t s = 0; s < 8; ++s) {  // bit s of byte i: column i of sub-block s
                           uint32_t high = 0;
                           for (uint32_t g = 0; g < 8; ++g)
                             high |= ((load<uint32_t>(file + 16 + size_t{4} * g) >> s) & 0x01010101U) << g;
                           put(unit.codes[s].high, row, high);
                         }
                       });
}

// Half n of a block has 64 nibble bytes, 32 bytes of upper bits and four sub-blocks of 32 columns: sub-block s has the low
// (s < 2) or high nibbles of bytes 32 * (s % 2) ..., and bits 2 * s, 2 * s + 1 of the upper bytes.
void pack_q6_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks<UnitQ6_K>(
      rows, k, 256, from.block_bytes, panel, [](UnitQ6_K& unit, uint32_t, uint32_t row, const std::byte* file) {
        unit.d[row] = load<uint16_t>(file + 208);
        for (uint32_t s = 0; s < 8; ++s) {
          for (uint32_t half = 0; half < 2; ++half)
            unit.sub_scale[s][half][row] = load<int8_t>(file + 192 + 2 * s + half);
          const std::byte* nibbles = file + s / 4 * 64 + s % 2 * 32;
          const uint32_t shift = s % 4 / 2 * 4;
          for (uint32_t v = 0; v < 4; ++v) {
            const uint32_t low = (load<uint32_t>(nibbles + size_t{4} * v) >> shift) & 0x0f0f0f0fU;
            const uint32_t high = (load<uint32_t>(nibbles + 16 + size_t{4} * v) >> shift) & 0x0f0f0f0fU;
            put(unit.codes[s].low[v], row, low | high << 4);
          }
          const std::byte* upper = file + 128 + s / 4 * 32;
          for (uint32_t p = 0; p < 2; ++p) {
            uint32_t word = 0;
            for (uint32_t i = 0; i < 4; ++i)
              word |= ((load<uint32_t>(upper + size_t{4} * (4 * p + i)) >> (s % 4 * 2)) & 0x03030303U) << (2 * i);
            put(unit.codes[s].high[p], row, word);
          }
        }
      });
}

void pack_16_bit(const quant::Format&, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  pack_elements<uint16_t>(rows, k, panel);
}

void pack_f32(const quant::Format&, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  pack_elements<uint32_t>(rows, k, panel);
}

}  // namespace ingle::kernels
