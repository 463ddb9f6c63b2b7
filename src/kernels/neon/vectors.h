// 128-bit vectors under the names that kernels/x86/*.inc are written in. Included once by each table of this folder.
//
// Everything is in an anonymous namespace: nothing compiled with these flags may be visible to the linker.
#pragma once

#include <arm_neon.h>

#include "kernels/kernels.h"
#include "kernels/x86/unroll.h"

namespace ingle::kernels {
namespace {

using F = float32x4_t;  // floats
using I = int32x4_t;    // 32-bit integers or bytes
constexpr uint32_t kLanes = 4;
constexpr uint32_t kVectors = 32;  // registers

INGLE_INLINE uint32x4_t lane_numbers() {
  constexpr uint32_t kNumbers[4] = {0, 1, 2, 3};
  return vld1q_u32(kNumbers);
}

INGLE_INLINE F load(const float* p) {
  return vld1q_f32(p);
}
INGLE_INLINE F load_first(const float* p, uint32_t n) {
  float lanes[kLanes] = {};
  for (uint32_t i = 0; i < n; ++i)
    lanes[i] = p[i];
  return load(lanes);
}
INGLE_INLINE void store(float* p, F v) {
  vst1q_f32(p, v);
}
INGLE_INLINE void store_first(float* p, F v, uint32_t n) {
  float lanes[kLanes];
  store(lanes, v);
  for (uint32_t i = 0; i < n; ++i)
    p[i] = lanes[i];
}
INGLE_INLINE F load_f16(const uint16_t* p) {
  return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p)));
}
INGLE_INLINE F load_bf16(const uint16_t* p) {
  return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16));
}
INGLE_INLINE float from_f16(uint16_t bits) {
  return vgetq_lane_f32(vcvt_f32_f16(vreinterpret_f16_u16(vdup_n_u16(bits))), 0);
}
INGLE_INLINE uint16_t to_f16(float value) {
  return vget_lane_u16(vreinterpret_u16_f16(vcvt_f16_f32(vdupq_n_f32(value))), 0);
}

INGLE_INLINE F zero() {
  return vdupq_n_f32(0);
}
INGLE_INLINE F all(float x) {
  return vdupq_n_f32(x);
}
INGLE_INLINE F add(F a, F b) {
  return vaddq_f32(a, b);
}
INGLE_INLINE F sub(F a, F b) {
  return vsubq_f32(a, b);
}
INGLE_INLINE F mul(F a, F b) {
  return vmulq_f32(a, b);
}
INGLE_INLINE F div(F a, F b) {
  return vdivq_f32(a, b);
}
INGLE_INLINE F fma(F a, F b, F c) {
  return vfmaq_f32(c, a, b);
}  // a * b + c
INGLE_INLINE F fnma(F a, F b, F c) {
  return vfmsq_f32(c, a, b);
}  // c - a * b
INGLE_INLINE F fmaddsub(F a, F b, F c) {
  constexpr uint32_t kEvenSigns[4] = {0x80000000U, 0, 0x80000000U, 0};
  return fma(a, b, vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(c), vld1q_u32(kEvenSigns))));
}  // even lanes a * b - c, odd a * b + c
INGLE_INLINE F max(F a, F b) {
  return vmaxq_f32(a, b);
}  // NaN where one is NaN
INGLE_INLINE F min(F a, F b) {
  return vminq_f32(a, b);
}
INGLE_INLINE F round(F v) {
  return vrndnq_f32(v);
}
/// v * 2^n for an integral n in [-126, 127]
INGLE_INLINE F times_power_of_two(F v, F n) {
  const I exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
  return mul(v, vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23)));
}
INGLE_INLINE F swap_pairs(F v) {
  return vrev64q_f32(v);
}
/// p[0] p[0] p[1] p[1]
INGLE_INLINE F load_doubled(const float* p) {
  const float32x2_t two = vld1_f32(p);
  return vcombine_f32(vdup_lane_f32(two, 0), vdup_lane_f32(two, 1));
}
/// v in the lanes whose index + first is in [from, to), `other` elsewhere.
INGLE_INLINE F keep_range(F v, uint32_t first, uint32_t from, uint32_t to, F other) {
  const uint32x4_t offset = vsubq_u32(vaddq_u32(lane_numbers(), vdupq_n_u32(first)), vdupq_n_u32(from));
  return vbslq_f32(vcltq_u32(offset, vdupq_n_u32(to - from)), v, other);
}
/// Neighbours, then the two pairs.
INGLE_INLINE float sum_lanes(F v) {
  return vaddvq_f32(v);
}
INGLE_INLINE float max_lanes(F v) {
  return vmaxvq_f32(v);
}
INGLE_INLINE bool any_greater(F a, F b) {
  return vmaxvq_u32(vcgtq_f32(a, b)) != 0;
}

INGLE_INLINE I load_bytes(const void* p) {
  return vreinterpretq_s32_u8(vld1q_u8(static_cast<const uint8_t*>(p)));
}
INGLE_INLINE I all_bytes(uint8_t x) {
  return vreinterpretq_s32_u8(vdupq_n_u8(x));
}
INGLE_INLINE I all_words(int x) {
  return vdupq_n_s32(x);
}
/// The same value, but no compiler may know.
INGLE_INLINE void forget(I& v) {
  __asm__ volatile("" : "+w"(v));
}
INGLE_INLINE I bit_and(I a, I b) {
  return vandq_s32(a, b);
}
INGLE_INLINE I bit_xor(I a, I b) {
  return veorq_s32(a, b);
}
/// base | (v & mask), for a base that has no bits in mask: one instruction
INGLE_INLINE I merge_bits(I base, I v, I mask) {
  return vbslq_s32(vreinterpretq_u32_s32(mask), v, base);
}
template <int kBits>
INGLE_INLINE I shift_right(I v) {
  return vreinterpretq_s32_u32(vshrq_n_u32(vreinterpretq_u32_s32(v), kBits));
}
template <int kBits>
INGLE_INLINE I shift_left(I v) {
  return vshlq_n_s32(v, kBits);
}
INGLE_INLINE F to_float(I v) {
  return vcvtq_f32_s32(v);
}
INGLE_INLINE F load_u8(const uint8_t* p) {
  uint32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vcreate_u8(word)))));
}
INGLE_INLINE F load_i8(const int8_t* p) {
  uint32_t word;
  __builtin_memcpy(&word, p, sizeof word);
  return to_float(vmovl_s16(vget_low_s16(vmovl_s8(vcreate_s8(word)))));
}

}  // namespace
}  // namespace ingle::kernels
