#include "backend/cpu/weights.h"

#include <algorithm>
#include <array>

namespace ingle::backend::cpu {

void WeightStore::plan(const Source& source, Matrix* matrix) {
  const kernels::PanelInfo& info = kernels::panel_for(source.format->id);
  matrix->info = &info;
  matrix->n_in = source.n_in;
  matrix->n_out = source.n_out;
  matrix->k = (source.n_in + info.block_columns - 1) / info.block_columns * info.block_columns;
  matrix->panel_bytes = info.panel_bytes(matrix->k);
  plans_.push_back({source, matrix, bytes_});
  bytes_ += (matrix->panel_bytes * matrix->n_panels() + 63) / 64 * 64;
}

Status WeightStore::pack(base::ThreadPool& pool, const Options& options) {
  INGLE_TRY(buffer_, Buffer::allocate(bytes_, "the model's weights"));
  uint64_t done = 0;
  for (const Plan& plan : plans_) {
    Matrix& matrix = *plan.matrix;
    std::byte* const to = buffer_.data() + plan.offset;
    matrix.panels = to;
    const uint64_t row_bytes = plan.source.format->row_bytes(plan.source.n_in);
    pool.run(matrix.n_panels(), [&](uint32_t panel, uint32_t) {
      std::array<const std::byte*, kernels::kPanelRows> rows{};
      for (uint32_t i = 0; i < kernels::kPanelRows; ++i) {
        const uint32_t row = panel * kernels::kPanelRows + i;
        if (row < matrix.n_out) rows[i] = plan.source.bytes.data() + row * row_bytes;
      }
      matrix.info->pack(*plan.source.format, rows.data(), matrix.n_in, to + panel * matrix.panel_bytes);
    });
    if (options.release) options.release(plan.source);
    done += matrix.panel_bytes * matrix.n_panels();
    if (options.progress) options.progress(done, bytes_);
  }
  plans_.clear();
  return {};
}

Vector WeightStore::vector(const Source& source, uint32_t pad) {
  if (source.empty()) return {};
  const size_t n = static_cast<size_t>(source.n_in) * source.n_out;
  Vector values((n + pad - 1) / pad * pad, 0.0F);
  source.format->dequantize(source.bytes.data(), values.data(), n / source.format->block_size);
  return values;
}

}  // namespace ingle::backend::cpu
