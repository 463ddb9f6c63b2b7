// A batch of vectors between two phases: f32 rows, and int8 tiles when a matmul that follows wants them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/buffer.h"
#include "backend/cpu/weights.h"
#include "base/result.h"
#include "kernels/kernels.h"

namespace ingle::backend::cpu {

inline constexpr uint32_t kTile = 16;

class Activations {
 public:
  /// `columns` is padded to a multiple of 256, the largest block of any format; the padding stays zero.
  Status allocate(uint32_t max_rows, uint32_t columns);

  float* row(uint32_t index) const { return rows_.as<float>() + index * stride_; }
  size_t stride() const { return stride_; }
  /// Tiles for `k` columns from row `first` (a multiple of 16) on.
  kernels::QuantTiles tiles(uint32_t first, uint32_t k) const;

 private:
  size_t stride_ = 0;
  Buffer rows_;
  Buffer codes_, scales_, sums_;
};

/// Which form of activations a matrix multiplies with.
struct Arithmetic {
  const kernels::Kernels* kernels = nullptr;
  bool quantize = true;
  bool wants_q8(const Matrix& m) const {
    return quantize && kernels->matmul_q8[static_cast<size_t>(m.info->format)] != nullptr;
  }

  /// y[token][0 ... 16 * n_panels) for tokens [first_token, first_token + n_tokens); first_token is a multiple of 16.
  void multiply(const Matrix& m, uint32_t first_panel, uint32_t n_panels, const Activations& x, uint32_t first_token,
                uint32_t n_tokens, float* y, size_t y_stride) const;
};

}  // namespace ingle::backend::cpu
