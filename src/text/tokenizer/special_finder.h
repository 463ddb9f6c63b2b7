// SpecialFinder: cuts a text at the tokens that are found before any splitting or merging.
//
// These are the tokens that the file calls user-defined, found everywhere, and its control and unknown tokens, found
// only where allowed. Longer tokens go first wherever they begin, equally long ones by id, each from left to right
// over what is still free: the order of llama.cpp, found here in one pass over the text with an Aho-Corasick automaton.
// Immutable after build; any thread may call.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

struct SpecialToken {
  std::string_view text;  // not empty
  TokenId id;
  bool always = false;        // user-defined: found in untrusted bytes too, and when nobody asked for special tokens
  bool strips_right = false;  // swallows the white space that follows
};

/// A piece of a cut text: a token, or the text in between.
struct TextPart {
  std::string_view text;
  TokenId token = kNoToken;
};

/// Bytes in which tokens that are not `always` may be found.
struct Stretch {
  size_t begin;
  size_t end;
};

class SpecialFinder {
 public:
  SpecialFinder() = default;
  static Result<SpecialFinder> build(std::span<const SpecialToken> tokens);

  /// `trusted`: ascending, not touching each other. The parts are views of `text`, none is empty.
  std::vector<TextPart> cut(std::string_view text, std::span<const Stretch> trusted) const;

 private:
  // The automaton reads the reversed tokens from the end of the text: at each byte it knows which tokens begin there.
  struct Node {
    uint32_t first_edge = 0;  // into edges_, sorted by byte; they end where those of the next node begin
    uint32_t fail = 0;        // the node of the longest proper suffix
    uint32_t longest = 0;     // the node of the longest token that is a suffix of this one, itself included; 0: none
    uint32_t token = kNone;   // the token that this node is, into tokens_
  };
  struct Edge {
    uint8_t byte;
    uint32_t to;
  };
  struct Token {
    uint32_t size;
    TokenId id;
    bool always;
    bool strips_right;
  };
  struct Candidate {
    uint32_t size;
    TokenId id;
    size_t begin;
    uint32_t node;
    bool operator<(const Candidate& other) const;
  };
  class Builder;
  static constexpr uint32_t kNone = 0xFFFFFFFF;

  uint32_t child(uint32_t node, uint8_t byte) const;
  uint32_t step(uint32_t node, uint8_t byte) const;
  /// The longest token on the chain of `node` that may begin at `begin`, appended if there is one.
  void add_candidate(uint32_t node, size_t begin, size_t trusted_end, std::vector<Candidate>& out) const;
  std::vector<Candidate> find_all(std::string_view text, std::span<const Stretch> trusted) const;

  std::vector<Node> nodes_;
  std::vector<Edge> edges_;
  std::vector<Token> tokens_;
  std::vector<uint32_t> root_;  // the root's child for each byte
};

}  // namespace ingle::text
