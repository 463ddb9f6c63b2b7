// The functions of the scalar table, gathered in scalar/matmul.cpp. kernels.h says what each does.
//
// They are the specification: plain loops. What is promised bit for bit (matmul_q8, quantize, kv_store, add, argmax) is
// written in the arithmetic of the promise; everything else runs in double and rounds once, so that this table is also
// the product's reference for exactness.
#pragma once

#include "kernels/kernels.h"

namespace ingle::kernels::scalar {

void rms_norm(const float* x, const float* weight, uint32_t n, float eps, float* y);
void add(const float* x, uint32_t n, float* y);
void silu_mul(const float* gate, const float* up, uint32_t n, float* out);
void layer_norm(const float* x, const float* weight, const float* bias, uint32_t n, float eps, float* y);
void gelu(const float* x, uint32_t n, float* y);
void gelu_tanh_mul(const float* gate, const float* up, uint32_t n, float* out);
void rope_adjacent(float* x, uint32_t n_rot, const float* cos, const float* sin);
void rope_halves(float* x, uint32_t n_rot, const float* cos, const float* sin);
uint32_t argmax(const float* x, uint32_t n);
uint64_t checksum(const std::byte* data, size_t bytes);

void kv_store(const KvStoreArgs& args);
void attend_chunk(const AttendArgs& args);
void attend_merge(uint32_t n_rows, uint32_t head_dim, const float* m, const float* l, const float* out, float* m_to,
                  float* l_to, float* out_to);

}  // namespace ingle::kernels::scalar
