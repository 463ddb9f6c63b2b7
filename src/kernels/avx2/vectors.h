// 256-bit vectors under the names that kernels/x86/*.inc are written in. Included once, by avx2/table.cpp.
//
// Everything is in an anonymous namespace: nothing compiled with these flags may be visible to the linker.
#pragma once

#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/unroll.h"

namespace ingle::kernels {
namespace {

using F = __m256;   // floats
using I = __m256i;  // 32-bit integers or bytes
constexpr uint32_t kLanes = 8;
constexpr uint32_t kVectors = 16;  // registers

INGLE_INLINE I lane_numbers() {
  return _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0);
}
INGLE_INLINE I first_lanes(uint32_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(n)), lane_numbers());
}

INGLE_INLINE F load(const float* p) {
  return _mm256_loadu_ps(p);
}
INGLE_INLINE F load_first(const float* p, uint32_t n) {
  return _mm256_maskload_ps(p, first_lanes(n));
}
INGLE_INLINE void store(float* p, F v) {
  _mm256_storeu_ps(p, v);
}
INGLE_INLINE void store_first(float* p, F v, uint32_t n) {
  _mm256_maskstore_ps(p, first_lanes(n), v);
}
INGLE_INLINE F load_f16(const uint16_t* p) {
  return _mm256_cvtph_ps(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
}
INGLE_INLINE F load_bf16(const uint16_t* p) {
  const I wide = _mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16));
}

INGLE_INLINE float from_f16(uint16_t bits) {
  return _cvtsh_ss(bits);
}
INGLE_INLINE uint16_t to_f16(float value) {
  return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

INGLE_INLINE F zero() {
  return _mm256_setzero_ps();
}
INGLE_INLINE F all(float x) {
  return _mm256_set1_ps(x);
}
INGLE_INLINE F add(F a, F b) {
  return _mm256_add_ps(a, b);
}
INGLE_INLINE F sub(F a, F b) {
  return _mm256_sub_ps(a, b);
}
INGLE_INLINE F mul(F a, F b) {
  return _mm256_mul_ps(a, b);
}
INGLE_INLINE F div(F a, F b) {
  return _mm256_div_ps(a, b);
}
INGLE_INLINE F fma(F a, F b, F c) {
  return _mm256_fmadd_ps(a, b, c);
}  // a * b + c
INGLE_INLINE F fnma(F a, F b, F c) {
  return _mm256_fnmadd_ps(a, b, c);
}  // c - a * b
INGLE_INLINE F fmaddsub(F a, F b, F c) {
  return _mm256_fmaddsub_ps(a, b, c);
}  // even lanes a * b - c, odd a * b + c
INGLE_INLINE F max(F a, F b) {
  return _mm256_max_ps(a, b);
}  // b where one is NaN
INGLE_INLINE F min(F a, F b) {
  return _mm256_min_ps(a, b);
}
INGLE_INLINE F round(F v) {
  return _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// v * 2^n for an integral n in [-126, 127]
INGLE_INLINE F times_power_of_two(F v, F n) {
  const I exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
  return mul(v, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}
INGLE_INLINE F swap_pairs(F v) {
  return _mm256_permute_ps(v, 0xb1);
}
/// p[0] p[0] p[1] p[1] ...
INGLE_INLINE F load_doubled(const float* p) {
  const I twice = _mm256_set_epi32(3, 3, 2, 2, 1, 1, 0, 0);
  return _mm256_permutevar8x32_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), twice);
}
/// v in the lanes whose index + first is in [from, to), `other` elsewhere.
INGLE_INLINE F keep_range(F v, uint32_t first, uint32_t from, uint32_t to, F other) {
  const I index = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(first)), lane_numbers());
  const I below = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(from)), index);
  const I inside = _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(to)), index);
  return _mm256_blendv_ps(other, v, _mm256_castsi256_ps(_mm256_andnot_si256(below, inside)));
}
/// Lane pairs at distance 4, then 2, 1.
INGLE_INLINE float sum_lanes(F v) {
  v = add(v, _mm256_permute2f128_ps(v, v, 1));
  v = add(v, _mm256_permute_ps(v, 0x4e));
  v = add(v, _mm256_permute_ps(v, 0xb1));
  return _mm256_cvtss_f32(v);
}
INGLE_INLINE float max_lanes(F v) {
  v = max(v, _mm256_permute2f128_ps(v, v, 1));
  v = max(v, _mm256_permute_ps(v, 0x4e));
  v = max(v, _mm256_permute_ps(v, 0xb1));
  return _mm256_cvtss_f32(v);
}
INGLE_INLINE bool any_greater(F a, F b) {
  return _mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GT_OQ)) != 0;
}

INGLE_INLINE I load_bytes(const void* p) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(p));
}
INGLE_INLINE I all_bytes(uint8_t x) {
  return _mm256_set1_epi8(static_cast<char>(x));
}
INGLE_INLINE I all_words(int x) {
  return _mm256_set1_epi32(x);
}
/// The same value, but no compiler may know.
INGLE_INLINE void forget(I& v) {
  __asm__ volatile("" : "+x"(v));
}
INGLE_INLINE I bit_and(I a, I b) {
  return _mm256_and_si256(a, b);
}
INGLE_INLINE I bit_xor(I a, I b) {
  return _mm256_xor_si256(a, b);
}
/// base | (v & mask)
INGLE_INLINE I merge_bits(I base, I v, I mask) {
  return _mm256_or_si256(base, _mm256_and_si256(v, mask));
}
template <int kBits>
INGLE_INLINE I shift_right(I v) {
  return _mm256_srli_epi32(v, kBits);
}
template <int kBits>
INGLE_INLINE I shift_left(I v) {
  return _mm256_slli_epi32(v, kBits);
}
INGLE_INLINE F to_float(I v) {
  return _mm256_cvtepi32_ps(v);
}
INGLE_INLINE F load_u8(const uint8_t* p) {
  return to_float(_mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}
INGLE_INLINE F load_i8(const int8_t* p) {
  return to_float(_mm256_cvtepi8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(p))));
}

}  // namespace
}  // namespace ingle::kernels
