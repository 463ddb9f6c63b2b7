#include "kernels/testing/samples.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "quant/half.h"

namespace ingle::kernels::testing {
namespace {

/// Where a format keeps binary16 scales inside its blocks.
std::vector<uint32_t> scale_offsets(quant::FormatId format) {
  switch (format) {
    case quant::FormatId::kQ4_0:
    case quant::FormatId::kQ5_0:
    case quant::FormatId::kQ8_0:
    case quant::FormatId::kIQ4_NL:
      return {0};
    case quant::FormatId::kQ4_1:
    case quant::FormatId::kQ5_1:
    case quant::FormatId::kQ4_K:
    case quant::FormatId::kQ5_K:
      return {0, 2};
    case quant::FormatId::kQ2_K:
      return {80, 82};
    case quant::FormatId::kQ3_K:
      return {108};
    case quant::FormatId::kQ6_K:
      return {208};
    default:
      return {};
  }
}

/// Any bytes may stand where scales are: replaces them by finite, moderate ones.
void randomize_scales(Matrix& matrix, Random& random) {
  for (size_t at = 0; at < matrix.rows.size(); at += matrix.format->block_bytes) {
    for (const uint32_t offset : scale_offsets(matrix.format->id)) {
      const uint16_t scale = quant::f32_to_f16(0.01F * random.normal());
      std::memcpy(matrix.rows.data() + at + offset, &scale, sizeof scale);
    }
    if (matrix.format->id == quant::FormatId::kMXFP4) matrix.rows[at] = static_cast<std::byte>(110 + random.below(20));
  }
}

void pack_all(Matrix& matrix) {
  const size_t bytes = matrix.panel->panel_bytes(matrix.k);
  for (uint32_t p = 0; p < matrix.n_panels(); ++p) {
    const std::byte* rows[kPanelRows] = {};
    for (uint32_t r = 0; r < kPanelRows && p * kPanelRows + r < matrix.n_rows; ++r)
      rows[r] = matrix.row(p * kPanelRows + r);
    matrix.panel->pack(*matrix.format, rows, matrix.k, matrix.panels.data() + p * bytes);
  }
}

Matrix empty_matrix(quant::FormatId id, uint32_t n_rows, uint32_t k) {
  const quant::Format& format = quant::format(id);
  const PanelInfo& panel = panel_for(id);
  const size_t n_panels = (n_rows + kPanelRows - 1) / kPanelRows;
  return {&format,
          &panel,
          n_rows,
          k,
          std::vector<std::byte>(n_rows * format.row_bytes(k)),
          AlignedBytes(n_panels * panel.panel_bytes(k))};
}

}  // namespace

uint64_t Random::next() {
  state_ += 0x9e3779b97f4a7c15ULL;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

float Random::normal() {
  int64_t sum = 0;  // twelve uniform numbers in [-1/2, 1/2)
  for (int i = 0; i < 12; ++i)
    sum += static_cast<int64_t>(next() >> 40) - (int64_t{1} << 23);
  return static_cast<float>(static_cast<double>(sum) * 0x1p-24);
}

std::vector<float> normals(size_t n, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(n);
  std::generate(values.begin(), values.end(), [&] { return random.normal(); });
  return values;
}

Matrix make_matrix(quant::FormatId format, uint32_t n_rows, uint32_t k, uint64_t seed, Codes codes) {
  Matrix matrix = empty_matrix(format, n_rows, k);
  if (codes == Codes::kRandomBytes) {
    Random random(seed);
    std::generate(matrix.rows.begin(), matrix.rows.end(), [&] { return static_cast<std::byte>(random.next()); });
    randomize_scales(matrix, random);
  } else {
    const std::vector<float> values = normals(size_t{n_rows} * k, seed);
    matrix.format->quantize(values.data(), matrix.rows.data(), values.size() / matrix.format->block_size);
  }
  pack_all(matrix);
  return matrix;
}

Matrix make_filled_matrix(quant::FormatId format, uint32_t n_rows, uint32_t k, uint8_t fill) {
  Matrix matrix = empty_matrix(format, n_rows, k);
  std::fill(matrix.rows.begin(), matrix.rows.end(), static_cast<std::byte>(fill));
  Random random(fill);
  randomize_scales(matrix, random);
  pack_all(matrix);
  return matrix;
}

Activations::Activations(uint32_t n_tokens, uint32_t k, std::vector<float> values)
    : x(std::move(values)),
      q(quant_codes(n_tokens, k)),
      scale(quant_scales(n_tokens, k)),
      neg_sum(quant_sums(n_tokens, k)) {}

}  // namespace ingle::kernels::testing
