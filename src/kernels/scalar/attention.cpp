// Attention over one chunk of a paged KV cache, in double.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/scalar/scalar.h"
#include "quant/half.h"

namespace ingle::kernels::scalar {
namespace {

void store_element(KvFormat format, std::byte* page, size_t index, float value) {
  switch (format) {
    case KvFormat::kF32:
      reinterpret_cast<float*>(page)[index] = value;
      break;
    case KvFormat::kF16:
      reinterpret_cast<uint16_t*>(page)[index] = quant::f32_to_f16(value);
      break;
    case KvFormat::kBF16:
      reinterpret_cast<uint16_t*>(page)[index] = quant::f32_to_bf16(value);
      break;
  }
}

double load_element(KvFormat format, const std::byte* page, size_t index) {
  if (format == KvFormat::kF32) return reinterpret_cast<const float*>(page)[index];
  const uint16_t bits = reinterpret_cast<const uint16_t*>(page)[index];
  return format == KvFormat::kF16 ? quant::f16_to_f32(bits) : quant::bf16_to_f32(bits);
}

void attend_row(const AttendArgs& args, uint32_t row) {
  const uint32_t dim = args.head_dim;
  const uint32_t from = args.from[row], to = std::min(args.to[row], kChunkTokens);
  float* out = args.out + static_cast<size_t>(row) * dim;
  std::fill_n(out, dim, 0.0F);
  args.m[row] = -std::numeric_limits<float>::infinity();
  args.l[row] = 0;
  if (from >= to) return;

  double weights[kChunkTokens];
  for (uint32_t t = from; t < to; ++t) {
    double score = 0;
    for (uint32_t d = 0; d < dim; ++d)
      score += static_cast<double>(args.q[row][d]) *
               load_element(args.format, args.pages[t / kPageTokens], d * kPageTokens + t % kPageTokens);
    weights[t] = score * static_cast<double>(args.scale);
    args.m[row] = std::max(args.m[row], static_cast<float>(weights[t]));
  }
  double sum = 0;
  for (uint32_t t = from; t < to; ++t) {
    weights[t] = std::exp(weights[t] - static_cast<double>(args.m[row]));
    sum += weights[t];
  }
  args.l[row] = static_cast<float>(sum);
  for (uint32_t d = 0; d < dim; ++d) {
    double value = 0;
    for (uint32_t t = from; t < to; ++t)
      value += weights[t] * load_element(args.format, args.pages[t / kPageTokens],
                                         (kPageTokens + t % kPageTokens) * static_cast<size_t>(dim) + d);
    out[d] = static_cast<float>(value);
  }
}

}  // namespace

void kv_store(const KvStoreArgs& args) {
  const size_t dim = args.head_dim;
  for (size_t d = 0; d < dim; ++d) {
    store_element(args.format, args.page, d * kPageTokens + args.slot, args.k[d]);
    store_element(args.format, args.page, (kPageTokens + args.slot) * dim + d, args.v[d]);
  }
}

void attend_chunk(const AttendArgs& args) {
  for (uint32_t row = 0; row < args.n_rows; ++row)
    attend_row(args, row);
}

void attend_merge(uint32_t n_rows, uint32_t head_dim, const float* m, const float* l, const float* out, float* m_to,
                  float* l_to, float* out_to) {
  constexpr float kNothing = -std::numeric_limits<float>::infinity();
  for (uint32_t row = 0; row < n_rows; ++row) {
    if (m[row] == kNothing) continue;
    const float top = std::max(m_to[row], m[row]);
    const double keep =
        m_to[row] == kNothing ? 0.0 : std::exp(static_cast<double>(m_to[row]) - static_cast<double>(top));
    const double take = std::exp(static_cast<double>(m[row]) - static_cast<double>(top));
    m_to[row] = top;
    l_to[row] = static_cast<float>(static_cast<double>(l_to[row]) * keep + static_cast<double>(l[row]) * take);
    for (size_t i = static_cast<size_t>(row) * head_dim, end = i + head_dim; i < end; ++i)
      out_to[i] = static_cast<float>(static_cast<double>(out_to[i]) * keep + static_cast<double>(out[i]) * take);
  }
}

}  // namespace ingle::kernels::scalar
