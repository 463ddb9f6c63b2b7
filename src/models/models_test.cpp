// Every architecture and number format against an independent implementation, and the promise that results do not depend
// on company: the same bits on any number of threads, in any batch, however the prompt is cut.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "backend/backend.h"
#include "kernels/registry.h"
#include "models/model.h"
#include "models/testing/tiny.h"

namespace ingle::models {
namespace {

using testing::TinyCase;

std::vector<TinyCase> all_cases() {
  return testing::read_tiny_cases(std::filesystem::path(INGLE_TEST_DATA) / "models" / "tiny");
}

std::string name_of(const ::testing::TestParamInfo<TinyCase>& info) {
  std::string name = info.param.name;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

/// An executor and sequences whose pages are laid out one after another, in a scrambled order of ids.
class Runner {
 public:
  Runner(const TinyCase& tiny, std::string isa, unsigned threads, backend::Precision precision,
         backend::KvType kv = backend::KvType::kDefault) {
    auto file = gguf::File::open(tiny.model);
    EXPECT_TRUE(file) << file.error().message();
    auto model = load(std::move(*file));
    EXPECT_TRUE(model) << model.error().message();
    backend::Options options;
    options.isa = std::move(isa);
    options.threads = threads;
    options.precision = precision;
    options.kv = kv;
    options.n_pages = kPages;
    options.context = tiny.context;
    options.max_rows = 128;
    n_vocab_ = model->program.n_vocab;
    auto executor = backend::load("cpu", model->program, options);
    EXPECT_TRUE(executor) << executor.error().message();
    executor_ = std::move(*executor);
  }

  struct Piece {
    uint32_t sequence;
    std::span<const int32_t> tokens;
    uint32_t first_pos;
  };
  /// One step of the pieces side by side; the logits of every row, or of the last row only.
  std::vector<float> step(const std::vector<Piece>& pieces, bool only_last = false) {
    std::vector<float> logits;
    for (const backend::Output& output : outputs(pieces, only_last ? kLastRow : kEveryRow))
      logits.insert(logits.end(), output.values.begin(), output.values.end());
    return logits;
  }

  enum Wanted : uint8_t { kEveryRow, kLastRow };
  /// `tops`: how many logits the rows want, over and over; 0: all.
  std::span<const backend::Output> outputs(const std::vector<Piece>& pieces, Wanted wanted,
                                           std::span<const uint32_t> tops = {}) {
    std::vector<backend::Row> rows;
    std::vector<std::span<const uint32_t>> tables;
    std::vector<std::vector<uint32_t>> pages;
    for (const Piece& piece : pieces)
      pages.push_back(pages_of(piece.sequence));
    for (size_t i = 0; i < pieces.size(); ++i) {
      tables.emplace_back(pages[i]);
      for (size_t t = 0; t < pieces[i].tokens.size(); ++t) {
        rows.push_back(
            {pieces[i].tokens[t], pieces[i].first_pos + static_cast<uint32_t>(t), static_cast<uint32_t>(i), true});
      }
    }
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].want_logits = wanted == kEveryRow || i + 1 == rows.size();
      rows[i].top = tops.empty() ? 0 : tops[i % tops.size()];
    }
    const auto outputs = executor_->run({rows, tables, false});
    EXPECT_TRUE(outputs);
    return *outputs;
  }

  uint32_t n_vocab() const { return n_vocab_; }

 private:
  static constexpr uint32_t kPages = 64;
  static constexpr uint32_t kPagesEach = 16;
  static std::vector<uint32_t> pages_of(uint32_t sequence) {
    std::vector<uint32_t> pages;
    for (uint32_t i = 0; i < kPagesEach; ++i)
      pages.push_back((sequence * kPagesEach + i) * 37 % kPages);
    return pages;
  }
  std::unique_ptr<backend::Executor> executor_;
  uint32_t n_vocab_ = 0;
};

/// Tokens for long runs: the case's own, over and over.
std::vector<int32_t> repeated(const TinyCase& tiny, size_t n) {
  std::vector<int32_t> tokens;
  while (tokens.size() < n)
    tokens.push_back(tiny.tokens[tokens.size() * 7 % tiny.tokens.size()]);
  return tokens;
}

class TinyModel : public ::testing::TestWithParam<TinyCase> {};

TEST_P(TinyModel, agrees_with_an_independent_implementation_in_f32) {
  const TinyCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    Runner runner(tiny, table->name, 2, backend::Precision::kReference);
    const std::vector<float> logits = runner.step({{0, tiny.tokens, 0}});
    double worst = 0;
    for (const auto& [position, expected] : tiny.logits) {
      ASSERT_EQ(expected.size(), runner.n_vocab());
      for (size_t i = 0; i < expected.size(); ++i) {
        worst = std::max<double>(worst, std::abs(logits[position * expected.size() + i] - expected[i]));
      }
    }
    // Logits have a standard deviation of 1 to 3; f32 arithmetic over at most seven layers stays far below this.
    EXPECT_LT(worst, 2e-3) << table->name;
  }
}

TEST_P(TinyModel, gives_the_same_bits_on_any_number_of_threads) {
  const TinyCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    Runner one(tiny, table->name, 1, backend::Precision::kDefault);
    const std::vector<float> expected = one.step({{0, tiny.tokens, 0}});
    for (unsigned threads : {2U, 3U, 8U}) {
      Runner many(tiny, table->name, threads, backend::Precision::kDefault);
      EXPECT_EQ(many.step({{0, tiny.tokens, 0}}), expected) << table->name << ", " << threads << " threads";
    }
  }
}

TEST_P(TinyModel, gives_the_same_bits_token_by_token_and_in_pieces) {
  const TinyCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    Runner runner(tiny, table->name, 3, backend::Precision::kDefault);
    const std::span<const int32_t> tokens = tiny.tokens;
    const std::vector<float> whole = runner.step({{0, tokens, 0}});
    std::vector<float> single;
    for (uint32_t i = 0; i < tokens.size(); ++i) {
      const auto row = runner.step({{1, tokens.subspan(i, 1), i}});
      single.insert(single.end(), row.begin(), row.end());
    }
    EXPECT_EQ(single, whole) << table->name;
    std::vector<float> pieces;
    for (uint32_t i = 0; i < tokens.size(); i += 13) {
      const auto rows = runner.step({{2, tokens.subspan(i, std::min<size_t>(13, tokens.size() - i)), i}});
      pieces.insert(pieces.end(), rows.begin(), rows.end());
    }
    EXPECT_EQ(pieces, whole) << table->name;
  }
}

TEST_P(TinyModel, gives_the_same_bits_in_company) {
  const TinyCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    Runner runner(tiny, table->name, 4, backend::Precision::kDefault);
    const std::span<const int32_t> tokens = tiny.tokens;
    const std::vector<float> alone = runner.step({{0, tokens, 0}});
    // Two strangers before and behind, one of them in the middle of its text.
    const std::vector<int32_t> other = repeated(tiny, 50);
    runner.step({{1, std::span(other).first(29), 0}});
    const std::vector<float> together =
        runner.step({{1, std::span(other).subspan(29, 1), 29}, {2, tokens, 0}, {3, std::span(other).first(21), 0}});
    const size_t row = runner.n_vocab();
    EXPECT_EQ(0, std::memcmp(together.data() + row, alone.data(), alone.size() * sizeof(float))) << table->name;
  }
}

TEST_P(TinyModel, gives_the_same_bits_whoever_else_wants_an_answer) {
  const TinyCase& tiny = GetParam();
  for (const kernels::Kernels* table : kernels::available()) {
    Runner runner(tiny, table->name, 2, backend::Precision::kDefault);
    const std::vector<float> all = runner.step({{0, tiny.tokens, 0}});
    const std::vector<float> last = runner.step({{1, tiny.tokens, 0}}, /*only_last=*/true);
    ASSERT_EQ(last.size(), runner.n_vocab());
    EXPECT_EQ(0, std::memcmp(last.data(), all.data() + all.size() - last.size(), last.size() * sizeof(float)));
  }
}

// One row alone, and few rows as a draft has them, with a stranger or without: their chunks are split over the threads.
TEST_P(TinyModel, gives_the_same_bits_across_chunks_of_a_long_context) {
  const TinyCase& tiny = GetParam();
  const std::vector<int32_t> tokens = repeated(tiny, 400);
  const std::span<const int32_t> view = tokens;
  const auto is_end_of = [](std::span<const float> rows, std::span<const float> all) {
    return std::ranges::equal(rows, all.last(rows.size()));
  };
  for (const kernels::Kernels* table : kernels::available()) {
    for (const backend::KvType kv : {backend::KvType::kDefault, backend::KvType::kI8}) {
      std::vector<float> expected;
      for (unsigned threads : {1U, 3U, 8U}) {
        Runner runner(tiny, table->name, threads, backend::Precision::kDefault, kv);
        for (uint32_t i = 0; i < 384; i += 128)
          runner.step({{0, view.subspan(i, 128), i}});
        const std::vector<float> piece = runner.step({{0, view.subspan(384), 384}});
        EXPECT_TRUE(is_end_of(runner.step({{0, view.subspan(399, 1), 399}}), piece)) << table->name;
        EXPECT_TRUE(is_end_of(runner.step({{0, view.subspan(395, 5), 395}}), piece)) << table->name;
        const std::vector<float> beside = runner.step({{1, view.first(3), 0}, {0, view.subspan(397, 3), 397}});
        EXPECT_TRUE(is_end_of(std::span(beside).last(3UL * runner.n_vocab()), piece)) << table->name;
        if (expected.empty()) expected = piece;
        EXPECT_EQ(piece, expected) << table->name << ", " << threads << " threads";
      }
    }
  }
}

TEST(KvType, eight_bits_take_about_half_of_sixteen) {
  const TinyCase tiny = all_cases().front();
  auto file = gguf::File::open(tiny.model);
  ASSERT_TRUE(file);
  auto model = load(std::move(*file));
  ASSERT_TRUE(model);
  const uint64_t wide = backend::page_bytes(model->program, backend::KvType::kF16);
  const uint64_t narrow = backend::page_bytes(model->program, backend::KvType::kI8);
  EXPECT_EQ(backend::page_bytes(model->program, backend::KvType::kDefault), wide);
  EXPECT_GT(narrow, wide / 2);
  EXPECT_LE(narrow, wide * 5 / 8);
}

std::vector<backend::Scored> sorted_logits(std::span<const float> logits) {
  std::vector<backend::Scored> all;
  for (size_t i = 0; i < logits.size(); ++i)
    all.push_back({static_cast<int32_t>(i), logits[i]});
  std::ranges::sort(all, backend::likelier);
  return all;
}

TEST_P(TinyModel, gives_the_largest_logits_as_a_sort_of_all_does) {
  const TinyCase& tiny = GetParam();
  const std::span<const int32_t> tokens = tiny.tokens;
  for (const kernels::Kernels* table : kernels::available()) {
    for (unsigned threads : {1U, 3U, 8U}) {
      Runner runner(tiny, table->name, threads, backend::Precision::kDefault);
      const size_t n_vocab = runner.n_vocab();
      const auto most = static_cast<uint32_t>(std::min<size_t>(n_vocab, backend::kMaxTop));
      // The same for all rows; mixed with rows that want all.
      const std::vector<std::vector<uint32_t>> settings = {{1}, {2}, {40}, {most}, {1, 0, most, 3}};
      for (const size_t n : {1UL, 2UL, 16UL, 17UL}) {
        const std::vector<float> all = runner.step({{0, tokens.first(n), 0}});
        for (const auto& tops : settings) {
          const auto outputs = runner.outputs({{1, tokens.first(n), 0}}, Runner::kEveryRow, tops);
          ASSERT_EQ(outputs.size(), n);
          for (size_t r = 0; r < n; ++r) {
            const uint32_t top = tops[r % tops.size()];
            const auto row = std::span(all).subspan(r * n_vocab, n_vocab);
            ASSERT_EQ(outputs[r].n_bad, 0U);
            ASSERT_TRUE(std::ranges::equal(outputs[r].values, top == 0 ? row : row.first(0)));
            auto expected = sorted_logits(row);
            expected.resize(top);
            ASSERT_TRUE(std::ranges::equal(outputs[r].top, expected))
                << table->name << ", " << threads << " threads, row " << r << " of " << n << ", " << top;
          }
        }
      }
      const uint32_t one = 1;
      const auto best = sorted_logits(runner.step({{3, tokens, 0}}, /*only_last=*/true)).front();
      const auto last = runner.outputs({{2, tokens, 0}}, Runner::kLastRow, {&one, 1});
      ASSERT_EQ(last.size(), 1U);
      EXPECT_TRUE(std::ranges::equal(last[0].top, std::span(&best, 1)));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, TinyModel, ::testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace ingle::models
