// One row's 32 columns out of a panel, in plain numbers: what the scalar kernels and unpacking share.
//
// Pure functions, for files that are compiled with the baseline flags only.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/panel.h"
#include "quant/half.h"

namespace ingle::kernels {

/// weight[c] = scale[c / 16] * (code[c] - Unit::kOffset) + min[c / 16]
struct RowBlock {
  uint8_t code[32];
  float scale[2];
  float min[2];
};

inline void read_codes(const Codes4& from, uint32_t row, uint8_t* code) {
  for (uint32_t c = 0; c < 16; ++c) {
    const uint8_t byte = from.low[c / 4][4 * row + c % 4];
    code[c] = byte & 0xf;
    code[16 + c] = byte >> 4;
  }
}

inline void read_codes(const Codes5& from, uint32_t row, uint8_t* code) {
  for (uint32_t c = 0; c < 32; ++c) {
    const uint32_t group = c / 4, at = 4 * row + c % 4;
    const uint32_t nibble = (from.low[group % 4][at] >> (group / 4 * 4)) & 0xfU;
    code[c] = static_cast<uint8_t>(nibble | ((from.high[at] >> group) & 1U) << 4);
  }
}

inline void read_codes(const Codes6& from, uint32_t row, uint8_t* code) {
  for (uint32_t c = 0; c < 32; ++c) {
    const uint32_t group = c / 4, at = 4 * row + c % 4;
    const uint32_t nibble = (from.low[group % 4][at] >> (group / 4 * 4)) & 0xfU;
    code[c] = static_cast<uint8_t>(nibble | ((from.high[group / 4][at] >> (2 * (group % 4))) & 3U) << 4);
  }
}

inline void read_codes(const Codes8& from, uint32_t row, uint8_t* code) {
  for (uint32_t c = 0; c < 32; ++c)
    code[c] = from.all[c / 4][4 * row + c % 4];
}

inline void read_scales(const UnitX8& unit, uint32_t, uint32_t row, RowBlock& out) {
  for (uint32_t half = 0; half < 2; ++half) {
    out.scale[half] = unit.scale[half][row];
    out.min[half] = unit.min[half][row];
  }
}

inline void read_scales(const UnitQ6_K& unit, uint32_t block, uint32_t row, RowBlock& out) {
  const float d = quant::f16_to_f32(unit.d[row]);
  for (uint32_t half = 0; half < 2; ++half) {
    out.scale[half] = d * static_cast<float>(unit.sub_scale[block][half][row]);
    out.min[half] = 0;
  }
}

template <class Unit>
void read_scales(const Unit& unit, uint32_t block, uint32_t row, RowBlock& out) {
  if constexpr (requires { unit.sub_min; }) {
    out.scale[0] = quant::f16_to_f32(unit.d[row]) * static_cast<float>(unit.sub_scale[block][row]);
    out.min[0] = -(quant::f16_to_f32(unit.dmin[row]) * static_cast<float>(unit.sub_min[block][row]));
  } else if constexpr (requires { unit.m; }) {
    out.scale[0] = quant::f16_to_f32(unit.d[row]);
    out.min[0] = quant::f16_to_f32(unit.m[row]);
  } else {
    out.scale[0] = quant::f16_to_f32(unit.d[block][row]);
    out.min[0] = 0;
  }
  out.scale[1] = out.scale[0];
  out.min[1] = out.min[0];
}

/// Block `block` of the panel (32 columns), counted from the panel's start.
template <class Unit>
void read_block(const std::byte* panel, uint32_t block, uint32_t row, RowBlock& out) {
  constexpr uint32_t kBlocks = Unit::kColumns / 32;
  const auto& unit = reinterpret_cast<const Unit*>(panel)[block / kBlocks];
  read_codes(unit.codes[block % kBlocks], row, out.code);
  read_scales(unit, block % kBlocks, row, out);
}

/// The exact weight, rounded once. Without a minimum the product alone is exact in f32 for every format.
template <class Unit>
float weight(const RowBlock& block, uint32_t column) {
  const auto code = static_cast<float>(static_cast<int>(block.code[column]) - Unit::kOffset);
  const float scale = block.scale[column / 16];
  if constexpr (Unit::kHasMin) {
    // Exact in double: at most 24 bits of scale by 8 bits of code, and a minimum of the same order or absorbed by it.
    return static_cast<float>(static_cast<double>(scale) * static_cast<double>(code) +
                              static_cast<double>(block.min[column / 16]));
  } else {
    return scale * code;
  }
}

// The float formats: elements of column c of 16 rows at [c][row].
struct ElementF16 {
  using Bits = uint16_t;
  static float value(Bits bits) { return quant::f16_to_f32(bits); }
};
struct ElementBF16 {
  using Bits = uint16_t;
  static float value(Bits bits) { return quant::bf16_to_f32(bits); }
};
struct ElementF32 {
  using Bits = float;
  static float value(Bits bits) { return bits; }
};

}  // namespace ingle::kernels
