// Attention over one chunk of a paged KV cache, in double.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/scalar/scalar.h"
#include "quant/half.h"

namespace ingle::kernels::scalar {
namespace {

size_t blocks_of(uint32_t head_dim) {
  return (head_dim + kKvBlock - 1) / kKvBlock;
}

/// Where the scale of a token's dimension d lies in a kI8 page, K or V.
uint16_t* scale_at(const std::byte* page, uint32_t head_dim, uint32_t token, size_t d, bool of_v) {
  auto* scales = reinterpret_cast<uint16_t*>(const_cast<std::byte*>(page) + size_t{2} * kPageTokens * head_dim);
  return scales + (d / kKvBlock + (of_v ? blocks_of(head_dim) : 0)) * kPageTokens + token;
}

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
    case KvFormat::kI8:
      reinterpret_cast<int8_t*>(page)[index] = static_cast<int8_t>(value);
      break;
  }
}

/// Index of a token's dimension d among a page's numbers.
size_t index_of(uint32_t head_dim, uint32_t token, size_t d, bool of_v) {
  return of_v ? size_t{kPageTokens + token} * head_dim + d : d * kPageTokens + token;
}

/// A block's codes, as numbers, and the scale.
uint16_t quantize_block(const float* x, uint32_t n, float* code) {
  bool usable = true;
  float top = 0;
  for (uint32_t i = 0; i < n; ++i) {
    usable = usable && std::fabs(x[i]) <= kKvLargest;
    top = std::max(top, std::fabs(x[i]));
  }
  std::fill_n(code, n, 0.0F);
  if (!usable) return quant::f32_to_f16(std::numeric_limits<float>::quiet_NaN());
  const uint16_t bits = quant::f32_to_f16(top / 127);
  const float scale = quant::f16_to_f32(bits);
  if (scale == 0) return bits;
  for (uint32_t i = 0; i < n; ++i)
    code[i] = std::clamp(std::nearbyint(x[i] / scale), -127.0F, 127.0F);
  return bits;
}

void store_row(const KvStoreArgs& args, const float* x, bool of_v) {
  for (uint32_t d = 0; d < args.head_dim; d += kKvBlock) {
    const uint32_t n = std::min(args.head_dim - d, kKvBlock);
    float code[kKvBlock];
    std::copy_n(x + d, n, code);
    if (args.format == KvFormat::kI8)
      *scale_at(args.page, args.head_dim, args.slot, d, of_v) = quantize_block(x + d, n, code);
    for (uint32_t i = 0; i < n; ++i)
      store_element(args.format, args.page, index_of(args.head_dim, args.slot, d + i, of_v), code[i]);
  }
}

/// Dimension d of the K or V of a token of the chunk.
double load_element(const AttendArgs& args, uint32_t t, size_t d, bool of_v) {
  const std::byte* page = args.pages[t / kPageTokens];
  const uint32_t token = t % kPageTokens;
  const size_t index = index_of(args.head_dim, token, d, of_v);
  switch (args.format) {
    case KvFormat::kF32:
      return reinterpret_cast<const float*>(page)[index];
    case KvFormat::kF16:
      return quant::f16_to_f32(reinterpret_cast<const uint16_t*>(page)[index]);
    case KvFormat::kBF16:
      return quant::bf16_to_f32(reinterpret_cast<const uint16_t*>(page)[index]);
    case KvFormat::kI8:
      break;
  }
  return static_cast<double>(quant::f16_to_f32(*scale_at(page, args.head_dim, token, d, of_v))) *
         reinterpret_cast<const int8_t*>(page)[index];
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
      score += static_cast<double>(args.q[d * args.n_rows + row]) * load_element(args, t, d, false);
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
      value += weights[t] * load_element(args, t, d, true);
    out[d] = static_cast<float>(value);
  }
}

}  // namespace

void kv_store(const KvStoreArgs& args) {
  store_row(args, args.k, false);
  store_row(args, args.v, true);
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
