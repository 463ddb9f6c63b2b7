#include "engine/sampler/penalties.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>

namespace ingle::engine {
namespace {

RC_GTEST_PROP(Penalties, change_each_token_of_the_window_once, (const std::vector<uint8_t>& bytes)) {
  constexpr size_t kVocab = 16;
  std::vector<int32_t> history;
  history.reserve(bytes.size());
  for (const uint8_t b : bytes)
    history.push_back(b % 16);
  const Penalties penalties{*rc::gen::inRange(-1, 20), 1.25F, 0.5F, 0.125F};
  std::vector<float> logits;
  logits.reserve(kVocab);
  for (size_t i = 0; i < kVocab; ++i)
    logits.push_back(static_cast<float>(i) - 8.0F);
  std::vector<uint32_t> counts(kVocab);

  std::map<int32_t, int> window;
  const size_t n = penalties.last_n < 0 ? history.size() : static_cast<size_t>(penalties.last_n);
  for (size_t i = history.size() - std::min(n, history.size()); i < history.size(); ++i)
    ++window[history[i]];
  auto expected = logits;
  for (const auto& [id, count] : window) {
    float& l = expected[static_cast<size_t>(id)];
    l = l > 0 ? l / 1.25F : l * 1.25F;
    l -= 0.5F + 0.125F * static_cast<float>(count);
  }

  apply_penalties(penalties, history, counts, logits);
  RC_ASSERT(logits == expected);
  RC_ASSERT(counts == std::vector<uint32_t>(kVocab));
}

TEST(Penalties, leave_a_banned_token_banned_and_never_overflow) {
  std::vector<float> logits = {-std::numeric_limits<float>::infinity(), 1.0F, 0.0F};
  std::vector<uint32_t> counts(3);
  const std::vector<int32_t> history = {0, 1, 2};
  apply_penalties({-1, 1e-38F, 0, -3e38F}, history, counts, logits);
  EXPECT_EQ(logits[0], -std::numeric_limits<float>::infinity());
  EXPECT_EQ(logits[1], 1e30F);
  EXPECT_EQ(logits[2], 1e30F);
}

}  // namespace
}  // namespace ingle::engine
