// LoopGuard: whether an answer says the same over and over.
//
// Counts, for every period up to kMostPeriod, how many tokens in a row agree with the one a period before: a function of
// the tokens alone. A value: it is copied when a sequence forks.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ingle::engine {

class LoopGuard {
 public:
  static constexpr uint32_t kMostPeriod = 64;
  // Rows of a table repeat themselves too: what is called a loop is far longer than what a document says in earnest.
  static constexpr uint32_t kRounds = 16;
  static constexpr uint32_t kLeastTokens = 256;

  /// The next token that the model chose.
  void see(int32_t token) {
    for (uint32_t period = 1; period <= kMostPeriod; ++period) {
      uint32_t& agreed = agreed_[period - 1];
      const bool agrees = period <= n_seen_ && last_[(n_seen_ - period) % kMostPeriod] == token;
      agreed = agrees ? agreed + 1 : 0;
      loops_ |= agreed + period >= std::max(kRounds * period, kLeastTokens);
    }
    last_[n_seen_ % kMostPeriod] = token;
    ++n_seen_;
  }

  /// Stays so.
  bool loops() const { return loops_; }

 private:
  std::array<int32_t, kMostPeriod> last_{};  // a ring
  std::array<uint32_t, kMostPeriod> agreed_{};
  uint32_t n_seen_ = 0;
  bool loops_ = false;
};

}  // namespace ingle::engine
