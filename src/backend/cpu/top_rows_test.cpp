#include "backend/cpu/top_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <random>
#include <vector>

#include "kernels/registry.h"

namespace ingle::backend::cpu {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();

/// Logits of which many are equal.
std::vector<float> coarse_logits(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> logits;
  for (size_t i = 0; i < n; ++i)
    logits.push_back(static_cast<float>(random() % 61) / 4.0F - 8.0F);
  return logits;
}

std::vector<Scored> best_of(std::span<const float> logits, size_t n) {
  std::vector<Scored> all;
  for (size_t i = 0; i < logits.size(); ++i)
    all.push_back({static_cast<int32_t>(i), logits[i]});
  std::ranges::sort(all, likelier);
  all.resize(n);
  return all;
}

struct Piece {
  uint32_t from;
  uint32_t n;
  uint32_t thread;
};

/// A cut into pieces of any length in any order, dealt to any thread.
std::vector<Piece> cut(uint32_t n, uint32_t n_threads, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Piece> pieces;
  for (uint32_t from = 0; from < n;) {
    const auto length = std::min<uint32_t>(n - from, 1 + static_cast<uint32_t>(random() % 300));
    pieces.push_back({from, length, static_cast<uint32_t>(random() % n_threads)});
    from += length;
  }
  std::ranges::shuffle(pieces, random);
  return pieces;
}

Output see_all(TopRows& rows, const kernels::Kernels& table, std::span<const float> logits, uint32_t top,
               std::span<const Piece> pieces, uint32_t n_threads) {
  const std::vector<uint32_t> tops = {0, top};
  rows.begin(tops, n_threads);
  EXPECT_FALSE(rows.wanted(0));
  EXPECT_TRUE(rows.wanted(1));
  for (const Piece& piece : pieces)
    rows.see(table, piece.thread, 1, logits.data() + piece.from, piece.n, piece.from);
  return rows.finish(1);
}

TEST(TopRows, are_those_of_a_sort_whatever_the_cut_and_the_threads) {
  TopRows rows;
  for (const kernels::Kernels* table : kernels::available()) {
    for (unsigned seed = 0; seed < 40; ++seed) {
      const std::vector<float> logits = coarse_logits(64 + seed * 83, seed);
      const uint32_t n_threads = 1 + seed % 5;
      const auto pieces = cut(static_cast<uint32_t>(logits.size()), n_threads, seed);
      for (const uint32_t top : {1U, 2U, 5U, 40U, kMaxTop}) {
        const Output output = see_all(rows, *table, logits, top, pieces, n_threads);
        EXPECT_EQ(output.n_bad, 0U);
        EXPECT_TRUE(output.values.empty());
        EXPECT_TRUE(std::ranges::equal(output.top, best_of(logits, top)))
            << table->name << ", top " << top << ", seed " << seed;
      }
    }
  }
}

TEST(TopRows, of_logits_that_are_all_impossible_are_the_lowest_ids) {
  TopRows rows;
  const std::vector<float> logits(500, -kInf);
  for (const kernels::Kernels* table : kernels::available()) {
    for (const uint32_t top : {1U, 7U}) {
      const Output output = see_all(rows, *table, logits, top, cut(500, 3, 1), 3);
      EXPECT_TRUE(std::ranges::equal(output.top, best_of(logits, top))) << table->name;
    }
  }
}

TEST(TopRows, count_every_logit_that_is_not_a_number) {
  TopRows rows;
  std::vector<float> logits = coarse_logits(700, 3);
  for (const size_t i : {0UL, 15UL, 16UL, 299UL, 699UL})
    logits[i] = std::numeric_limits<float>::quiet_NaN();
  logits[333] = kInf;
  logits[334] = -kInf;  // impossible is a number
  for (const kernels::Kernels* table : kernels::available()) {
    for (const uint32_t top : {1U, 7U}) {
      EXPECT_EQ(see_all(rows, *table, logits, top, cut(700, 4, 2), 4).n_bad, 6U) << table->name;
    }
  }
}

}  // namespace
}  // namespace ingle::backend::cpu
