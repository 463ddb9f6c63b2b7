// Packed weights: the one layout in which the engine keeps matrices, made from the file's blocks at load.
//
// A panel is 16 output rows. Codes are unsigned; the columns run in groups of 4, so that one 64-byte vector is 16 rows x
// 4 consecutive columns and one vpdpbusd against 4 broadcast activations serves 16 rows without a horizontal sum. The same
// panel serves one token, small batches and prefill. Nothing is lost: a packed weight has exactly the value it has in the
// file. A panel of k columns is a stream of units, 64-byte aligned: ceil(k / columns of a unit) units.
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

// Codes of 16 rows x 32 columns: 8 groups of 4 columns. In a 64-byte vector, byte 4 * row + j belongs to column
// 4 * group + j. What lies beyond k in the last unit is zeros.

/// Low nibbles of vector v are group v, high nibbles group v + 4: the order that Q4_0 has within a row of the file.
struct Codes4 {
  uint8_t low[4][64];
};
/// As Codes4; bit g of a byte of `high` is the fifth bit of group g.
struct Codes5 {
  uint8_t low[4][64];
  uint8_t high[64];
};
/// As Codes4; bits 2 * i and 2 * i + 1 of a byte of high[p] are the upper bits of group 4 * p + i.
struct Codes6 {
  uint8_t low[4][64];
  uint8_t high[2][64];
};
struct Codes8 {
  uint8_t all[8][64];
};

// Units. Scales are as the file has them (binary16, integers), so that decode reads hardly more bytes than the file's.
// A weight is scale * (code - kOffset) + min, where scale and min hold for 32 columns, or for 16 where kHalves.
// An integer format's dot product with int8 activations of one block of 32 is, in this order and nothing else:
//   t   = scale * float(sum of (code - kOffset) * q)
//   t   = fma(min, float(sum of q), t)                          where kHasMin
//   (kHalves: the same two steps for the second 16 columns, each as an fma onto t)
//   acc = fma(t, activation scale, acc)
struct UnitQ4_0 {
  uint16_t d[2][16];
  Codes4 codes[2];
  static constexpr uint32_t kColumns = 64;
  static constexpr int kOffset = 8;
  static constexpr bool kHasMin = false, kHalves = false;
};
struct UnitQ4_1 {  // min = m
  uint16_t d[16], m[16];
  Codes4 codes[1];
  static constexpr uint32_t kColumns = 32;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true, kHalves = false;
};
struct UnitQ5_0 {
  uint16_t d[2][16];
  Codes5 codes[2];
  static constexpr uint32_t kColumns = 64;
  static constexpr int kOffset = 16;
  static constexpr bool kHasMin = false, kHalves = false;
};
struct UnitQ5_1 {  // min = m
  uint16_t d[16], m[16];
  Codes5 codes[1];
  static constexpr uint32_t kColumns = 32;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true, kHalves = false;
};
struct UnitQ8_0 {
  uint16_t d[2][16];
  Codes8 codes[2];
  static constexpr uint32_t kColumns = 64;
  static constexpr int kOffset = 128;
  static constexpr bool kHasMin = false, kHalves = false;
};
struct UnitQ4_K {  // scale = d * sub_scale, min = -dmin * sub_min
  uint16_t d[16], dmin[16];
  uint8_t sub_scale[8][16], sub_min[8][16];
  Codes4 codes[8];
  static constexpr uint32_t kColumns = 256;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true, kHalves = false;
};
struct UnitQ5_K {
  uint16_t d[16], dmin[16];
  uint8_t sub_scale[8][16], sub_min[8][16];
  Codes5 codes[8];
  static constexpr uint32_t kColumns = 256;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true, kHalves = false;
};
struct UnitQ6_K {  // scale = d * sub_scale
  uint16_t d[16];
  int8_t sub_scale[8][2][16];
  uint8_t padding[32];
  Codes6 codes[8];
  static constexpr uint32_t kColumns = 256;
  static constexpr int kOffset = 32;
  static constexpr bool kHasMin = false, kHalves = true;
};
struct UnitX8 {
  float scale[2][16], min[2][16];
  Codes8 codes[1];
  static constexpr uint32_t kColumns = 32;
  static constexpr int kOffset = 0;
  static constexpr bool kHasMin = true, kHalves = true;
};
static_assert(sizeof(UnitQ4_0) == 576 && sizeof(UnitQ4_1) == 320 && sizeof(UnitQ5_0) == 704 && sizeof(UnitQ5_1) == 384);
static_assert(sizeof(UnitQ8_0) == 1088 && sizeof(UnitQ4_K) == 2368 && sizeof(UnitQ5_K) == 2880);
static_assert(sizeof(UnitQ6_K) == 3392 && sizeof(UnitX8) == 768);

// The float formats are plain [column][16 rows] of their elements, padded to 64 bytes.

}  // namespace ingle::kernels
