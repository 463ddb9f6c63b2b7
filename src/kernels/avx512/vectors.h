// 512-bit vectors under the names that kernels/x86/*.inc are written in. Included once, by avx512/table.cpp.
//
// Everything is in an anonymous namespace: nothing compiled with these flags may be visible to the linker.
#pragma once

#include <immintrin.h>

#include "kernels/kernels.h"
#include "kernels/x86/unroll.h"

namespace ingle::kernels {
namespace {

using F = __m512;   // floats
using I = __m512i;  // 32-bit integers or bytes
constexpr uint32_t kLanes = 16;
constexpr uint32_t kVectors = 32;  // registers

INGLE_INLINE F load(const float* p) {
  return _mm512_loadu_ps(p);
}
INGLE_INLINE F load_first(const float* p, uint32_t n) {
  return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1U << n) - 1), p);
}
INGLE_INLINE void store(float* p, F v) {
  _mm512_storeu_ps(p, v);
}
INGLE_INLINE void store_first(float* p, F v, uint32_t n) {
  _mm512_mask_storeu_ps(p, static_cast<__mmask16>((1U << n) - 1), v);
}
INGLE_INLINE F load_f16(const uint16_t* p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
INGLE_INLINE F load_bf16(const uint16_t* p) {
  const I wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  return _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16));
}

INGLE_INLINE float from_f16(uint16_t bits) {
  return _cvtsh_ss(bits);
}
INGLE_INLINE uint16_t to_f16(float value) {
  return _cvtss_sh(value, _MM_FROUND_TO_NEAREST_INT);
}

INGLE_INLINE F zero() {
  return _mm512_setzero_ps();
}
INGLE_INLINE F all(float x) {
  return _mm512_set1_ps(x);
}
INGLE_INLINE F add(F a, F b) {
  return _mm512_add_ps(a, b);
}
INGLE_INLINE F sub(F a, F b) {
  return _mm512_sub_ps(a, b);
}
INGLE_INLINE F mul(F a, F b) {
  return _mm512_mul_ps(a, b);
}
INGLE_INLINE F div(F a, F b) {
  return _mm512_div_ps(a, b);
}
INGLE_INLINE F fma(F a, F b, F c) {
  return _mm512_fmadd_ps(a, b, c);
}  // a * b + c
INGLE_INLINE F fnma(F a, F b, F c) {
  return _mm512_fnmadd_ps(a, b, c);
}  // c - a * b
INGLE_INLINE F fmaddsub(F a, F b, F c) {
  return _mm512_fmaddsub_ps(a, b, c);
}  // even lanes a * b - c, odd a * b + c
INGLE_INLINE F max(F a, F b) {
  return _mm512_max_ps(a, b);
}  // b where one is NaN
INGLE_INLINE F min(F a, F b) {
  return _mm512_min_ps(a, b);
}
INGLE_INLINE F round(F v) {
  return _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// v * 2^n for an integral n in [-126, 127]
INGLE_INLINE F times_power_of_two(F v, F n) {
  return _mm512_scalef_ps(v, n);
}
INGLE_INLINE F swap_pairs(F v) {
  return _mm512_permute_ps(v, 0xb1);
}
/// p[0] p[0] p[1] p[1] ...
INGLE_INLINE F load_doubled(const float* p) {
  const I twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  return _mm512_permutexvar_ps(twice, _mm512_castps256_ps512(_mm256_loadu_ps(p)));
}
/// v in the lanes whose index + first is in [from, to), `other` elsewhere.
INGLE_INLINE F keep_range(F v, uint32_t first, uint32_t from, uint32_t to, F other) {
  const I index = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(first)),
                                   _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  const I offset = _mm512_sub_epi32(index, _mm512_set1_epi32(static_cast<int>(from)));
  const __mmask16 keep = _mm512_cmplt_epu32_mask(offset, _mm512_set1_epi32(static_cast<int>(to - from)));
  return _mm512_mask_blend_ps(keep, other, v);
}
/// Lane pairs at distance 8, then 4, 2, 1.
INGLE_INLINE float sum_lanes(F v) {
  v = add(v, _mm512_shuffle_f32x4(v, v, 0x4e));
  v = add(v, _mm512_shuffle_f32x4(v, v, 0xb1));
  v = add(v, _mm512_permute_ps(v, 0x4e));
  v = add(v, _mm512_permute_ps(v, 0xb1));
  return _mm512_cvtss_f32(v);
}
INGLE_INLINE float max_lanes(F v) {
  v = max(v, _mm512_shuffle_f32x4(v, v, 0x4e));
  v = max(v, _mm512_shuffle_f32x4(v, v, 0xb1));
  v = max(v, _mm512_permute_ps(v, 0x4e));
  v = max(v, _mm512_permute_ps(v, 0xb1));
  return _mm512_cvtss_f32(v);
}

INGLE_INLINE I load_bytes(const void* p) {
  return _mm512_loadu_si512(p);
}
INGLE_INLINE I all_bytes(uint8_t x) {
  return _mm512_set1_epi8(static_cast<char>(x));
}
INGLE_INLINE I all_words(int x) {
  return _mm512_set1_epi32(x);
}
/// The same value, but no compiler may know.
INGLE_INLINE void forget(I& v) {
  __asm__ volatile("" : "+x"(v));
}
INGLE_INLINE I bit_and(I a, I b) {
  return _mm512_and_si512(a, b);
}
INGLE_INLINE I bit_xor(I a, I b) {
  return _mm512_xor_si512(a, b);
}
/// base | (v & mask)
INGLE_INLINE I merge_bits(I base, I v, I mask) {
  return _mm512_ternarylogic_epi64(base, v, mask, 0xf8);
}
template <int kBits>
INGLE_INLINE I shift_right(I v) {
  return _mm512_srli_epi32(v, kBits);
}
template <int kBits>
INGLE_INLINE I shift_left(I v) {
  return _mm512_slli_epi32(v, kBits);
}
INGLE_INLINE F to_float(I v) {
  return _mm512_cvtepi32_ps(v);
}
INGLE_INLINE F load_u8(const uint8_t* p) {
  return to_float(_mm512_cvtepu8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}
INGLE_INLINE F load_i8(const int8_t* p) {
  return to_float(_mm512_cvtepi8_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))));
}

INGLE_INLINE bool any_greater(F a, F b) {
  return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ) != 0;
}

}  // namespace
}  // namespace ingle::kernels
