// Packed weights: the one layout in which the engine keeps matrices, made from the file's blocks at load.
//
// A panel is 16 output rows. Codes are unsigned; the columns run in groups of 4, so that one 64-byte vector is 16 rows x
// 4 consecutive columns and one vpdpbusd against 4 broadcast activations serves 16 rows without a horizontal sum. The same
// panel serves one token, small batches and prefill. Nothing is lost: a packed weight has exactly the value it has in the
// file. A panel of k columns is k / block_columns blocks of block_bytes, one stream, 64-byte aligned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ingle::kernels {

inline constexpr uint32_t kPanelRows = 16;

enum class PanelFormat : uint8_t {
  kQ4_0,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ8_0,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kX8,  // formats without kernels of their own: u8 codes, f32 scale and minimum per 16 columns
  kF16,
  kBF16,
  kF32,
};
inline constexpr size_t kPanelFormats = 12;

}  // namespace ingle::kernels
