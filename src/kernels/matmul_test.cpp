#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/registry.h"
#include "kernels/testing/samples.h"
#include "quant/half.h"

namespace ingle::kernels {
namespace {

using testing::Activations;
using testing::Codes;
using testing::make_matrix;
using testing::Matrix;
using testing::normals;

const Kernels& scalar() {
  return *available().back();
}

MatmulArgs arguments(const Matrix& matrix, Activations& x, uint32_t n_tokens, std::vector<float>& y) {
  y.assign(size_t{n_tokens} * matrix.n_panels() * kPanelRows, std::numeric_limits<float>::quiet_NaN());
  MatmulArgs args;
  args.panels = matrix.panels.data();
  args.n_panels = matrix.n_panels();
  args.k = matrix.k;
  args.n_tokens = n_tokens;
  args.x_q8 = x.tiles();
  args.x = x.x.data();
  args.x_stride = matrix.k;
  args.y = y.data();
  args.y_stride = size_t{matrix.n_panels()} * kPanelRows;
  return args;
}

std::vector<float> product_q8(const Kernels& table, const Matrix& matrix, Activations& x, uint32_t n_tokens) {
  std::vector<float> y;
  table.matmul_q8[static_cast<size_t>(matrix.panel->format)](arguments(matrix, x, n_tokens, y));
  return y;
}

std::vector<float> product_f32(const Kernels& table, const Matrix& matrix, Activations& x, uint32_t n_tokens) {
  std::vector<float> y;
  table.matmul_f32[static_cast<size_t>(matrix.panel->format)](arguments(matrix, x, n_tokens, y));
  return y;
}

Activations quantized(const Kernels& table, uint32_t n_tokens, uint32_t k, std::vector<float> values) {
  Activations x(n_tokens, k, std::move(values));
  table.quantize(x.x.data(), k, n_tokens, k, x.tiles());
  return x;
}

::testing::AssertionResult same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i)
    if (std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(b[i]))
      return ::testing::AssertionFailure() << "element " << i << ": " << a[i] << " and " << b[i];
  return ::testing::AssertionSuccess();
}

/// Every table that this machine runs, times every file format.
class Matmul : public ::testing::TestWithParam<std::tuple<const Kernels*, quant::FormatId>> {
 protected:
  const Kernels& table() const { return *std::get<0>(GetParam()); }
  quant::FormatId format() const { return std::get<1>(GetParam()); }
  uint32_t block() const { return std::max(32U, quant::format(format()).block_size); }
  bool has_q8() const { return table().matmul_q8[static_cast<size_t>(panel_for(format()).format)] != nullptr; }
};

/// Those of the formats whose panels take int8 activations.
class MatmulQ8 : public Matmul {};

TEST_P(MatmulQ8, with_int8_activations_equals_the_scalar_specification_bit_for_bit) {
  for (const uint32_t n_blocks : {1U, 2U, 3U, 5U})
    for (const uint32_t n_rows : {16U, 48U})
      for (const Codes codes : {Codes::kNormal, Codes::kRandomBytes}) {
        const uint32_t k = n_blocks * block();
        const Matrix matrix = make_matrix(format(), n_rows, k, 7 * k + n_rows, codes);
        for (uint32_t n_tokens = 1; n_tokens <= 35; n_tokens += n_tokens < 18 ? 1 : 8) {
          Activations x = quantized(scalar(), n_tokens, k, normals(size_t{n_tokens} * k, n_tokens));
          ASSERT_TRUE(same_bits(product_q8(scalar(), matrix, x, n_tokens), product_q8(table(), matrix, x, n_tokens)))
              << "k " << k << ", rows " << n_rows << ", tokens " << n_tokens;
        }
      }
}

/// Tables may cut tokens and columns into pieces that lie in a cache: the pieces must not show.
TEST_P(MatmulQ8, equals_the_specification_for_many_tokens_and_columns) {
  const uint32_t k = (1088 + block() - 1) / block() * block();
  const Matrix matrix = make_matrix(format(), 32, k, 3, Codes::kRandomBytes);
  for (const uint32_t n_tokens : {64U, 70U, 133U}) {
    Activations x = quantized(scalar(), n_tokens, k, normals(size_t{n_tokens} * k, n_tokens));
    ASSERT_TRUE(same_bits(product_q8(scalar(), matrix, x, n_tokens), product_q8(table(), matrix, x, n_tokens)))
        << "tokens " << n_tokens;
  }
}

/// More tokens and columns than a kernel takes in one go, and panels that it may take by threes and by twos.
TEST_P(MatmulQ8, equals_the_specification_for_more_tokens_columns_and_panels_than_fit_a_cache) {
  constexpr uint32_t kColumns = 1792, kTokens = 281;
  const Matrix matrix = make_matrix(format(), 80, kColumns, 5, Codes::kNormal);
  Activations x = quantized(scalar(), kTokens, kColumns, normals(size_t{kTokens} * kColumns, 3));
  ASSERT_TRUE(same_bits(product_q8(scalar(), matrix, x, kTokens), product_q8(table(), matrix, x, kTokens)));
}

/// Codes and activations of the largest magnitude everywhere: what saturating instructions get wrong.
TEST_P(MatmulQ8, stays_exact_at_the_extremes_of_codes_and_activations) {
  const uint32_t k = 2 * block();
  for (const uint8_t fill :
       {uint8_t{0x00}, uint8_t{0xff}, uint8_t{0x80}, uint8_t{0x7f}, uint8_t{0x88}, uint8_t{0xf0}}) {
    const Matrix matrix = testing::make_filled_matrix(format(), 16, k, fill);
    for (const float sign : {1.0F, -1.0F})
      for (const size_t period : {size_t{0}, size_t{2}, size_t{3}}) {
        std::vector<float> values(size_t{17} * k, sign);
        for (size_t i = 0; period != 0 && i < values.size(); i += period)
          values[i] = -sign;
        Activations x = quantized(scalar(), 17, k, std::move(values));
        ASSERT_TRUE(same_bits(product_q8(scalar(), matrix, x, 17), product_q8(table(), matrix, x, 17)))
            << "fill " << int{fill} << " period " << period;
      }
  }
}

TEST_P(Matmul, gives_a_token_the_same_bits_in_any_company) {
  constexpr uint32_t kTokens = 512;
  const uint32_t k = 2 * block();
  const Matrix matrix = make_matrix(format(), 32, k, 11, Codes::kNormal);
  Activations together = quantized(table(), kTokens, k, normals(size_t{kTokens} * k, 12));
  const std::vector<float> all_q8 = has_q8() ? product_q8(table(), matrix, together, kTokens) : std::vector<float>();
  const std::vector<float> all_f32 = product_f32(table(), matrix, together, kTokens);
  for (const uint32_t n_tokens : {1U, 2U, 5U, 9U, 15U, 33U}) {
    const uint32_t first = 100;
    const auto begin = together.x.begin() + size_t{first} * k;
    Activations alone = quantized(table(), n_tokens, k, std::vector<float>(begin, begin + size_t{n_tokens} * k));
    const auto rows = [&](const std::vector<float>& y) {
      return std::vector<float>(y.begin() + size_t{first} * 32, y.begin() + size_t{first + n_tokens} * 32);
    };
    if (has_q8()) {
      ASSERT_TRUE(same_bits(rows(all_q8), product_q8(table(), matrix, alone, n_tokens))) << n_tokens;
    }
    ASSERT_TRUE(same_bits(rows(all_f32), product_f32(table(), matrix, alone, n_tokens))) << n_tokens;
  }
}

/// A chain of k fused operations errs by at most k * 2^-24 of the sum of magnitudes (Higham 2002, 3.1); the scalar table
/// by one rounding.
TEST_P(Matmul, with_f32_activations_is_as_exact_as_its_chain_of_additions) {
  for (const uint32_t n_blocks : {1U, 3U, 9U})
    for (const uint32_t n_tokens : {1U, 3U, 8U, 17U}) {
      const uint32_t k = n_blocks * block(), n_rows = 19;
      const Matrix matrix = make_matrix(format(), n_rows, k, k + n_tokens, Codes::kNormal);
      Activations x(n_tokens, k, normals(size_t{n_tokens} * k, 5));
      const std::vector<float> y = product_f32(table(), matrix, x, n_tokens);
      const size_t stride = size_t{matrix.n_panels()} * kPanelRows;
      std::vector<float> weights(k);
      for (uint32_t r = 0; r < n_rows; ++r) {
        matrix.format->dequantize(matrix.row(r), weights.data(), k / matrix.format->block_size);
        for (uint32_t t = 0; t < n_tokens; ++t) {
          double sum = 0, magnitude = 0;
          for (uint32_t c = 0; c < k; ++c) {
            const double product = static_cast<double>(weights[c]) * static_cast<double>(x.x[size_t{t} * k + c]);
            sum += product;
            magnitude += std::fabs(product);
          }
          const double bound = (&table() == &scalar() ? 1.0 : k) * 0x1p-24 * magnitude + 1e-37;
          ASSERT_NEAR(static_cast<double>(y[t * stride + r]), sum, bound) << "k " << k << " row " << r;
        }
      }
    }
}

std::string name_of(const ::testing::TestParamInfo<Matmul::ParamType>& param) {
  return std::string(std::get<0>(param.param)->name) + "_" + std::string(quant::format(std::get<1>(param.param)).name);
}

std::vector<quant::FormatId> file_formats() {
  std::vector<quant::FormatId> ids;
  for (const quant::Format& format : quant::formats())
    ids.push_back(format.id);
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Tables, Matmul,
                         ::testing::Combine(::testing::ValuesIn(available().begin(), available().end()),
                                            ::testing::ValuesIn(file_formats())),
                         name_of);

std::vector<quant::FormatId> q8_formats() {
  std::vector<quant::FormatId> ids = file_formats();
  std::erase_if(
      ids, [](quant::FormatId id) { return scalar().matmul_q8[static_cast<size_t>(panel_for(id).format)] == nullptr; });
  return ids;
}

INSTANTIATE_TEST_SUITE_P(Tables, MatmulQ8,
                         ::testing::Combine(::testing::ValuesIn(available().begin(), available().end()),
                                            ::testing::ValuesIn(q8_formats())),
                         name_of);

class Quantize : public ::testing::TestWithParam<const Kernels*> {};

void expect_same_tiles(const Kernels& table, uint32_t n_tokens, uint32_t k, const std::vector<float>& values) {
  Activations expected = quantized(scalar(), n_tokens, k, values);
  Activations got = quantized(table, n_tokens, k, values);
  ASSERT_EQ(expected.q, got.q);
  ASSERT_EQ(expected.neg_sum, got.neg_sum);
  ASSERT_TRUE(same_bits(expected.scale, got.scale));
}

TEST_P(Quantize, equals_the_scalar_specification_for_every_tile_width) {
  for (uint32_t n_tokens = 1; n_tokens <= 33; ++n_tokens)
    expect_same_tiles(*GetParam(), n_tokens, 96, normals(size_t{n_tokens} * 96, n_tokens));
}

TEST_P(Quantize, equals_the_scalar_specification_for_ties_zeros_denormals_and_broken_numbers) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  std::vector<float> values(size_t{8} * 32, 0.0F);
  for (size_t i = 0; i < 32; ++i) {
    values[i] = (static_cast<float>(i) - 16) * 0.5F + 1;   // ties after scaling by 127 / 127
    values[32 + i] = 1e-42F * static_cast<float>(i);       // denormal
    values[64 + i] = -1e-31F;                              // below the limit
    values[96 + i] = 3e38F * (i % 2 == 0 ? 1.0F : -1.0F);  // near the largest
    values[128 + i] = 1.5F * static_cast<float>(i % 5);
  }
  values[3] = 127;
  values[128 + 7] = std::numeric_limits<float>::quiet_NaN();
  values[160 + 3] = -kInf;
  values[192] = -0.0F;
  values[224 + 31] = 1e-30F;
  expect_same_tiles(*GetParam(), 1, 256, values);
  expect_same_tiles(*GetParam(), 8, 32, values);
}

TEST_P(Quantize, never_leaves_the_symmetric_range) {
  testing::Random random(99);
  std::vector<float> values(size_t{2000} * 32);
  for (size_t i = 0; i < values.size(); ++i) {
    // Full mantissas at every exponent, so that 127 / max rounds both ways.
    const auto bits = static_cast<uint32_t>(random.next());
    values[i] = std::bit_cast<float>((bits & 0x807fffffU) | ((60 + static_cast<uint32_t>(i / 32) % 180) << 23));
  }
  Activations x = quantized(*GetParam(), 1, static_cast<uint32_t>(values.size()), values);
  for (const int8_t code : x.q)
    ASSERT_GE(code, -127);
  expect_same_tiles(*GetParam(), 1, static_cast<uint32_t>(values.size()), values);
}

INSTANTIATE_TEST_SUITE_P(Tables, Quantize, ::testing::ValuesIn(available().begin(), available().end()),
                         [](const auto& row) { return std::string(row.param->name); });

}  // namespace
}  // namespace ingle::kernels
