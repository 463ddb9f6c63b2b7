// Packing of the formats that have kernels of their own. A panel is a transposition of 16 rows in words of 4 bytes = 4
// columns, so everything moves in vectors of 4 words, 4 rows at a time: loading a model is bounded by memory and not by
// this.
#include "kernels/pack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/panel.h"
#include "kernels/transpose.h"

namespace ingle::kernels {
namespace {

static_assert(std::endian::native == std::endian::little, "files and panels are read in place as little-endian words");

constexpr uint32_t kLargestBlock = 210;  // bytes, Q6_K

/// The same block of the 16 rows.
using Blocks = const std::byte* const (&)[kPanelRows];

template <class T>
T load(const std::byte* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

/// Calls body(unit, block of the unit, blocks of the 16 rows) for every block of the rows. A row that is missing reads
/// `blank`, the block whose packed form is zeros.
template <class Unit, class Body>
void for_blocks(const std::byte* const rows[16], uint32_t k, uint32_t file_columns, uint32_t file_bytes,
                const std::byte* blank, std::byte* panel, Body body) {
  auto* unit = reinterpret_cast<Unit*>(panel);
  const std::byte* at[kPanelRows];
  size_t step[kPanelRows];
  for (uint32_t r = 0; r < kPanelRows; ++r) {
    at[r] = rows[r] != nullptr ? rows[r] : blank;
    step[r] = rows[r] != nullptr ? file_bytes : 0;
  }
  for (uint32_t first = 0; first < k; first += Unit::kColumns, ++unit) {
    const uint32_t columns = std::min(Unit::kColumns, k - first);
    if (columns < Unit::kColumns) std::memset(unit, 0, sizeof *unit);
    for (uint32_t block = 0; block < columns / file_columns; ++block) {
      body(*unit, block, at);
      for (uint32_t r = 0; r < kPanelRows; ++r)
        at[r] += step[r];
    }
  }
}

constexpr std::byte kZeros[kLargestBlock] = {};

/// A block of 32 columns, as a function of (unit, block of the unit, blocks of the rows).
template <class Unit, class Body>
void for_blocks_of_32(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel,
                      Body body) {
  for_blocks<Unit>(rows, k, 32, from.block_bytes, kZeros, panel, body);
}

template <class Unit, class Body>
void for_blocks_of_256(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel,
                       Body body) {
  for_blocks<Unit>(rows, k, 256, from.block_bytes, kZeros, panel,
                   [&](Unit& unit, uint32_t, Blocks blocks) { body(unit, blocks); });
}

void put_halves(uint16_t (&out)[kPanelRows], Blocks blocks, uint32_t offset) {
  for (uint32_t r = 0; r < kPanelRows; ++r)
    out[r] = load<uint16_t>(blocks[r] + offset);
}

void put_words_at(uint8_t (*vectors)[64], Blocks blocks, uint32_t offset) {
  put_words(vectors, [&](uint32_t r) { return load_words(blocks[r] + offset); });
}

/// 16 bytes of every row: byte i of read(row) becomes out[16 * i + row].
template <class Read>
void put_bytes(void* out, Read read) {
  Bytes rows[kPanelRows];
  for (uint32_t r = 0; r < kPanelRows; ++r) {
    const Words words = read(r);
    std::memcpy(&rows[r], &words, sizeof words);
  }
  transpose_bytes(rows);
  std::memcpy(out, rows, sizeof rows);
}

/// Every fourth bit of a word, gathered into 8 bits.
Words every_fourth(Words mask) {
  mask &= 0x11111111U;
  mask |= mask >> 3;
  mask &= 0x03030303U;
  mask |= mask >> 6;
  mask &= 0x000f000fU;
  mask |= mask >> 12;
  return mask & 0xffU;
}

/// The file's mask has bit i for column i; the panel wants byte j with bit g for column 4 * g + j.
void put_fifth_bits(uint8_t (&out)[64], Blocks blocks, uint32_t offset) {
  for (uint32_t r = 0; r < kPanelRows; r += 4) {
    const Words masks = {load<uint32_t>(blocks[r] + offset), load<uint32_t>(blocks[r + 1] + offset),
                         load<uint32_t>(blocks[r + 2] + offset), load<uint32_t>(blocks[r + 3] + offset)};
    const Words words = every_fourth(masks) | every_fourth(masks >> 1) << 8 | every_fourth(masks >> 2) << 16 |
                        every_fourth(masks >> 3) << 24;
    std::memcpy(out + size_t{4} * r, &words, sizeof words);
  }
}

/// 12 bytes hold eight 6-bit scales and eight 6-bit minimums (ggml's get_scale_min_k4); the answer has them as bytes.
Words sub_scales_and_mins(const std::byte* packed) {
  const auto first = load<uint32_t>(packed);
  const auto second = load<uint32_t>(packed + 4);
  const auto third = load<uint32_t>(packed + 8);
  return Words{first & 0x3f3f3f3fU, (third & 0x0f0f0f0fU) | (first >> 6 & 0x03030303U) << 4, second & 0x3f3f3f3fU,
               (third >> 4 & 0x0f0f0f0fU) | (second >> 6 & 0x03030303U) << 4};
}

/// The low or (shift = 4) high nibbles of 16 bytes and of the next 16, as the nibbles of 16 bytes.
Words paired_nibbles(const std::byte* at, int shift) {
  const Words low = load_words(at) >> shift & 0x0f0f0f0fU;
  const Words high = load_words(at + 16) >> shift & 0x0f0f0f0fU;
  return low | high << 4;
}

/// What Q4_K and Q5_K share. In the file a run of 32 bytes holds the low nibbles of sub-block 2 * i and the high nibbles
/// of sub-block 2 * i + 1; in the panel both nibbles of a byte belong to one sub-block, 16 columns apart.
template <class Unit>
void put_k_block(Unit& unit, Blocks blocks, uint32_t nibbles) {
  static_assert(sizeof unit.sub_scale + sizeof unit.sub_min == size_t{16} * kPanelRows);
  put_halves(unit.d, blocks, 0);
  put_halves(unit.dmin, blocks, 2);
  uint8_t scales[16][kPanelRows];
  put_bytes(scales, [&](uint32_t r) { return sub_scales_and_mins(blocks[r] + 4); });
  std::memcpy(unit.sub_scale, scales, sizeof unit.sub_scale);
  std::memcpy(unit.sub_min, scales + 8, sizeof unit.sub_min);
  for (uint32_t s = 0; s < 8; ++s)
    put_words(unit.codes[s].low, [&](uint32_t r) {
      return paired_nibbles(blocks[r] + nibbles + s / 2 * 32, static_cast<int>(s % 2 * 4));
    });
}

/// 32 bytes of four rows, transposed: words[w] is word w of rows r to r + 3.
void read_rows(Words (&words)[8], Blocks blocks, uint32_t r, uint32_t offset) {
  for (uint32_t half = 0; half < 2; ++half) {
    Words four[4];
    for (uint32_t i = 0; i < 4; ++i)
      four[i] = load_words(blocks[r + i] + offset + 16 * half);
    transpose_words(four);
    std::memcpy(words + size_t{4} * half, four, sizeof four);
  }
}

void put_elements(const std::byte* const at[16], uint32_t columns, uint16_t* out) {
  const uint32_t whole = columns / 8 * 8;
  for (uint32_t c = 0; c < whole; c += 8)
    for (uint32_t r = 0; r < kPanelRows; r += 8) {
      Words m[2][4];
      for (uint32_t i = 0; i < 8; ++i)
        m[i / 4][i % 4] = load_words(at[r + i] + size_t{2} * c);
      transpose_words(m[0]);
      transpose_words(m[1]);
      for (uint32_t w = 0; w < 4; ++w) {
        const auto a = std::bit_cast<Halves>(m[0][w]);
        const auto b = std::bit_cast<Halves>(m[1][w]);
        const Halves even = __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14);
        const Halves odd = __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15);
        std::memcpy(out + size_t{c + 2 * w} * kPanelRows + r, &even, sizeof even);
        std::memcpy(out + size_t{c + 2 * w + 1} * kPanelRows + r, &odd, sizeof odd);
      }
    }
  for (uint32_t c = whole; c < columns; ++c)
    for (uint32_t r = 0; r < kPanelRows; ++r)
      out[size_t{c} * kPanelRows + r] = load<uint16_t>(at[r] + size_t{2} * c);
}

void put_elements(const std::byte* const at[16], uint32_t columns, uint32_t* out) {
  const uint32_t whole = columns / 4 * 4;
  for (uint32_t c = 0; c < whole; c += 4)
    put_words(reinterpret_cast<uint8_t(*)[64]>(out + size_t{c} * kPanelRows),
              [&](uint32_t r) { return load_words(at[r] + size_t{4} * c); });
  for (uint32_t c = whole; c < columns; ++c)
    for (uint32_t r = 0; r < kPanelRows; ++r)
      out[size_t{c} * kPanelRows + r] = load<uint32_t>(at[r] + size_t{4} * c);
}

/// In pieces of columns: so many zeros stand for a missing row, and so much of a panel stays in the first cache.
template <class Element>
void pack_elements(const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  constexpr uint32_t kPiece = 256;
  static constexpr Element kBlank[kPiece] = {};
  auto* out = reinterpret_cast<Element*>(panel);
  for (uint32_t first = 0; first < k; first += kPiece) {
    const std::byte* at[kPanelRows];
    for (uint32_t r = 0; r < kPanelRows; ++r)
      at[r] = rows[r] != nullptr ? rows[r] + first * sizeof(Element) : reinterpret_cast<const std::byte*>(kBlank);
    put_elements(at, std::min(kPiece, k - first), out + size_t{first} * kPanelRows);
  }
  const size_t n = size_t{k} * kPanelRows;
  const size_t padded = (n * sizeof(Element) + 63) / 64 * 64 / sizeof(Element);
  std::fill(out + n, out + padded, Element{0});
}

}  // namespace

void pack_q4_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_32<UnitQ4_0>(from, rows, k, panel, [](UnitQ4_0& unit, uint32_t block, Blocks blocks) {
    put_halves(unit.d[block], blocks, 0);
    put_words_at(unit.codes[block].low, blocks, 2);
  });
}

void pack_q4_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_32<UnitQ4_1>(from, rows, k, panel, [](UnitQ4_1& unit, uint32_t block, Blocks blocks) {
    put_halves(unit.d, blocks, 0);
    put_halves(unit.m, blocks, 2);
    put_words_at(unit.codes[block].low, blocks, 4);
  });
}

void pack_q5_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_32<UnitQ5_0>(from, rows, k, panel, [](UnitQ5_0& unit, uint32_t block, Blocks blocks) {
    put_halves(unit.d[block], blocks, 0);
    put_fifth_bits(unit.codes[block].high, blocks, 2);
    put_words_at(unit.codes[block].low, blocks, 6);
  });
}

void pack_q5_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_32<UnitQ5_1>(from, rows, k, panel, [](UnitQ5_1& unit, uint32_t block, Blocks blocks) {
    put_halves(unit.d, blocks, 0);
    put_halves(unit.m, blocks, 2);
    put_fifth_bits(unit.codes[block].high, blocks, 4);
    put_words_at(unit.codes[block].low, blocks, 8);
  });
}

void pack_q8_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  constexpr uint32_t kSigns = 0x80808080U;
  std::byte blank[34];
  std::memset(blank, 0x80, sizeof blank);
  std::memset(blank, 0, 2);
  for_blocks<UnitQ8_0>(rows, k, 32, from.block_bytes, blank, panel, [](UnitQ8_0& unit, uint32_t block, Blocks blocks) {
    put_halves(unit.d[block], blocks, 0);
    for (uint32_t half = 0; half < 2; ++half)
      put_words(unit.codes[block].all + size_t{4} * half,
                [&](uint32_t r) { return load_words(blocks[r] + 2 + 16 * half) ^ kSigns; });
  });
}

void pack_q4_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_256<UnitQ4_K>(from, rows, k, panel,
                              [](UnitQ4_K& unit, Blocks blocks) { put_k_block(unit, blocks, 16); });
}

void pack_q5_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_256<UnitQ5_K>(from, rows, k, panel, [](UnitQ5_K& unit, Blocks blocks) {
    put_k_block(unit, blocks, 48);
    for (uint32_t r = 0; r < kPanelRows; r += 4) {
      Words high[8];  // bit s of byte i: column i of sub-block s
      read_rows(high, blocks, r, 16);
      transpose_bits(high);
      for (uint32_t s = 0; s < 8; ++s)
        std::memcpy(unit.codes[s].high + size_t{4} * r, &high[s], sizeof high[s]);
    }
  });
}

// Half n of a block has 64 nibble bytes, 32 bytes of upper bits and four sub-blocks of 32 columns: sub-block s has the low
// (s < 2) or high nibbles of bytes 32 * (s % 2) ..., and bits 2 * s, 2 * s + 1 of the upper bytes.
void pack_q6_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel) {
  for_blocks_of_256<UnitQ6_K>(from, rows, k, panel, [](UnitQ6_K& unit, Blocks blocks) {
    put_halves(unit.d, blocks, 208);
    put_bytes(unit.sub_scale, [&](uint32_t r) { return load_words(blocks[r] + 192); });
    std::memset(unit.padding, 0, sizeof unit.padding);
    for (uint32_t s = 0; s < 8; ++s)
      put_words(unit.codes[s].low, [&](uint32_t r) {
        return paired_nibbles(blocks[r] + s / 4 * 64 + s % 2 * 32, static_cast<int>(s % 4 / 2 * 4));
      });
    for (uint32_t half = 0; half < 2; ++half)
      for (uint32_t r = 0; r < kPanelRows; r += 4) {
        Words upper[8];
        read_rows(upper, blocks, r, 128 + 32 * half);
        for (uint32_t p = 0; p < 2; ++p) {
          transpose_bit_pairs(upper + size_t{4} * p);
          for (uint32_t s = 0; s < 4; ++s)
            std::memcpy(unit.codes[4 * half + s].high[p] + size_t{4} * r, &upper[4 * p + s], sizeof(Words));
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
