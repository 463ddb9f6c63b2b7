// TokenTrie: the pieces of a vocabulary as masks need them: a tree of all of them, and what each does inside a JSON string.
//
// Built once per tokenizer, immutable; any thread may read it.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/grammar/string_tokens.h"
#include "text/grammar/token_set.h"
#include "text/grammar/token_tree.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::text::grammar {

class TokenTrie {
 public:
  static constexpr size_t kMaxPieceBytes = 255;  // longer ones, runs of spaces mostly, are never allowed
  /// Stands before the spelling of a control token. It occurs in no text, so only a grammar that names a control token can
  /// allow it.
  static constexpr char kControlMark = '\xFF';

  /// Unknown and unused tokens are left out, as are those that end an answer and pieces with the byte of kControlMark.
  static std::shared_ptr<const TokenTrie> build(const Tokenizer& tokenizer);
  /// One token a byte value, id = byte: to walk a text through the same masks without a model.
  static std::shared_ptr<const TokenTrie> of_bytes();

  size_t n_tokens() const { return n_tokens_; }
  size_t n_words() const { return (n_tokens_ + 63) / 64; }
  /// Of a control token kControlMark and its spelling; empty for what is left out.
  std::string_view piece(TokenId id) const;
  /// A grammar that names a control token spelled otherwise could not be followed.
  const std::set<std::string, std::less<>>& controls() const { return controls_; }
  /// All of them.
  const TokenTree& tree() const { return tree_; }
  const StringTokens& strings() const { return strings_; }
  const std::vector<TokenId>& ends() const { return ends_; }
  bool is_end(TokenId id) const { return contains(end_set_, id); }
  /// Bytes that some token says alone; kControlMark where there are control tokens.
  const std::bitset<256>& single_bytes() const { return single_bytes_; }

 private:
  TokenTrie() = default;
  using Entry = TokenTree::Entry;
  void set_pieces(std::vector<Entry> entries, size_t n_tokens);

  size_t n_tokens_ = 0;
  std::string bytes_;  // pieces, one after the other
  std::vector<uint32_t> piece_begin_;
  TokenTree tree_;
  StringTokens strings_;
  std::vector<TokenId> ends_;
  TokenSet end_set_;
  std::bitset<256> single_bytes_;
  std::set<std::string, std::less<>> controls_;
};

}  // namespace ingle::text::grammar
