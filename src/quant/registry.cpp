#include <algorithm>
#include <array>

#include "base/check.h"
#include "quant/codecs.h"
#include "quant/format.h"

namespace ingle::quant {
namespace {

constexpr std::array kFormats = {
    Format{FormatId::kF32, "F32", 1, 4, dequantize_f32, quantize_f32},
    Format{FormatId::kF16, "F16", 1, 2, dequantize_f16, quantize_f16},
    Format{FormatId::kQ4_0, "Q4_0", 32, 18, dequantize_q4_0, quantize_q4_0},
    Format{FormatId::kQ4_1, "Q4_1", 32, 20, dequantize_q4_1, quantize_q4_1},
    Format{FormatId::kQ5_0, "Q5_0", 32, 22, dequantize_q5_0, quantize_q5_0},
    Format{FormatId::kQ5_1, "Q5_1", 32, 24, dequantize_q5_1, quantize_q5_1},
    Format{FormatId::kQ8_0, "Q8_0", 32, 34, dequantize_q8_0, quantize_q8_0},
    Format{FormatId::kQ2_K, "Q2_K", 256, 84, dequantize_q2_k, quantize_q2_k},
    Format{FormatId::kQ3_K, "Q3_K", 256, 110, dequantize_q3_k, quantize_q3_k},
    Format{FormatId::kQ4_K, "Q4_K", 256, 144, dequantize_q4_k, quantize_q4_k},
    Format{FormatId::kQ5_K, "Q5_K", 256, 176, dequantize_q5_k, quantize_q5_k},
    Format{FormatId::kQ6_K, "Q6_K", 256, 210, dequantize_q6_k, quantize_q6_k},
    Format{FormatId::kIQ4_NL, "IQ4_NL", 32, 18, dequantize_iq4_nl, quantize_iq4_nl},
    Format{FormatId::kBF16, "BF16", 1, 2, dequantize_bf16, quantize_bf16},
    Format{FormatId::kMXFP4, "MXFP4", 32, 17, dequantize_mxfp4, quantize_mxfp4},
};

}  // namespace

std::span<const Format> formats() {
  return kFormats;
}

const Format* find_format(uint32_t ggml_type) {
  const auto found = std::ranges::find(kFormats, static_cast<FormatId>(ggml_type), &Format::id);
  return found == kFormats.end() ? nullptr : found;
}

const Format& format(FormatId id) {
  const Format* found = find_format(static_cast<uint32_t>(id));
  INGLE_CHECK(found != nullptr);
  return *found;
}

}  // namespace ingle::quant
