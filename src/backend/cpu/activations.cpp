#include "backend/cpu/activations.h"

namespace ingle::backend::cpu {

Status Activations::Tiles::allocate(size_t rows, size_t columns) {
  INGLE_TRY(codes, Buffer::allocate(kernels::quant_codes(rows, columns), "activations"));
  INGLE_TRY(scales, Buffer::allocate(kernels::quant_scales(rows, columns) * sizeof(float), "activations"));
  INGLE_TRY(sums, Buffer::allocate(kernels::quant_sums(rows, columns) * sizeof(int32_t), "activations"));
  return {};
}

kernels::QuantTiles Activations::Tiles::at(size_t first, uint32_t k) const {
  const size_t offset = first * k;
  return {codes.as<int8_t>() + offset, scales.as<float>() + offset / 32, sums.as<int32_t>() + offset / 16};
}

namespace {

size_t whole_tiles(uint32_t max_rows) {
  return (size_t{max_rows} + kTile - 1) / kTile * kTile;
}

}  // namespace

uint64_t Activations::bytes_for(uint32_t max_rows, uint32_t columns, bool fine) {
  const uint64_t n = whole_tiles(max_rows);
  const uint64_t stride = stride_for(columns);
  const auto tiles = [&](uint64_t rows) {
    return kernels::quant_codes(rows, stride) + kernels::quant_scales(rows, stride) * sizeof(float) +
           kernels::quant_sums(rows, stride) * sizeof(int32_t);
  };
  return n * stride * sizeof(float) + tiles(n) + (fine ? tiles(2 * n) : 0);
}

Status Activations::allocate(uint32_t max_rows, uint32_t columns, bool fine) {
  const size_t n = whole_tiles(max_rows);
  stride_ = stride_for(columns);
  INGLE_TRY(rows_, Buffer::allocate(n * stride_ * sizeof(float), "activations"));
  INGLE_TRY_VOID(coarse_.allocate(n, stride_));
  if (fine) INGLE_TRY_VOID(fine_.allocate(2 * n, stride_));
  return {};
}

namespace {

/// The part of a tile of `width` tokens that begins at `column`.
kernels::QuantTiles from_column(kernels::QuantTiles tile, size_t column, size_t width) {
  return {tile.q + column * width, tile.scale + column / 32 * width, tile.neg_sum + column / 16 * width};
}

}  // namespace

void Arithmetic::prepare(const Matrix& user, const float* rows, size_t stride, uint32_t first, uint32_t n,
                         uint32_t column, uint32_t n_columns, const Activations& x, float* scratch) const {
  if (!user.fine) {
    kernels->quantize(rows, stride, n, n_columns, from_column(x.tiles(first, user.k), column, n));
    return;
  }
  float* const pairs = scratch;
  float* const scale = pairs + 8UL * 2 * n_columns;
  auto* const sum = reinterpret_cast<int32_t*>(scale + n_columns / 32);
  auto* const code = reinterpret_cast<int8_t*>(sum + n_columns / 16);
  for (uint32_t r = 0; r < n; r += 8) {
    const uint32_t count = std::min(8U, n - r);
    for (uint32_t i = 0; i < count; ++i) {
      const float* const row = rows + (r + i) * stride;
      kernels->quantize(row, stride, 1, n_columns, {code, scale, sum});
      float* const coarse = pairs + 2UL * i * n_columns;
      float* const missing = coarse + n_columns;
      std::copy_n(row, n_columns, coarse);
      for (uint32_t j = 0; j < n_columns; ++j)
        missing[j] = row[j] - scale[j / 32] * static_cast<float>(code[j]);
    }
    kernels->quantize(pairs, n_columns, 2 * count, n_columns,
                      from_column(x.fine_tiles(first + r, user.k), column, 2UL * count));
  }
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
  if (!wants_q8(m)) {
    args.x = x.row(first_token);
    args.x_stride = x.stride();
    kernels->matmul_f32[format](args);
    return;
  }
  if (!m.fine) {
    args.x_q8 = x.tiles(first_token, m.k);
    kernels->matmul_q8[format](args);
    return;
  }
  args.x_q8 = x.fine_tiles(first_token, m.k);
  args.n_tokens = 2 * n_tokens;
  kernels->matmul_q8[format](args);
  const size_t width = static_cast<size_t>(n_panels) * kernels::kPanelRows;
  for (size_t t = 0; t < n_tokens; ++t) {
    const float* const coarse = y + 2 * t * y_stride;
    const float* const missing = coarse + y_stride;
    float* const sum = y + t * y_stride;
    for (size_t i = 0; i < width; ++i)
      sum[i] = coarse[i] + missing[i];
  }
}

}  // namespace ingle::backend::cpu
