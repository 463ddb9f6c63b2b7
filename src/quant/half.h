// binary16 and bfloat16 to and from f32, exactly, without help from the processor.
#pragma once

#include <cstdint>

namespace ingle::quant {

float f16_to_f32(uint16_t bits);
/// Round to nearest, ties to even; overflow becomes infinity (IEEE 754-2019, 4.3.1).
uint16_t f32_to_f16(float value);

float bf16_to_f32(uint16_t bits);
uint16_t f32_to_bf16(float value);

}  // namespace ingle::quant
