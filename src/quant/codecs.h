// The scalar codecs behind the rows of registry.cpp, and the few helpers that they share. Private to this module.
//
// Pure functions of their arguments, callable from any thread. Blocks may lie at any address: they are read byte by byte.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ingle::quant {

inline constexpr size_t kBlock = 32;
inline constexpr size_t kHalfBlock = kBlock / 2;
inline constexpr size_t kSuperBlock = 256;  // of the K formats

/// Quantizing never stores an infinite scale: a magnitude above the largest binary16 is cut to it.
uint16_t finite_f16(float value);
/// To the nearest integer, ties away from zero, cut to [low, high]; NaN becomes `low`.
int round_to_range(float value, int low, int high);
/// a / b, and 0 where b is 0: a block of zeros has the scale 0.
inline float safe_divide(float a, float b) {
  return b == 0.0F ? 0.0F : a / b;
}

inline const uint8_t* as_u8(const std::byte* bytes) {
  return reinterpret_cast<const uint8_t*>(bytes);
}
inline uint8_t* as_u8(std::byte* bytes) {
  return reinterpret_cast<uint8_t*>(bytes);
}

inline uint16_t load_u16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] | (bytes[1] << 8));
}
inline void store_u16(uint8_t* bytes, uint16_t value) {
  bytes[0] = static_cast<uint8_t>(value & 0xff);
  bytes[1] = static_cast<uint8_t>(value >> 8);
}

/// The element with the largest magnitude, with its sign; the first of equals.
float signed_extreme(const float* values, size_t n);

void dequantize_f32(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_f32(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_f16(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_f16(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_bf16(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_bf16(const float* values, std::byte* blocks, size_t n_blocks);

void dequantize_q4_0(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q4_0(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q4_1(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q4_1(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q5_0(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q5_0(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q5_1(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q5_1(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q8_0(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q8_0(const float* values, std::byte* blocks, size_t n_blocks);

void dequantize_q2_k(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q2_k(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q3_k(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q3_k(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q4_k(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q4_k(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q5_k(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q5_k(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_q6_k(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_q6_k(const float* values, std::byte* blocks, size_t n_blocks);

void dequantize_iq4_nl(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_iq4_nl(const float* values, std::byte* blocks, size_t n_blocks);
void dequantize_mxfp4(const std::byte* blocks, float* out, size_t n_blocks);
void quantize_mxfp4(const float* values, std::byte* blocks, size_t n_blocks);

}  // namespace ingle::quant
