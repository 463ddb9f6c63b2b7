// TokenTrie: the pieces of a vocabulary as two trees of bytes, laid out so that a walk reads memory forwards.
//
// Most tokens are plain: whole characters that may stand in a JSON string as they are. What is allowed inside a string is
// then a ready-made set of tokens, by number of characters, and only the other tree needs a walk there. Built once per
// tokenizer, immutable; any thread may read it.
#pragma once

#include <bitset>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace ingle::text::grammar {

/// A set of tokens, one bit an id.
using TokenSet = std::vector<uint64_t>;

inline bool contains(std::span<const uint64_t> set, TokenId id) {
  const auto i = static_cast<size_t>(id);
  return i / 64 < set.size() && (set[i / 64] >> (i % 64) & 1) != 0;
}
inline void insert(TokenSet& set, TokenId id) {
  set[static_cast<size_t>(id) / 64] |= uint64_t{1} << (static_cast<size_t>(id) % 64);
}

class TokenTrie {
 public:
  static constexpr uint32_t kMaxPlainCharacters = 16;  // longer tokens are walked
  static constexpr size_t kMaxPieceBytes = 255;        // longer ones, runs of spaces mostly, are never allowed
  /// Stands before the spelling of a control token. It occurs in no text, so only a grammar that names a control token can
  /// allow it.
  static constexpr char kControlMark = '\xFF';

  /// Nodes in preorder: a child comes right after its parent, `skip` leads past the whole subtree.
  struct Tree {
    std::vector<uint8_t> byte;
    std::vector<uint8_t> depth;  // 1 for the first byte of a piece
    std::vector<uint32_t> skip;
    std::vector<uint32_t> token_begin;  // [nodes + 1], into tokens
    std::vector<TokenId> tokens;
    size_t size() const { return byte.size(); }
  };

  /// Unknown and unused tokens are left out, as are those that end an answer and pieces with the byte of kControlMark.
  static std::shared_ptr<const TokenTrie> build(const Tokenizer& tokenizer);
  /// One token a byte value, id = byte: to walk a text through the same masks without a model.
  static std::shared_ptr<const TokenTrie> of_bytes();

  size_t n_tokens() const { return n_tokens_; }
  size_t n_words() const { return (n_tokens_ + 63) / 64; }
  /// Of a control token kControlMark and its spelling; empty for what is left out.
  std::string_view piece(TokenId id) const;
  /// Whether a control token is spelled like this: a grammar that names another could not be followed.
  bool has_control(std::string_view spelling) const;
  const Tree& plain() const { return plain_; }
  const Tree& rest() const { return rest_; }
  /// Plain tokens of 1 to `n` characters.
  const TokenSet& plain_up_to(uint32_t n) const { return plain_sets_[std::min(n, kMaxPlainCharacters)]; }
  const std::vector<TokenId>& ends() const { return ends_; }
  bool is_end(TokenId id) const { return contains(end_set_, id); }
  /// Bytes that some token says alone; kControlMark where there are control tokens.
  const std::bitset<256>& single_bytes() const { return single_bytes_; }

 private:
  TokenTrie() = default;
  struct Entry {
    std::string_view piece;
    TokenId id;
  };
  void set_pieces(std::vector<Entry> entries, size_t n_tokens);
  static Tree build_tree(const std::vector<Entry>& sorted);

  size_t n_tokens_ = 0;
  std::string bytes_;  // pieces, one after the other
  std::vector<uint32_t> piece_begin_;
  Tree plain_;
  Tree rest_;
  std::vector<TokenSet> plain_sets_;  // [kMaxPlainCharacters + 1]
  std::vector<TokenId> ends_;
  TokenSet end_set_;
  std::bitset<256> single_bytes_;
  std::set<std::string, std::less<>> controls_;
};

}  // namespace ingle::text::grammar
