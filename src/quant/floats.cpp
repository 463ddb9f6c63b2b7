// F32, F16 and BF16: a block is one number.
#include <cstring>

#include "quant/codecs.h"
#include "quant/half.h"

namespace ingle::quant {

void dequantize_f32(const std::byte* blocks, float* out, size_t n_blocks) {
  if (n_blocks > 0) std::memcpy(out, blocks, n_blocks * sizeof(float));
}

void quantize_f32(const float* values, std::byte* blocks, size_t n_blocks) {
  if (n_blocks > 0) std::memcpy(blocks, values, n_blocks * sizeof(float));
}

void dequantize_f16(const std::byte* blocks, float* out, size_t n_blocks) {
  for (size_t i = 0; i < n_blocks; ++i)
    out[i] = f16_to_f32(load_u16(as_u8(blocks) + 2 * i));
}

void quantize_f16(const float* values, std::byte* blocks, size_t n_blocks) {
  for (size_t i = 0; i < n_blocks; ++i)
    store_u16(as_u8(blocks) + 2 * i, f32_to_f16(values[i]));
}

void dequantize_bf16(const std::byte* blocks, float* out, size_t n_blocks) {
  for (size_t i = 0; i < n_blocks; ++i)
    out[i] = bf16_to_f32(load_u16(as_u8(blocks) + 2 * i));
}

void quantize_bf16(const float* values, std::byte* blocks, size_t n_blocks) {
  for (size_t i = 0; i < n_blocks; ++i)
    store_u16(as_u8(blocks) + 2 * i, f32_to_bf16(values[i]));
}

}  // namespace ingle::quant
