#include "engine/sampler/random.h"

#include <gtest/gtest.h>

#include <set>

namespace ingle::engine {
namespace {

// Known answers published with the reference implementation, Random123, file kat_vectors.
TEST(Philox, gives_the_published_answers) {
  EXPECT_EQ(philox_4x32({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox_4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox_4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Uniform, differs_by_seed_stream_and_position) {
  std::set<double> seen;
  for (const uint64_t seed : {0ULL, 1ULL, 1ULL << 40}) {
    for (const RandomStream stream : {RandomStream::kToken, RandomStream::kXtc}) {
      for (const uint64_t position : {0ULL, 1ULL, 1ULL << 40})
        seen.insert(uniform(seed, stream, position));
    }
  }
  EXPECT_EQ(seen.size(), 18U);
}

TEST(Uniform, fills_the_unit_interval_evenly) {
  constexpr int kDraws = 100000;
  std::array<int, 10> bins{};
  for (uint64_t i = 0; i < kDraws; ++i) {
    const double u = uniform(7, RandomStream::kToken, i);
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    ++bins[static_cast<size_t>(u * 10)];
  }
  // Binomial with n = 1e5, p = 0.1: six standard deviations are 570.
  for (const int n : bins)
    EXPECT_NEAR(n, kDraws * 0.1, 570);
}

}  // namespace
}  // namespace ingle::engine
