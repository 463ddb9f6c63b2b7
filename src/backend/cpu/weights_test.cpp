#include "backend/cpu/weights.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <limits>
#include <string>

namespace ingle::backend::cpu {
namespace {

constexpr uint32_t kColumns = 64;

/// F32 matrices one after another in one piece of memory, as in a file.
class Weights : public ::testing::Test {
 protected:
  // Large enough for many pieces and more than one huge page, and a last panel that is not full.
  Weights() : numbers_(kColumns * (kRowsOfA + kRowsOfB)) {
    for (size_t i = 0; i < numbers_.size(); ++i)
      numbers_[i] = static_cast<float>(i % 4099);
  }

  Source source(std::string name, uint32_t first_row, uint32_t n_rows) const {
    const auto bytes = std::as_bytes(std::span(numbers_));
    Source source;
    source.name = std::move(name);
    source.format = &quant::format(quant::FormatId::kF32);
    source.bytes = bytes.subspan(size_t{first_row} * kColumns * 4, size_t{n_rows} * kColumns * 4);
    source.file_offset = 1000 + size_t{first_row} * kColumns * 4;
    source.n_in = kColumns;
    source.n_out = n_rows;
    return source;
  }

  Status pack(const Options& options, unsigned n_threads = 3) {
    auto pool = base::ThreadPool::create(n_threads);
    store_.plan(source("b", kRowsOfA, kRowsOfB), &b_);  // not in the order of the file
    store_.plan(source("a", 0, kRowsOfA), &a_);
    return store_.pack(**pool, options);
  }

  void expect_rows(const Matrix& matrix, uint32_t first_row) {
    std::vector<float> row(kColumns);
    for (uint32_t r = 0; r < matrix.n_out; ++r) {
      matrix.info->unpack_row(matrix.panel(r / kernels::kPanelRows), r % kernels::kPanelRows, kColumns, row.data());
      ASSERT_TRUE(std::ranges::equal(row, std::span(numbers_).subspan(size_t{first_row + r} * kColumns, kColumns)))
          << r;
    }
  }

  static constexpr uint32_t kRowsOfA = 9001, kRowsOfB = 40;
  std::vector<float> numbers_;
  WeightStore store_;
  Matrix a_, b_;
};

TEST_F(Weights, are_the_rows_of_the_file_in_place_or_copied) {
  ASSERT_TRUE(pack({}));
  expect_rows(a_, 0);
  expect_rows(b_, kRowsOfA);

  std::atomic<size_t> expected = 0;
  uint64_t last_done = 0, last_total = 0;
  Options options;
  options.read = [](std::span<const std::byte> from, std::byte* to) -> Status {
    std::ranges::copy(from, to);
    return {};
  };
  options.expect = [&](std::span<const std::byte> part) { expected += part.size(); };
  options.progress = [&](uint64_t done, uint64_t total) {
    last_done = done;
    last_total = total;
  };
  store_ = WeightStore();
  ASSERT_TRUE(pack(options));
  expect_rows(a_, 0);
  expect_rows(b_, kRowsOfA);
  EXPECT_EQ(expected, numbers_.size() * sizeof(float));
  EXPECT_EQ(last_done, last_total);
  EXPECT_EQ(last_total, store_.bytes());
}

TEST_F(Weights, of_one_row_are_read_as_the_matrices_are) {
  Options options;
  options.read = [](std::span<const std::byte> from, std::byte* to) -> Status {
    std::ranges::copy(from, to);
    return {};
  };
  const Source row = source("row", 3, 1);
  store_.read_with(options);
  const Vector copied = store_.vector(row);
  EXPECT_TRUE(std::ranges::equal(copied, std::span(numbers_).subspan(3 * kColumns, kColumns)));
  options.read = [](std::span<const std::byte>, std::byte*) -> Status {
    return std::unexpected(Error::corrupt("the file has become shorter"));
  };
  store_.read_with(options);
  (void)store_.vector(row);
  EXPECT_EQ(pack({}).error().code(), ErrorCode::kCorrupt);
}

TEST_F(Weights, that_cannot_be_read_say_why) {
  Options options;
  options.read = [](std::span<const std::byte>, std::byte*) -> Status {
    return std::unexpected(Error::corrupt("the file has become shorter"));
  };
  const Status packed = pack(options);
  ASSERT_FALSE(packed);
  EXPECT_EQ(packed.error().code(), ErrorCode::kCorrupt);
}

TEST_F(Weights, name_the_first_number_of_the_file_that_is_none) {
  const size_t first = numbers_.size() / 2;
  for (const size_t at : {first, numbers_.size() - 1, first + 1})
    numbers_[at] = std::numeric_limits<float>::quiet_NaN();
  for (const unsigned n_threads : {1U, 4U}) {
    store_ = WeightStore();
    const Status packed = pack({}, n_threads);
    ASSERT_FALSE(packed);
    EXPECT_NE(packed.error().message().find("'a'"), std::string::npos) << packed.error().message();
    EXPECT_NE(packed.error().message().find("offset " + std::to_string(1000 + first * sizeof(float))),
              std::string::npos)
        << packed.error().message();
  }
}

}  // namespace
}  // namespace ingle::backend::cpu
