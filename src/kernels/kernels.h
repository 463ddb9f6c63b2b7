// The arithmetic of the engine on a CPU: one table of function pointers per instruction set.
//
// Every function is pure, single-threaded, allocates nothing and may run on any thread; callers cut work into tasks.
// The scalar table is the specification. The tables of other instruction sets compute the same integers exactly and add
// floats in the same order whatever the number of tokens in a call, so a result never depends on company: y of one token
// has the same bits in a call with 1 token and with 512 (docs/architecture.md, "Results do not depend on company").
//
// This header and panel.h are all that an ISA file may include besides <cstddef>, <cstdint> and the intrinsics: an ISA
// file is compiled with its own flags, and an inline function or template instantiated there could be picked by the
// linker for a processor that cannot run it. tools/check_isa.sh looks for such symbols.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/panel.h"

namespace ingle::kernels {

/// Activations as int8, in tiles of up to 16 tokens. The last tile of a batch of n holds w = n mod 16 tokens (if not 0),
/// all others w = 16. Tile i begins at q + i * 16 * k (scale: i * 16 * k / 32; neg_sum: i * 16 * k / 16). Inside a tile
/// of width w:
///   q       [k / 4][w][4]   code of x[token][4 * g + j], symmetric, -127 ... 127, round to nearest even
///   scale   [k / 32][w]     f32, max|x| / 127 of the 32 numbers; x is about scale * code
///   neg_sum [k / 32][2][w]  minus the sum of the first 16 codes, minus the sum of all 32: an accumulator starts from (a
///                           multiple of) it, which turns unsigned weight codes into signed ones at no cost
/// Numbers below 1e-30 in magnitude throughout a block become zeros; a block with a NaN or an infinity gets codes 0 and a
/// scale of NaN, so that the defect shows in every result.
/// k is a multiple of 32.
struct QuantTiles {
  int8_t* q = nullptr;
  float* scale = nullptr;
  int32_t* neg_sum = nullptr;
};

struct MatmulArgs {
  const std::byte* panels = nullptr;  // n_panels panels of PanelFormat, one after another
  uint32_t n_panels = 0;
  uint32_t k = 0;            // columns, padded to the format's block
  uint32_t n_tokens = 0;     // any number >= 1
  QuantTiles x_q8;           // for matmul_q8: tile-aligned start
  const float* x = nullptr;  // for matmul_f32: x[token * x_stride + column]
  size_t x_stride = 0;
  float* y = nullptr;  // y[token * y_stride + 16 * panel + row]; all 16 rows of a panel are written
  size_t y_stride = 0;
};
using MatmulFn = void (*)(const MatmulArgs&);

/// How K and V of 32 tokens of one (layer, kv head) lie in a page. K first, transposed, so that 16 scores are one vector;
/// then V by token:   K [head_dim][32]   V [32][head_dim].
/// kI8 holds codes in -127 ... 127 there, and behind them an f16 scale for every token and block of 32 dimensions (the last
/// may be shorter):   scales of K [blocks][32]   of V [blocks][32].   A value is scale * code. The scale is the block's
/// largest magnitude / 127, rounded to f16; a block with a NaN or beyond kKvLargest gets a scale of NaN.
enum class KvFormat : uint8_t { kF32, kF16, kBF16, kI8 };
inline constexpr uint32_t kKvBlock = 32;
inline constexpr float kKvLargest = 127.0F * 65504.0F;  // what the largest finite f16 can scale
inline constexpr uint32_t kPageTokens = 32;
/// Attention is reduced in chunks at fixed absolute positions (0, 256, 512, ...), then the chunks in order.
inline constexpr uint32_t kChunkTokens = 256;
inline constexpr uint32_t kChunkPages = kChunkTokens / kPageTokens;

/// Bytes of a page's part of one (layer, kv head).
inline constexpr size_t kv_head_bytes(KvFormat format, uint32_t head_dim) {
  const size_t numbers = size_t{2} * kPageTokens * head_dim;
  if (format == KvFormat::kF32) return numbers * 4;
  if (format != KvFormat::kI8) return numbers * 2;
  return numbers + size_t{2} * kPageTokens * ((head_dim + kKvBlock - 1) / kKvBlock) * 2;
}

struct KvStoreArgs {
  KvFormat format{};
  std::byte* page = nullptr;
  uint32_t slot = 0;  // 0 ... 31
  uint32_t head_dim = 0;
  const float* k = nullptr;  // [head_dim]
  const float* v = nullptr;
};

/// One chunk of keys against rows that share a kv head: the query heads of a GQA group times the queries of a tile.
struct AttendArgs {
  KvFormat format{};
  uint32_t head_dim = 0;
  uint32_t n_rows = 0;             // any number >= 1
  const float* q = nullptr;        // [head_dim][n_rows]
  const uint32_t* from = nullptr;  // row may see the chunk's tokens from[row] <= t < to[row] <= 256;
  const uint32_t* to = nullptr;    // from[row] >= to[row]: none
  const std::byte* const* pages =
      nullptr;  // enough pages for the largest `to`; slots beyond it are not read as numbers
  const std::byte* const* ahead = nullptr;  // all pages of the chunk that will be read next, or null: a hint
  float scale = 0;
  // Partial softmax of every row: m = max score, l = sum of exp(score - m), out = sum of exp(score - m) * v.
  // A row that sees nothing gets m = -inf, l = 0, out = 0. Reduction order over the chunk's tokens is fixed.
  float* m = nullptr;    // [n_rows]
  float* l = nullptr;    // [n_rows]
  float* out = nullptr;  // [n_rows][head_dim]
};

struct Kernels {
  const char* name;          // "scalar", "avx2", "avxvnni", "avx512"
  bool quantize_by_default;  // false: this table computes with f32 activations unless told otherwise

  /// int8 activations; null where a format has none (float panels): use matmul_f32.
  MatmulFn matmul_q8[kPanelFormats];
  /// f32 activations against the exact f32 value of every weight; one accumulator per output, in the order of columns.
  MatmulFn matmul_f32[kPanelFormats];

  /// x[token * x_stride + i] -> tiles. n_tokens any number >= 1.
  void (*quantize)(const float* x, size_t x_stride, uint32_t n_tokens, uint32_t k, const QuantTiles& out);

  /// y[i] = x[i] / sqrt(mean(x^2) + eps) * weight[i]; x == y allowed.
  void (*rms_norm)(const float* x, const float* weight, uint32_t n, float eps, float* y);
  /// y[i] = (x[i] - mean(x)) / sqrt(variance(x) + eps) * weight[i] + bias[i]; x == y allowed.
  void (*layer_norm)(const float* x, const float* weight, const float* bias, uint32_t n, float eps, float* y);
  /// y[i] += x[i]
  void (*add)(const float* x, uint32_t n, float* y);
  /// out[i] = act(gate[i]) * up[i]; out may be gate or up.
  void (*silu_mul)(const float* gate, const float* up, uint32_t n, float* out);
  void (*gelu_tanh_mul)(const float* gate, const float* up, uint32_t n, float* out);
  /// y[i] = x[i] * Phi(x[i]), with the error function and not its tanh form; x == y allowed.
  void (*gelu)(const float* x, uint32_t n, float* y);
  /// Rotates pairs of x in place by the angles of one position; cos and sin hold n_rot / 2 values.
  /// adjacent: (x[2i], x[2i+1]), the order of llama files; halves: (x[i], x[i + n_rot / 2]), "NeoX", all others.
  void (*rope_adjacent)(float* x, uint32_t n_rot, const float* cos, const float* sin);
  void (*rope_halves)(float* x, uint32_t n_rot, const float* cos, const float* sin);

  void (*kv_store)(const KvStoreArgs&);
  void (*attend_chunk)(const AttendArgs&);
  /// Adds a later chunk's partial result (m, l, out) to an earlier one, in place; rows with m = -inf change nothing.
  void (*attend_merge)(uint32_t n_rows, uint32_t head_dim, const float* m, const float* l, const float* out,
                       float* m_to, float* l_to, float* out_to);

  /// Largest value and its first index.
  uint32_t (*argmax)(const float* x, uint32_t n);

  // For kernels/probe.h. Operations done by so many rounds of nothing but the int8 instruction, or the fused multiply-add
  // of f32 (null: there is none), and a checksum of memory, read as fast as the vectors allow.
  uint64_t (*int8_rounds)(uint64_t rounds);
  uint64_t (*f32_rounds)(uint64_t rounds);
  uint64_t (*checksum)(const std::byte* data, size_t bytes);
};

/// Upper bound of tokens' activations bytes etc. for buffers: bytes needed for n tokens of k columns (n rounded up to 16).
inline constexpr size_t quant_codes(size_t n_tokens, size_t k) {
  return (n_tokens + 15) / 16 * 16 * k;
}
inline constexpr size_t quant_scales(size_t n_tokens, size_t k) {
  return quant_codes(n_tokens, k) / 32;
}
inline constexpr size_t quant_sums(size_t n_tokens, size_t k) {
  return quant_codes(n_tokens, k) / 16;
}

}  // namespace ingle::kernels
