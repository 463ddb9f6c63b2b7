// The specification of quantize and the matrix products, and the scalar table.
#include <algorithm>
#include <bit>
#include <cmath>

#include "kernels/scalar/blocks.h"
#include "kernels/scalar/scalar.h"
#include "kernels/tables.h"

namespace ingle::kernels {
namespace {

constexpr uint32_t kTile = 16;

/// Where token t of a batch lies in its tile.
struct TilePlace {
  uint32_t first;  // token at which the tile begins
  uint32_t width;
  uint32_t lane;
};

TilePlace place_of(uint32_t token, uint32_t n_tokens) {
  const uint32_t first = token / kTile * kTile;
  return {first, std::min(kTile, n_tokens - first), token - first};
}

/// One block of 32 columns of one row times one token, added to acc: the order of operations that panel.h promises.
template <class Unit>
float add_block(const RowBlock& row, const int8_t* q, const int32_t* neg_sum, float x_scale, float acc) {
  int32_t sum[2] = {-neg_sum[0], neg_sum[0] - neg_sum[1]};
  int32_t dot[2] = {0, 0};
  for (uint32_t c = 0; c < 32; ++c)
    dot[c / 16] += (row.code[c] - Unit::kOffset) * q[c];
  if constexpr (!Unit::kHalves) {
    dot[0] += dot[1];
    sum[0] += sum[1];
  }
  float t = row.scale[0] * static_cast<float>(dot[0]);
  if constexpr (Unit::kHasMin) t = std::fma(row.min[0], static_cast<float>(sum[0]), t);
  if constexpr (Unit::kHalves) {
    t = std::fma(row.scale[1], static_cast<float>(dot[1]), t);
    if constexpr (Unit::kHasMin) t = std::fma(row.min[1], static_cast<float>(sum[1]), t);
  }
  return std::fma(t, x_scale, acc);
}

template <class Unit>
size_t panel_bytes(uint32_t k) {
  return static_cast<size_t>((k + Unit::kColumns - 1) / Unit::kColumns) * sizeof(Unit);
}

template <class Unit>
void matmul_q8(const MatmulArgs& args) {
  for (uint32_t p = 0; p < args.n_panels; ++p) {
    const std::byte* panel = args.panels + p * panel_bytes<Unit>(args.k);
    for (uint32_t token = 0; token < args.n_tokens; ++token)
      std::fill_n(args.y + token * args.y_stride + kPanelRows * p, kPanelRows, 0.0F);
    for (uint32_t b = 0; b < args.k / 32; ++b) {
      RowBlock rows[kPanelRows];
      for (uint32_t r = 0; r < kPanelRows; ++r)
        read_block<Unit>(panel, b, r, rows[r]);
      for (uint32_t token = 0; token < args.n_tokens; ++token) {
        const TilePlace at = place_of(token, args.n_tokens);
        const size_t tile = static_cast<size_t>(at.first) * args.k;
        int8_t q[32];
        for (uint32_t c = 0; c < 32; ++c)
          q[c] = args.x_q8.q[tile + ((b * 8 + c / 4) * at.width + at.lane) * 4 + c % 4];
        const int32_t neg_sum[2] = {args.x_q8.neg_sum[tile / 16 + (2 * b) * at.width + at.lane],
                                    args.x_q8.neg_sum[tile / 16 + (2 * b + 1) * at.width + at.lane]};
        const float x_scale = args.x_q8.scale[tile / 32 + b * at.width + at.lane];
        float* y = args.y + token * args.y_stride + kPanelRows * p;
        for (uint32_t r = 0; r < kPanelRows; ++r)
          y[r] = add_block<Unit>(rows[r], q, neg_sum, x_scale, y[r]);
      }
    }
  }
}

/// Some columns of a panel as f32, [column][16 rows]. Returns how many: a block, or what is left.
template <class Unit>
uint32_t expand(const std::byte* panel, uint32_t first, uint32_t, float* out) {
  for (uint32_t r = 0; r < kPanelRows; ++r) {
    RowBlock row;
    read_block<Unit>(panel, first / 32, r, row);
    for (uint32_t c = 0; c < 32; ++c)
      out[c * kPanelRows + r] = weight<Unit>(row, c);
  }
  return 32;
}

template <class Element>
uint32_t expand_floats(const std::byte* panel, uint32_t first, uint32_t k, float* out) {
  const auto* bits = reinterpret_cast<const typename Element::Bits*>(panel) + first * size_t{kPanelRows};
  const uint32_t n = std::min(32U, k - first);
  for (uint32_t i = 0; i < n * kPanelRows; ++i)
    out[i] = Element::value(bits[i]);
  return n;
}

using ExpandFn = uint32_t (*)(const std::byte*, uint32_t first, uint32_t k, float*);

/// f32 products are exact in double and summed there: the error is that of one rounding to f32.
void matmul_double(const MatmulArgs& args, size_t bytes_per_panel, ExpandFn expand_block) {
  for (uint32_t p = 0; p < args.n_panels; ++p) {
    const std::byte* panel = args.panels + p * bytes_per_panel;
    for (uint32_t token = 0; token < args.n_tokens; token += kTile) {
      const uint32_t n = std::min(kTile, args.n_tokens - token);
      double acc[kTile][kPanelRows] = {};
      for (uint32_t first = 0, count = 0; first < args.k; first += count) {
        float weights[32 * kPanelRows];
        count = expand_block(panel, first, args.k, weights);
        for (uint32_t t = 0; t < n; ++t) {
          const float* x = args.x + (token + t) * args.x_stride + first;
          for (uint32_t c = 0; c < count; ++c) {
            const auto value = static_cast<double>(x[c]);
            for (uint32_t r = 0; r < kPanelRows; ++r)
              acc[t][r] += static_cast<double>(weights[c * kPanelRows + r]) * value;
          }
        }
      }
      for (uint32_t t = 0; t < n; ++t)
        for (uint32_t r = 0; r < kPanelRows; ++r)
          args.y[(token + t) * args.y_stride + kPanelRows * p + r] = static_cast<float>(acc[t][r]);
    }
  }
}

template <class Unit>
void matmul_f32(const MatmulArgs& args) {
  matmul_double(args, panel_bytes<Unit>(args.k), expand<Unit>);
}

template <class Element>
void matmul_floats(const MatmulArgs& args) {
  const size_t bytes = static_cast<size_t>(args.k) * kPanelRows * sizeof(typename Element::Bits);
  matmul_double(args, (bytes + 63) / 64 * 64, expand_floats<Element>);
}

/// One token's 32 numbers; `width` is the tile's, and the pointers are at this token's lane.
void quantize_block(const float* x, uint32_t width, int8_t* q, float* scale, int32_t* neg_sum) {
  // By bits, so that a NaN counts as the largest.
  uint32_t largest = 0;
  for (uint32_t i = 0; i < 32; ++i)
    largest = std::max(largest, std::bit_cast<uint32_t>(x[i]) & 0x7fffffffU);
  const bool finite = largest < 0x7f800000U;
  const float limit = std::bit_cast<float>(largest);
  const bool zero = finite && limit < 1e-30F;
  *scale = !finite ? std::bit_cast<float>(0x7fc00000U) : zero ? 0.0F : limit / 127.0F;
  const float inverse = finite && !zero ? 127.0F / limit : 0.0F;
  int32_t sum = 0;
  for (uint32_t i = 0; i < 32; ++i) {
    const int code = finite ? std::clamp(static_cast<int>(std::nearbyint(x[i] * inverse)), -127, 127) : 0;
    q[i / 4 * 4 * width + i % 4] = static_cast<int8_t>(code);
    sum += code;
    if (i == 15) neg_sum[0] = -sum;
  }
  neg_sum[width] = -sum;
}

void quantize(const float* x, size_t x_stride, uint32_t n_tokens, uint32_t k, const QuantTiles& out) {
  for (uint32_t token = 0; token < n_tokens; ++token) {
    const TilePlace at = place_of(token, n_tokens);
    const size_t tile = static_cast<size_t>(at.first) * k;
    for (uint32_t b = 0; b < k / 32; ++b)
      quantize_block(
          x + token * x_stride + b * 32, at.width, out.q + tile + (static_cast<size_t>(b) * 8 * at.width + at.lane) * 4,
          out.scale + tile / 32 + b * at.width + at.lane, out.neg_sum + tile / 16 + 2 * b * at.width + at.lane);
  }
}

}  // namespace

const Kernels kScalarKernels = {
    .name = "scalar",
    .quantize_by_default = false,
    .matmul_q8 = {matmul_q8<UnitQ4_0>, matmul_q8<UnitQ4_1>, matmul_q8<UnitQ5_0>, matmul_q8<UnitQ5_1>,
                  matmul_q8<UnitQ8_0>, matmul_q8<UnitQ4_K>, matmul_q8<UnitQ5_K>, matmul_q8<UnitQ6_K>, matmul_q8<UnitX8>,
                  nullptr, nullptr, nullptr},
    .matmul_f32 = {matmul_f32<UnitQ4_0>, matmul_f32<UnitQ4_1>, matmul_f32<UnitQ5_0>, matmul_f32<UnitQ5_1>,
                   matmul_f32<UnitQ8_0>, matmul_f32<UnitQ4_K>, matmul_f32<UnitQ5_K>, matmul_f32<UnitQ6_K>,
                   matmul_f32<UnitX8>, matmul_floats<ElementF16>, matmul_floats<ElementBF16>,
                   matmul_floats<ElementF32>},
    .quantize = quantize,
    .rms_norm = scalar::rms_norm,
    .layer_norm = scalar::layer_norm,
    .add = scalar::add,
    .silu_mul = scalar::silu_mul,
    .gelu_tanh_mul = scalar::gelu_tanh_mul,
    .gelu = scalar::gelu,
    .rope_adjacent = scalar::rope_adjacent,
    .rope_halves = scalar::rope_halves,
    .kv_store = scalar::kv_store,
    .attend_chunk = scalar::attend_chunk,
    .attend_merge = scalar::attend_merge,
    .argmax = scalar::argmax,
    .int8_rounds = nullptr,
    .f32_rounds = nullptr,
    .checksum = scalar::checksum,
};

}  // namespace ingle::kernels
