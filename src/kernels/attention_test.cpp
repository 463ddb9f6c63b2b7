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

/// What the format keeps of a row of K or V.
void round_row(KvFormat format, float* row, uint32_t dim) {
  for (uint32_t begin = 0; begin < dim; begin += kKvBlock) {
    const uint32_t end = std::min(begin + kKvBlock, dim);
    float top = 0;
    for (uint32_t i = begin; i < end; ++i)
      top = std::max(top, std::fabs(row[i]));
    const float scale = quant::f16_to_f32(quant::f32_to_f16(top / 127));
    for (uint32_t i = begin; i < end; ++i) {
      if (format == KvFormat::kF16) row[i] = quant::f16_to_f32(quant::f32_to_f16(row[i]));
      if (format == KvFormat::kBF16) row[i] = quant::bf16_to_f32(quant::f32_to_bf16(row[i]));
      if (format == KvFormat::kI8) row[i] = scale * std::clamp(std::nearbyint(row[i] / scale), -127.0F, 127.0F);
    }
  }
}

/// Keys and values of `n` tokens, written by the table under test into pages whose other slots are NaN bits.
struct Cache {
  Cache(const Kernels& table, KvFormat kv_format, uint32_t dim, uint32_t n)
      : format(kv_format),
        head_dim(dim),
        k(normals(size_t{n} * dim, 1)),
        v(normals(size_t{n} * dim, 2)),
        page_bytes(kv_head_bytes(kv_format, dim)),
        bytes(kChunkPages * page_bytes) {
    std::fill_n(bytes.data(), bytes.size(), std::byte{0xff});
    for (uint32_t t = 0; t < n; ++t)
      table.kv_store({format, bytes.data() + t / kPageTokens * page_bytes, t % kPageTokens, dim, &k[size_t{t} * dim],
                      &v[size_t{t} * dim]});
    for (uint32_t p = 0; p < kChunkPages; ++p)
      pages.push_back(bytes.data() + p * page_bytes);
    for (uint32_t t = 0; t < n; ++t) {
      round_row(format, &k[size_t{t} * dim], dim);
      round_row(format, &v[size_t{t} * dim], dim);
    }
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

Partial attend(const Kernels& table, const Cache& cache, const Rows& rows, uint32_t first, uint32_t n,
               const std::byte* const* ahead = nullptr) {
  Partial result{std::vector<float>(n, 7), std::vector<float>(n, 7), std::vector<float>(size_t{n} * cache.head_dim, 7)};
  std::vector<float> q(size_t{n} * cache.head_dim);
  for (uint32_t r = 0; r < n; ++r)
    for (uint32_t d = 0; d < cache.head_dim; ++d)
      q[size_t{d} * n + r] = rows.q[size_t{first + r} * cache.head_dim + d];
  AttendArgs args;
  args.format = cache.format;
  args.head_dim = cache.head_dim;
  args.n_rows = n;
  args.q = q.data();
  args.from = rows.from.data() + first;
  args.to = rows.to.data() + first;
  args.pages = cache.pages.data();
  args.ahead = ahead;
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

void expect_same_bits(const Partial& alone, const Partial& together, uint32_t r, uint32_t dim) {
  ASSERT_EQ(std::bit_cast<uint32_t>(alone.m[0]), std::bit_cast<uint32_t>(together.m[r]));
  ASSERT_EQ(std::bit_cast<uint32_t>(alone.l[0]), std::bit_cast<uint32_t>(together.l[r]));
  for (uint32_t d = 0; d < dim; ++d)
    ASSERT_EQ(std::bit_cast<uint32_t>(alone.out[d]), std::bit_cast<uint32_t>(together.out[size_t{r} * dim + d]));
}

TEST_P(Attention, gives_a_row_the_same_bits_in_any_company) {
  for (const uint32_t dim : {16U, 64U, 80U, 112U, 160U}) {
    const Cache cache(table(), format(), dim, 250);
    const Rows rows = make_rows(23, dim, 250);
    std::vector<Partial> alone;
    for (uint32_t r = 0; r < 23; ++r)
      alone.push_back(attend(table(), cache, rows, r, 1));
    for (const uint32_t n : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 12U, 15U, 17U, 23U})
      for (uint32_t first = 0; first + n <= 23; first += 5) {
        const Partial together = attend(table(), cache, rows, first, n);
        for (uint32_t r = 0; r < n; ++r)
          ASSERT_NO_FATAL_FAILURE(expect_same_bits(alone[first + r], together, r, dim)) << "dim " << dim << " n " << n;
      }
  }
}

TEST_P(Attention, what_is_read_next_changes_no_bit) {
  const uint32_t dim = 48;
  const Cache cache(table(), format(), dim, 256);
  const std::vector<const std::byte*> ahead(cache.pages.rbegin(), cache.pages.rend());
  const Rows rows = make_rows(9, dim, 256);
  const Partial expected = attend(table(), cache, rows, 0, 9);
  const Partial got = attend(table(), cache, rows, 0, 9, ahead.data());
  ASSERT_EQ(got.m, expected.m);
  ASSERT_EQ(got.l, expected.l);
  ASSERT_EQ(got.out, expected.out);
}

TEST_P(Attention, stores_the_same_bits_as_the_scalar_table) {
  const uint32_t dim = 4;
  const size_t bytes = kv_head_bytes(format(), dim);
  const float odd[] = {0.0F,  -0.0F,        1.0F / 3, -65519.0F, 65520.0F,    1e-7F,       6e-8F, 2e-8F,
                       1e30F, 2049.0F / 16, 1e-42F,   -kInf,     1.00390625F, 1.01171875F, 3e38F, -3.3e38F};
  for (size_t i = 0; i < std::size(odd); i += 4) {
    std::vector<std::byte> expected(bytes), got(bytes);
    available().back()->kv_store({format(), expected.data(), 5, dim, odd + i, odd + (i + 8) % std::size(odd)});
    table().kv_store({format(), got.data(), 5, dim, odd + i, odd + (i + 8) % std::size(odd)});
    ASSERT_EQ(expected, got);
  }
}

// Blocks of 32 dimensions, the last of 16: each row of K and V has blocks of one kind only.
TEST_P(Attention, stores_blocks_of_every_kind_as_the_scalar_table_does) {
  const uint32_t dim = 80;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> usual = normals(dim, 7), small = usual, tiny = usual, huge = usual, with_nan = usual,
                     with_inf = usual;
  for (uint32_t d = 0; d < dim; ++d) {
    small[d] *= 1e-4F;  // the scale is a subnormal f16
    tiny[d] *= 1e-8F;   // and here 0
    huge[d] *= 8e6F;    // beyond what an f16 can scale
  }
  with_nan[40] = nan;
  with_inf[79] = -kInf;
  const std::vector<float> zero(dim, -0.0F);
  for (const std::vector<float>* x :
       std::initializer_list<const std::vector<float>*>{&usual, &small, &tiny, &huge, &with_nan, &with_inf, &zero}) {
    std::vector<std::byte> expected(kv_head_bytes(format(), dim)), got(expected.size());
    available().back()->kv_store({format(), expected.data(), 31, dim, x->data(), usual.data()});
    table().kv_store({format(), got.data(), 31, dim, x->data(), usual.data()});
    ASSERT_EQ(expected, got);
    available().back()->kv_store({format(), expected.data(), 0, dim, usual.data(), x->data()});
    table().kv_store({format(), got.data(), 0, dim, usual.data(), x->data()});
    ASSERT_EQ(expected, got);
  }
}

TEST_P(Attention, a_value_that_is_no_number_shows_in_the_result) {
  const uint32_t dim = 64;
  Cache cache(table(), format(), dim, 8);
  std::vector<float> k(dim, 1.0F), v(dim, 1.0F);
  v[5] = std::numeric_limits<float>::quiet_NaN();
  table().kv_store({format(), cache.bytes.data(), 3, dim, k.data(), v.data()});
  Rows rows = make_rows(1, dim, 8);
  EXPECT_TRUE(std::isnan(attend(table(), cache, rows, 0, 1).out[5]));
  rows.to[0] = 3;
  EXPECT_FALSE(std::isnan(attend(table(), cache, rows, 0, 1).out[5]));
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

TEST_P(Attention, merging_gives_a_row_the_same_bits_in_any_company) {
  const uint32_t dim = 20, n = 37;
  const Cache cache(table(), format(), dim, 256);
  const Rows rows = make_rows(2 * n, dim, 256);
  Partial together = attend(table(), cache, rows, 0, n);
  const Partial later = attend(table(), cache, rows, n, n);
  std::vector<Partial> alone;
  for (uint32_t r = 0; r < n; ++r) {
    alone.push_back(attend(table(), cache, rows, r, 1));
    table().attend_merge(1, dim, &later.m[r], &later.l[r], &later.out[size_t{r} * dim], alone[r].m.data(),
                         alone[r].l.data(), alone[r].out.data());
  }
  table().attend_merge(n, dim, later.m.data(), later.l.data(), later.out.data(), together.m.data(), together.l.data(),
                       together.out.data());
  for (uint32_t r = 0; r < n; ++r)
    ASSERT_NO_FATAL_FAILURE(expect_same_bits(alone[r], together, r, dim)) << r;
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
  constexpr const char* kNames[] = {"F32", "F16", "BF16", "I8"};
  return std::string(std::get<0>(row.param)->name) + "_" + kNames[static_cast<size_t>(std::get<1>(row.param))];
}

INSTANTIATE_TEST_SUITE_P(Tables, Attention,
                         ::testing::Combine(::testing::ValuesIn(available().begin(), available().end()),
                                            ::testing::Values(KvFormat::kF32, KvFormat::kF16, KvFormat::kBF16,
                                                              KvFormat::kI8)),
                         name_of);

}  // namespace
}  // namespace ingle::kernels
