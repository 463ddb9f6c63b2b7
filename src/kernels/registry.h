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
  uint32_t block_columns;  // columns of a block; k is padded up to a multiple of it with zeros
  uint32_t block_bytes;    // bytes of one block of 16 rows
  /// Packs 16 rows of `k` columns (rows[i] == nullptr: a row of zeros) into `panel`.
  void (*pack)(const quant::Format& from, const std::byte* const rows[16], uint32_t k, std::byte* panel);
  /// Row `row` of a panel as f32, bit for bit what quant::Format::dequantize gives for the file's row.
  void (*unpack_row)(const std::byte* panel, uint32_t row, uint32_t k, float* out);

  size_t panel_bytes(uint32_t k) const {
    return static_cast<size_t>((k + block_columns - 1) / block_columns) * block_bytes;
  }
};

const PanelInfo& panel_info(PanelFormat format);
/// The panel format into which a file format is packed.
const PanelInfo& panel_for(quant::FormatId format);

}  // namespace ingle::kernels
