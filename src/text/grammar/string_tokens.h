// StringTokens: what each token does between two characters of a JSON string, for masks that need no walk there.
//
// A token either stays inside the string (whole characters, escapes, a part of a character at its end), or ends it with a
// quote after some characters and says a tail outside, or is impossible. Built once a vocabulary, immutable; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/grammar/token_set.h"
#include "text/grammar/token_tree.h"

namespace ingle::text::grammar {

class StringTokens {
 public:
  /// Of a tree over code points, in preorder.
  struct PlainNode {
    char32_t code_point = 0;
    uint32_t skip = 0;  // past the subtree
    uint32_t first_token = 0;
    uint8_t depth = 0;  // 1 for the first character
  };
  struct PlainToken {
    uint32_t number = 0;  // the id of a token that stays inside; of one that ends the string its number in tails()
    bool is_closing = false;
  };

  StringTokens() = default;
  StringTokens(const std::vector<TokenTree::Entry>& entries, size_t n_tokens);

  /// Adds the tokens that stay inside a string of which `most` more characters may follow.
  void add_inside(uint32_t most, bool escapes, TokenSet& out) const;

  /// Tails of the tokens that end the string.
  const TokenTree& tails() const { return tails_; }
  /// Of token number `i` of tails(): characters before the quote, and whether one of them is escaped.
  uint32_t characters_before(size_t i) const { return before_[i].characters; }
  bool has_escape(size_t i) const { return before_[i].escape; }

  /// Tokens without escapes that end between two characters, by their characters before the quote if there is one. The
  /// first tokens are those that have none; there is one node behind the last.
  const std::vector<PlainNode>& plain() const { return plain_; }
  const std::vector<PlainToken>& plain_tokens() const { return plain_tokens_; }
  /// All others that a string may have.
  const TokenTree& odd() const { return odd_; }
  size_t n_words() const { return escaped_.size(); }

 private:
  struct Plain {
    std::string_view characters;
    PlainToken token;
  };
  void set_plain(const std::vector<Plain>& sorted);

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
  std::vector<PlainNode> plain_ = {{}};
  std::vector<PlainToken> plain_tokens_;
  TokenTree odd_;
  TokenTree tails_;
  std::vector<Before> before_;
};

}  // namespace ingle::text::grammar
