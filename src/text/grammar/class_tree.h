// ClassTree: the tokens of a vocabulary as a regular language inside a JSON string tells them apart.
//
// Tokens that read the same classes of code points are one: for [a-z]{3,40} every word of five small letters. A walk is then
// over a few classes instead of a vocabulary. Made of the tokens without escapes that end between two characters, inside the
// string or behind its quote (StringTokens::plain()); others are walked byte by byte. Immutable; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "text/grammar/dfa.h"
#include "text/grammar/string_tokens.h"
#include "text/grammar/token_set.h"

namespace ingle::text::grammar {

class ClassTree {
 public:
  /// Of numbers of tokens in StringTokens::tails(), one bit each.
  using Closing = std::vector<uint64_t>;

  ClassTree(const Dfa& dfa, const StringTokens& tokens);

  /// Adds to `inside` the tokens that lead from `state` to one that lives, and to `closing` those whose characters before the
  /// quote lead to the end of a text. `dfa`: the one that the tree was made for.
  void follow(const Dfa& dfa, Dfa::State state, TokenSet& inside, Closing& closing) const;

  size_t bytes() const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  static constexpr uint32_t kMany = 1024;

  /// In preorder, like their tokens: those that read the classes on the way from the root.
  struct Node {
    uint32_t code_point_class = 0;
    uint32_t depth = 0;
    uint32_t skip = 0;  // past the subtree
    uint32_t inside = 0;
    uint32_t closing = 0;
    uint32_t set = kNone;  // its own tokens inside as one of sets_, where they are many
  };

  class Builder;
  void add(size_t first, size_t last, bool closes, TokenSet& inside, Closing& closing) const;

  std::vector<Node> nodes_;  // and one behind the last
  std::vector<TokenId> inside_;
  std::vector<uint32_t> closing_;
  std::vector<TokenSet> sets_;
  TokenSet all_;                      // inside_, where there is a state anything_
  Dfa::State anything_ = Dfa::kDead;  // from which any text leads to the end of one, if there is such a state
};

}  // namespace ingle::text::grammar
