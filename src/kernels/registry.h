// Which kernel tables exist, which one runs here, and how tensors become panels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "kernels/kernels.h"
#include "quant/format.h"

namespace ingle::kernels {

/// Every table this processor can run, best first; the last one is scalar.
std::span<const Kernels* const> available();

/// The table named `name` ("scalar", "avx2", "avx512"), or the best one for an empty name. An unknown name, or one that
/// this processor cannot run, is an error that lists those it can.
Result<const Kernels*> choose(std::string_view name);

struct PanelInfo {
  PanelFormat format;
  std::string_view name;
  uint32_t block_columns;  // k must be a multiple of it: 32 for integer formats, 256 for K-quants, 1 for float formats
  uint32_t unit_columns;   // columns and bytes of a storage unit, see panel.h
  uint32_t unit_bytes;
  /// Packs 16 rows of `k` columns (rows[i] == nullptr: a row of zeros) into `panel`. `from` is a format for which
  /// panel_for gives this one; k is a multiple of both block sizes.
  void (*pack)(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
  /// Row `row` of a panel as f32, equal to what quant::Format::dequantize gives for the file's row (zeros may differ in
  /// sign where the format has a zero scale).
  void (*unpack_row)(const std::byte* panel, uint32_t row, uint32_t k, float* out);

  size_t panel_bytes(uint32_t k) const {
    return static_cast<size_t>((k + unit_columns - 1) / unit_columns) * unit_bytes;
  }
};

const PanelInfo& panel_info(PanelFormat format);
/// The panel format into which a file format is packed.
const PanelInfo& panel_for(quant::FormatId format);

}  // namespace ingle::kernels
