#include "backend/cpu/weights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "quant/finite.h"

namespace ingle::backend::cpu {
namespace {

Error not_finite(const Source& source, uint64_t offset) {
  return Error::corrupt(fmt::format("the tensor '{}' holds a number that is infinite or NaN at offset {}", source.name,
                                    source.file_offset + offset))
      .hint("the file is damaged or was made from a broken model; get it from another source");
}

}  // namespace

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
  INGLE_TRY_VOID(status_);
  INGLE_TRY(buffer_, Buffer::allocate(bytes_, "the model's weights"));
  uint64_t done = 0;
  for (const Plan& plan : plans_) {
    Matrix& matrix = *plan.matrix;
    std::byte* const to = buffer_.data() + plan.offset;
    matrix.panels = to;
    const quant::Format& format = *plan.source.format;
    const uint64_t row_bytes = format.row_bytes(plan.source.n_in);
    std::atomic<uint64_t> bad = UINT64_MAX;
    pool.run(matrix.n_panels(), [&](uint32_t panel, uint32_t) {
      std::array<const std::byte*, kernels::kPanelRows> rows{};
      for (uint32_t i = 0; i < kernels::kPanelRows; ++i) {
        const uint32_t row = panel * kernels::kPanelRows + i;
        if (row >= matrix.n_out) continue;
        const std::span<const std::byte> bytes = plan.source.bytes.subspan(row * row_bytes, row_bytes);
        if (const auto at = quant::find_non_finite(format, bytes)) bad = row * row_bytes + *at;
        rows[i] = bytes.data();
      }
      matrix.info->pack(format, rows.data(), matrix.n_in, to + panel * matrix.panel_bytes);
    });
    if (bad != UINT64_MAX) return std::unexpected(not_finite(plan.source, bad));
    if (options.release) options.release(plan.source);
    done += matrix.panel_bytes * matrix.n_panels();
    if (options.progress) options.progress(done, bytes_);
  }
  plans_.clear();
  return {};
}

Vector WeightStore::vector(const Source& source) {
  if (source.empty()) return {};
  const auto bad = quant::find_non_finite(*source.format, source.bytes);
  if (bad && status_) status_ = std::unexpected(not_finite(source, *bad));
  const size_t n = static_cast<size_t>(source.n_in) * source.n_out;
  Vector values((n + kernels::kPanelRows - 1) / kernels::kPanelRows * kernels::kPanelRows, 0.0F);
  source.format->dequantize(source.bytes.data(), values.data(), n / source.format->block_size);
  return values;
}

}  // namespace ingle::backend::cpu
