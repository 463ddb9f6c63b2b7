#include <gtest/gtest.h>

#include <vector>

#include "kernels/registry.h"
#include "kernels/testing/samples.h"

namespace ingle::kernels {
namespace {

using testing::Codes;
using testing::make_matrix;
using testing::Matrix;

class EveryFileFormat : public ::testing::TestWithParam<quant::FormatId> {};

void expect_rows_survive(const Matrix& matrix) {
  std::vector<float> expected(matrix.k), got(matrix.k);
  for (uint32_t r = 0; r < matrix.n_rows; ++r) {
    matrix.format->dequantize(matrix.row(r), expected.data(), matrix.k / matrix.format->block_size);
    const std::byte* panel = matrix.panels.data() + r / kPanelRows * matrix.panel->panel_bytes(matrix.k);
    matrix.panel->unpack_row(panel, r % kPanelRows, matrix.k, got.data());
    for (uint32_t c = 0; c < matrix.k; ++c)
      ASSERT_EQ(expected[c], got[c]) << matrix.format->name << " row " << r << " column " << c;
  }
}

TEST_P(EveryFileFormat, comes_back_from_a_panel_with_the_same_values) {
  const uint32_t block = quant::format(GetParam()).block_size;
  for (const uint32_t n_blocks : {1U, 2U, 3U, 7U})
    for (const uint32_t n_rows : {1U, 16U, 19U})
      for (const Codes codes : {Codes::kNormal, Codes::kRandomBytes}) {
        // Random bytes of a float format are NaNs; there numbers suffice.
        if (codes == Codes::kRandomBytes && block == 1) continue;
        expect_rows_survive(make_matrix(GetParam(), n_rows, n_blocks * block, n_blocks * 100 + n_rows, codes));
      }
}

TEST_P(EveryFileFormat, packs_missing_rows_as_zeros) {
  const uint32_t block = quant::format(GetParam()).block_size;
  const Matrix matrix = make_matrix(GetParam(), 3, 2 * block, 5);
  std::vector<float> got(matrix.k);
  for (uint32_t r = 3; r < kPanelRows; ++r) {
    matrix.panel->unpack_row(matrix.panels.data(), r, matrix.k, got.data());
    for (const float value : got)
      ASSERT_EQ(value, 0.0F);
  }
}

std::vector<quant::FormatId> file_formats() {
  std::vector<quant::FormatId> ids;
  for (const quant::Format& format : quant::formats())
    ids.push_back(format.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Formats, EveryFileFormat, ::testing::ValuesIn(file_formats()),
                         [](const auto& row) { return std::string(quant::format(row.param).name); });

TEST(PanelInfo, rounds_a_panel_up_to_whole_units) {
  EXPECT_EQ(panel_info(PanelFormat::kQ4_0).panel_bytes(64), 576U);
  EXPECT_EQ(panel_info(PanelFormat::kQ4_0).panel_bytes(96), 2 * 576U);
  EXPECT_EQ(panel_info(PanelFormat::kF16).panel_bytes(3), 128U);
}

TEST(Registry, ends_with_the_scalar_table_and_names_the_choices_in_the_error) {
  EXPECT_EQ(available().back()->name, std::string_view("scalar"));
  ASSERT_TRUE(choose("scalar").has_value());
  EXPECT_EQ(*choose(""), available().front());
  const auto wrong = choose("avx9000");
  ASSERT_FALSE(wrong.has_value());
  EXPECT_NE(wrong.error().hint().find("scalar"), std::string::npos);
}

}  // namespace
}  // namespace ingle::kernels
