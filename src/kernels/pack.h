// Packing of file blocks into panels, one function a panel format; private to this module (see panels.cpp).
//
// Pure, any thread. The bytes of the file formats are those of ggml-common.h, ggml 0.25.
#pragma once

#include <cstddef>
#include <cstdint>

#include "quant/format.h"

namespace ingle::kernels {

/// As PanelInfo::pack: rows[i] == nullptr is a row of zeros.
using PackFn = void (*)(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);

void pack_q4_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q4_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q5_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q5_1(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q8_0(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q4_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q5_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_q6_k(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_x8(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_16_bit(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
void pack_f32(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);

}  // namespace ingle::kernels
