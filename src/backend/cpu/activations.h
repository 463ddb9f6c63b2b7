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
  /// `columns` is padded to a multiple of 256, the largest block of any format; the padding stays zero. `fine`: matrices
  /// that follow want 16-bit activations, which are kept as pairs of int8 rows (see Arithmetic).
  Status allocate(uint32_t max_rows, uint32_t columns, bool fine = false);

  static size_t stride_for(uint32_t columns) { return (size_t{columns} + 255) / 256 * 256; }
  /// What allocate() takes.
  static uint64_t bytes_for(uint32_t max_rows, uint32_t columns, bool fine = false);
  uint64_t bytes() const { return rows_.size() + coarse_.bytes() + fine_.bytes(); }

  float* row(uint32_t index) const { return rows_.as<float>() + index * stride_; }
  size_t stride() const { return stride_; }
  /// Tiles for `k` columns from row `first` (a multiple of 16) on.
  kernels::QuantTiles tiles(uint32_t first, uint32_t k) const { return coarse_.at(first, k); }
  /// The same for the pairs: row r is rows 2r and 2r + 1 of these; `first` is a multiple of 8.
  kernels::QuantTiles fine_tiles(uint32_t first, uint32_t k) const { return fine_.at(2UL * first, k); }

 private:
  struct Tiles {
    Buffer codes, scales, sums;
    Status allocate(size_t rows, size_t columns);
    uint64_t bytes() const { return codes.size() + scales.size() + sums.size(); }
    kernels::QuantTiles at(size_t first, uint32_t k) const;
  };
  size_t stride_ = 0;
  Buffer rows_;
  Tiles coarse_;
  Tiles fine_;
};

/// Which form of activations a matrix multiplies with: f32, int8, or (where a matrix is marked fine) two int8 rows whose
/// sum has about 16 bits: the codes of x and the codes of what they miss. They run as two tokens of one call, so a decode
/// step, which waits for the weights, pays next to nothing. docs/adr/0009 has the measurements behind the choice.
struct Arithmetic {
  const kernels::Kernels* kernels = nullptr;
  bool quantize = true;
  bool wants_q8(const Matrix& m) const {
    return quantize && kernels->matmul_q8[static_cast<size_t>(m.info->format)] != nullptr;
  }

  /// Fills the coarse or the fine tiles of x, as `user` wants them, from `rows` (its rows [first, first + n), n <= 16,
  /// first a multiple of 16, columns [column, column + n_columns), whole blocks of 32). `scratch` holds
  /// fine_scratch(n_columns) floats.
  void prepare(const Matrix& user, const float* rows, size_t stride, uint32_t first, uint32_t n, uint32_t column,
               uint32_t n_columns, const Activations& x, float* scratch) const;
  static constexpr size_t fine_scratch(size_t n_columns) { return 8UL * 2 * n_columns + n_columns / 2; }

  /// y[token][0 ... 16 * n_panels) for tokens [first_token, first_token + n_tokens); first_token is a multiple of 16.
  /// For a fine matrix y has room for 2 * n_tokens rows; the results are the first n_tokens.
  void multiply(const Matrix& m, uint32_t first_panel, uint32_t n_panels, const Activations& x, uint32_t first_token,
                uint32_t n_tokens, float* y, size_t y_stride) const;
};

}  // namespace ingle::backend::cpu
