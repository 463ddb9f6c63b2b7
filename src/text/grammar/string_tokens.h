// StringTokens: what each token does between two characters of a JSON string, for masks that need no walk there.
//
// A token either stays inside the string (whole characters, escapes, a part of a character at its end), or ends it with a
// quote after some characters and says a tail outside, or is impossible. Built once a vocabulary, immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "text/grammar/token_set.h"
#include "text/grammar/token_tree.h"

namespace ingle::text::grammar {

class StringTokens {
 public:
  StringTokens() = default;
  StringTokens(const std::vector<TokenTree::Entry>& entries, size_t n_tokens);

  /// Adds the tokens that stay inside a string of which `most` more characters may follow.
  void add_inside(uint32_t most, bool escapes, TokenSet& out) const;

  /// Tails of the tokens that end the string.
  const TokenTree& tails() const { return tails_; }
  /// Of token number `i` of tails(): characters before the quote, and whether one of them is escaped.
  uint32_t characters_before(size_t i) const { return before_[i].characters; }
  bool has_escape(size_t i) const { return before_[i].escape; }

 private:
  static constexpr uint32_t kReady = 16;  // ready-made sets go up to so many characters

  struct Before {
    uint8_t characters = 0;
    bool escape = false;
  };
  struct Long {
    uint32_t characters = 0;
    TokenId id = 0;
    bool escape = false;
  };

  std::array<TokenSet, kReady + 1> inside_;  // [n]: up to n characters; [0]: of any number
  TokenSet escaped_;                         // those of them that need an escape
  std::vector<Long> long_;                   // those with more than kReady characters, shortest first
  TokenTree tails_;
  std::vector<Before> before_;
};

}  // namespace ingle::text::grammar
