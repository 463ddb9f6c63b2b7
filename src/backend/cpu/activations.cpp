#include "backend/cpu/activations.h"

namespace ingle::backend::cpu {

Status Activations::allocate(uint32_t max_rows, uint32_t columns) {
  const uint64_t n = (max_rows + kTile - 1) / kTile * kTile;
  stride_ = (columns + 255) / 256 * 256;
  INGLE_TRY(rows_, Buffer::allocate(n * stride_ * sizeof(float), "activations"));
  INGLE_TRY(codes_, Buffer::allocate(kernels::quant_codes(n, stride_), "activations"));
  INGLE_TRY(scales_, Buffer::allocate(kernels::quant_scales(n, stride_) * sizeof(float), "activations"));
  INGLE_TRY(sums_, Buffer::allocate(kernels::quant_sums(n, stride_) * sizeof(int32_t), "activations"));
  return {};
}

kernels::QuantTiles Activations::tiles(uint32_t first, uint32_t k) const {
  const size_t at = static_cast<size_t>(first) * k;
  return {codes_.as<int8_t>() + at, scales_.as<float>() + at / 32, sums_.as<int32_t>() + at / 16};
}

void Arithmetic::multiply(const Matrix& m, uint32_t first_panel, uint32_t n_panels, const Activations& x,
                          uint32_t first_token, uint32_t n_tokens, float* y, size_t y_stride) const {
  kernels::MatmulArgs args;
  args.panels = m.panel(first_panel);
  args.n_panels = n_panels;
  args.k = m.k;
  args.n_tokens = n_tokens;
  args.y = y;
  args.y_stride = y_stride;
  const auto format = static_cast<size_t>(m.info->format);
  if (wants_q8(m)) {
    args.x_q8 = x.tiles(first_token, m.k);
    kernels->matmul_q8[format](args);
  } else {
    args.x = x.row(first_token);
    args.x_stride = x.stride();
    kernels->matmul_f32[format](args);
  }
}

}  // namespace ingle::backend::cpu
