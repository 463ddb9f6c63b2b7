// TokenTree: byte strings of tokens as a tree, laid out so that a walk reads memory forwards.
//
// Nodes stand in preorder: a child comes right after its parent, `skip` leads past the whole subtree. Tokens stand in the same
// order, so those of a subtree are neighbours. Immutable; any thread may read it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace ingle::text::grammar {

/// Bytes that grammars mostly treat alike, one bit a group: a-f, g-z, A-F, G-Z, digits, all that are not ASCII; every sign has
/// its own.
uint64_t group_of(uint8_t byte);

class TokenTree {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Entry {
    std::string_view bytes;
    TokenId id = 0;
  };
  struct Node {
    uint64_t below = 0;  // groups of the bytes in its subtree, its own not
    uint32_t skip = 0;
    uint32_t first_token = 0;
    uint8_t byte = 0;
    uint8_t depth = 0;  // 1 for the first byte of a string
  };

  TokenTree() = default;
  /// Entries in order; strings have at most 255 bytes.
  explicit TokenTree(const std::vector<Entry>& sorted);

  size_t size() const { return nodes_.size() - 1; }
  const Node& operator[](size_t node) const { return nodes_[node]; }
  /// The node of a first byte, or kNone.
  uint32_t root(uint8_t byte) const { return roots_[byte]; }
  const std::vector<TokenId>& tokens() const { return tokens_; }
  /// How many of them have the empty string; they come first.
  uint32_t n_empty() const { return nodes_.front().first_token; }

 private:
  std::vector<Node> nodes_ = {{}};  // and one behind the last
  std::vector<TokenId> tokens_;
  std::array<uint32_t, 256> roots_ = {};
};

}  // namespace ingle::text::grammar
