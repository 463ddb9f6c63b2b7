#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "kernels/registry.h"
#include "kernels/testing/samples.h"
#include "quant/half.h"

namespace ingle::kernels {
namespace {

using testing::AlignedBytes;
using testing::normals;

constexpr float kInf = std::numeric_limits<float>::infinity();

float rounded(KvFormat format, float value) {
  switch (format) {
    case KvFormat::kF16:
      return quant::f16_to_f32(quant::f32_to_f16(value));
    case KvFormat::kBF16:
      return quant::bf16_to_f32(quant::f32_to_bf16(value));
    case KvFormat::kF32:
      break;
  }
  return value;
}

/// Keys and values of `n` tokens, written by the table under test into pages whose other slots are NaN bits.
struct Cache {
  Cache(const Kernels& table, KvFormat kv_format, uint32_t dim, uint32_t n)
      : format(kv_format),
        head_dim(dim),
        k(normals(size_t{n} * dim, 1)),
        v(normals(size_t{n} * dim, 2)),
        page_bytes(size_t{2} * kPageTokens * dim * kv_element_bytes(kv_format)),
        bytes(kChunkPages * page_bytes) {
    std::fill_n(bytes.data(), bytes.size(), std::byte{0xff});
    for (uint32_t t = 0; t < n; ++t)
      table.kv_store({format, bytes.data() + t / kPageTokens * page_bytes, t % kPageTokens, dim, &k[size_t{t} * dim],
                      &v[size_t{t} * dim]});
    for (uint32_t p = 0; p < kChunkPages; ++p)
      pages.push_back(bytes.data() + p * page_bytes);
    for (float& value : k)
      value = rounded(format, value);
    for (float& value : v)
      value = rounded(format, value);
  }
  KvFormat format;
  uint32_t head_dim;
  std::vector<float> k, v;
  size_t page_bytes;
  AlignedBytes bytes;
  std::vector<const std::byte*> pages;
};

struct Partial {
  std::vector<float> m, l, out;
};

struct Rows {
  std::vector<float> q;
  std::vector<uint32_t> from, to;
};

Rows make_rows(uint32_t n, uint32_t dim, uint32_t n_tokens) {
  Rows rows{normals(size_t{n} * dim, 3), {}, {}};
  for (uint32_t r = 0; r < n; ++r) {
    rows.to.push_back(n_tokens - r * 7 % n_tokens);                  // causal: less and less
    rows.from.push_back(r % 3 == 0 ? 0 : rows.to[r] * (r % 4) / 5);  // some windows
    if (r % 5 == 4) rows.from[r] = rows.to[r];                       // sees nothing
  }
  return rows;
}

Partial attend(const Kernels& table, const Cache& cache, const Rows& rows, uint32_t first, uint32_t n) {
  Partial result{std::vector<float>(n, 7), std::vector<float>(n, 7), std::vector<float>(size_t{n} * cache.head_dim, 7)};
  std::vector<const float*> q;
  for (uint32_t r = first; r < first + n; ++r)
    q.push_back(&rows.q[size_t{r} * cache.head_dim]);
  AttendArgs args;
  args.format = cache.format;
  args.head_dim = cache.head_dim;
  args.n_rows = n;
  args.q = q.data();
  args.from = rows.from.data() + first;
  args.to = rows.to.data() + first;
  args.pages = cache.pages.data();
  args.scale = 0.3F;
  args.m = result.m.data();
  args.l = result.l.data();
  args.out = result.out.data();
  table.attend_chunk(args);
  return result;
}

class Attention : public ::testing::TestWithParam<std::tuple<const Kernels*, KvFormat>> {
 protected:
  const Kernels& table() const { return *std::get<0>(GetParam()); }
  KvFormat format() const { return std::get<1>(GetParam()); }
};

/// The definition in double for one row, and the error that f32 scores may cause: a chain of head_dim products errs by
/// head_dim * 2^-24 of the magnitudes, an exponential passes that on as a relative error.
void expect_row(const Cache& cache, const Rows& rows, uint32_t r, const Partial& got) {
  const uint32_t dim = cache.head_dim;
  if (rows.from[r] >= rows.to[r]) {
    ASSERT_EQ(got.m[r], -kInf);
    ASSERT_EQ(got.l[r], 0.0F);
    for (uint32_t d = 0; d < dim; ++d)
      ASSERT_EQ(got.out[size_t{r} * dim + d], 0.0F);
    return;
  }
  std::vector<double> score;
  double top = -INFINITY, largest = 0;
  for (uint32_t t = rows.from[r]; t < rows.to[r]; ++t) {
    double sum = 0, magnitude = 0;
    for (uint32_t d = 0; d < dim; ++d) {
      const double product =
          static_cast<double>(rows.q[size_t{r} * dim + d]) * static_cast<double>(cache.k[size_t{t} * dim + d]);
      sum += product;
      magnitude += std::fabs(product);
    }
    score.push_back(sum * static_cast<double>(0.3F));
    top = std::max(top, score.back());
    largest = std::max(largest, magnitude * 0.3);
  }
  const double relative = (2 * largest * (dim + 2) + static_cast<double>(score.size()) + 8) * 0x1p-24;
  ASSERT_NEAR(static_cast<double>(got.m[r]), top, largest * (dim + 2) * 0x1p-24);
  double sum = 0;
  std::vector<double> out(dim, 0.0), size(dim, 0.0);
  for (size_t i = 0; i < score.size(); ++i) {
    const double weight = std::exp(score[i] - static_cast<double>(got.m[r]));
    sum += weight;
    for (uint32_t d = 0; d < dim; ++d) {
      const double value = weight * static_cast<double>(cache.v[(rows.from[r] + i) * dim + d]);
      out[d] += value;
      size[d] += std::fabs(value);
    }
  }
  ASSERT_NEAR(static_cast<double>(got.l[r]), sum, sum * relative);
  for (uint32_t d = 0; d < dim; ++d)
    ASSERT_NEAR(static_cast<double>(got.out[size_t{r} * dim + d]), out[d], size[d] * relative + 1e-30) << "row " << r;
}

TEST_P(Attention, follows_the_definition_and_never_reads_unwritten_slots_as_numbers) {
  for (const uint32_t dim : {4U, 16U, 20U, 64U, 80U, 128U})
    for (const uint32_t n_tokens : {1U, 31U, 32U, 33U, 200U, 256U}) {
      const Cache cache(table(), format(), dim, n_tokens);
      const Rows rows = make_rows(13, dim, n_tokens);
      const Partial got = attend(table(), cache, rows, 0, 13);
      for (uint32_t r = 0; r < 13; ++r)
        ASSERT_NO_FATAL_FAILURE(expect_row(cache, rows, r, got)) << "dim " << dim << " tokens " << n_tokens;
    }
}

TEST_P(Attention, gives_a_row_the_same_bits_in_any_company) {
  const uint32_t dim = 64;
  const Cache cache(table(), format(), dim, 250);
  const Rows rows = make_rows(23, dim, 250);
  const Partial together = attend(table(), cache, rows, 0, 23);
  for (uint32_t r = 0; r < 23; ++r) {
    const Partial alone = attend(table(), cache, rows, r, 1);
    ASSERT_EQ(std::bit_cast<uint32_t>(alone.m[0]), std::bit_cast<uint32_t>(together.m[r]));
    ASSERT_EQ(std::bit_cast<uint32_t>(alone.l[0]), std::bit_cast<uint32_t>(together.l[r]));
    for (uint32_t d = 0; d < dim; ++d)
      ASSERT_EQ(std::bit_cast<uint32_t>(alone.out[d]), std::bit_cast<uint32_t>(together.out[size_t{r} * dim + d]));
  }
}

TEST_P(Attention, stores_the_same_bits_as_the_scalar_table) {
  const uint32_t dim = 4;
  const size_t bytes = size_t{2} * kPageTokens * dim * kv_element_bytes(format());
  const float odd[] = {0.0F,  -0.0F,        1.0F / 3, -65519.0F, 65520.0F,    1e-7F,       6e-8F, 2e-8F,
                       1e30F, 2049.0F / 16, 1e-42F,   -kInf,     1.00390625F, 1.01171875F, 3e38F, -3.3e38F};
  for (size_t i = 0; i < std::size(odd); i += 4) {
    std::vector<std::byte> expected(bytes), got(bytes);
    available().back()->kv_store({format(), expected.data(), 5, dim, odd + i, odd + (i + 8) % std::size(odd)});
    table().kv_store({format(), got.data(), 5, dim, odd + i, odd + (i + 8) % std::size(odd)});
    ASSERT_EQ(expected, got);
  }
}

TEST_P(Attention, merging_chunks_in_order_equals_attending_to_both) {
  const uint32_t dim = 40, n = 6;
  const Cache cache(table(), format(), dim, 256);
  Rows whole = make_rows(n, dim, 256), first = whole, second = whole;
  for (uint32_t r = 0; r < n; ++r) {
    first.to[r] = std::min(whole.to[r], 100U);
    second.from[r] = std::max(whole.from[r], 100U);
  }
  first.to[2] = first.from[2] = 0;  // one row sees only the second part
  whole.from[2] = second.from[2];
  Partial merged = attend(table(), cache, first, 0, n);
  const Partial later = attend(table(), cache, second, 0, n);
  table().attend_merge(n, dim, later.m.data(), later.l.data(), later.out.data(), merged.m.data(), merged.l.data(),
                       merged.out.data());
  const Partial expected = attend(table(), cache, whole, 0, n);
  for (uint32_t r = 0; r < n; ++r) {
    ASSERT_EQ(merged.m[r], expected.m[r]) << r;
    ASSERT_NEAR(merged.l[r], expected.l[r], expected.l[r] * 3e-5F) << r;
    for (size_t i = size_t{r} * dim; i < size_t{r + 1} * dim; ++i)
      ASSERT_NEAR(merged.out[i], expected.out[i], expected.l[r] * 3e-5F) << r;
  }
}

TEST_P(Attention, merging_nothing_changes_no_bit) {
  const float m = -kInf, l = 0, out[2] = {0, 0};
  float m_to = 1.5F, l_to = 2.5F, out_to[2] = {3, -0.0F};
  table().attend_merge(1, 2, &m, &l, out, &m_to, &l_to, out_to);
  EXPECT_EQ(m_to, 1.5F);
  EXPECT_EQ(l_to, 2.5F);
  EXPECT_EQ(out_to[0], 3.0F);
  EXPECT_TRUE(std::signbit(out_to[1]));
}

std::string name_of(const ::testing::TestParamInfo<Attention::ParamType>& row) {
  constexpr const char* kNames[] = {"F32", "F16", "BF16"};
  return std::string(std::get<0>(row.param)->name) + "_" + kNames[static_cast<size_t>(std::get<1>(row.param))];
}

INSTANTIATE_TEST_SUITE_P(Tables, Attention,
                         ::testing::Combine(::testing::ValuesIn(available().begin(), available().end()),
                                            ::testing::Values(KvFormat::kF32, KvFormat::kF16, KvFormat::kBF16)),
                         name_of);

}  // namespace
}  // namespace ingle::kernels
