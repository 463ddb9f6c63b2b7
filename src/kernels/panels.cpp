// The table of panel formats: sizes, packing, and reading rows back (embeddings are read from the panels).
#include <algorithm>

#include "base/check.h"
#include "kernels/pack.h"
#include "kernels/registry.h"
#include "kernels/scalar/blocks.h"

namespace ingle::kernels {
namespace {

template <class Unit>
void unpack_row(const std::byte* panel, uint32_t row, uint32_t k, float* out) {
  for (uint32_t first = 0; first < k; first += 32) {
    RowBlock block;
    read_block<Unit>(panel, first / 32, row, block);
    for (uint32_t c = 0; c < std::min(32U, k - first); ++c)
      out[first + c] = weight<Unit>(block, c);
  }
}

template <class Element>
void unpack_floats(const std::byte* panel, uint32_t row, uint32_t k, float* out) {
  const auto* bits = reinterpret_cast<const typename Element::Bits*>(panel);
  for (uint32_t c = 0; c < k; ++c)
    out[c] = Element::value(bits[size_t{c} * kPanelRows + row]);
}

template <class Unit>
constexpr PanelInfo integer_panel(PanelFormat format, std::string_view name, uint32_t block_columns, PackFn pack) {
  return {format, name, block_columns, Unit::kColumns, sizeof(Unit), pack, unpack_row<Unit>};
}

constexpr PanelInfo kPanels[kPanelFormats] = {
    integer_panel<UnitQ4_0>(PanelFormat::kQ4_0, "Q4_0", 32, pack_q4_0),
    integer_panel<UnitQ4_1>(PanelFormat::kQ4_1, "Q4_1", 32, pack_q4_1),
    integer_panel<UnitQ5_0>(PanelFormat::kQ5_0, "Q5_0", 32, pack_q5_0),
    integer_panel<UnitQ5_1>(PanelFormat::kQ5_1, "Q5_1", 32, pack_q5_1),
    integer_panel<UnitQ8_0>(PanelFormat::kQ8_0, "Q8_0", 32, pack_q8_0),
    integer_panel<UnitQ4_K>(PanelFormat::kQ4_K, "Q4_K", 256, pack_q4_k),
    integer_panel<UnitQ5_K>(PanelFormat::kQ5_K, "Q5_K", 256, pack_q5_k),
    integer_panel<UnitQ6_K>(PanelFormat::kQ6_K, "Q6_K", 256, pack_q6_k),
    integer_panel<UnitX8>(PanelFormat::kX8, "X8", 32, pack_x8),
    {PanelFormat::kF16, "F16", 1, 2, 64, pack_16_bit, unpack_floats<ElementF16>},
    {PanelFormat::kBF16, "BF16", 1, 2, 64, pack_16_bit, unpack_floats<ElementBF16>},
    {PanelFormat::kF32, "F32", 1, 1, 64, pack_f32, unpack_floats<ElementF32>},
};

struct FormatRow {
  quant::FormatId file;
  PanelFormat panel;
};
constexpr FormatRow kFormats[] = {
    {quant::FormatId::kF32, PanelFormat::kF32},   {quant::FormatId::kF16, PanelFormat::kF16},
    {quant::FormatId::kBF16, PanelFormat::kBF16}, {quant::FormatId::kQ4_0, PanelFormat::kQ4_0},
    {quant::FormatId::kQ4_1, PanelFormat::kQ4_1}, {quant::FormatId::kQ5_0, PanelFormat::kQ5_0},
    {quant::FormatId::kQ5_1, PanelFormat::kQ5_1}, {quant::FormatId::kQ8_0, PanelFormat::kQ8_0},
    {quant::FormatId::kQ4_K, PanelFormat::kQ4_K}, {quant::FormatId::kQ5_K, PanelFormat::kQ5_K},
    {quant::FormatId::kQ6_K, PanelFormat::kQ6_K}, {quant::FormatId::kQ2_K, PanelFormat::kX8},
    {quant::FormatId::kQ3_K, PanelFormat::kX8},   {quant::FormatId::kIQ4_NL, PanelFormat::kX8},
    {quant::FormatId::kMXFP4, PanelFormat::kX8},
};

}  // namespace

const PanelInfo& panel_info(PanelFormat format) {
  const auto index = static_cast<size_t>(format);
  INGLE_CHECK(index < kPanelFormats && kPanels[index].format == format);
  return kPanels[index];
}

const PanelInfo& panel_for(quant::FormatId format) {
  const auto* row = std::find_if(std::begin(kFormats), std::end(kFormats),
                                 [format](const FormatRow& candidate) { return candidate.file == format; });
  INGLE_CHECK(row != std::end(kFormats));
  return panel_info(row->panel);
}

}  // namespace ingle::kernels
