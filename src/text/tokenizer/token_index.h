// TokenIndex: from the exact bytes of a token to its id.
//
// Open addressing over the strings of the vocabulary, which must outlive it and stay where they are. Immutable after
// build; any thread may look up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

class TokenIndex {
 public:
  TokenIndex() = default;
  /// Two tokens of the same bytes are an error: which one is meant would depend on the reader.
  static Result<TokenIndex> build(std::span<const std::string> tokens);

  TokenId find(std::string_view bytes) const;
  /// The same for many at once: their places in memory are fetched side by side, which is what looking up costs.
  void find_all(std::span<const std::string_view> texts, std::span<TokenId> ids) const;
  /// Length of the longest token: nothing longer needs to be looked up.
  size_t longest() const { return longest_; }

 private:
  struct Slot {
    uint32_t tag = 0;
    TokenId id = kNoToken;
  };
  TokenId find(std::string_view bytes, uint64_t hash) const;

  std::span<const std::string> tokens_;
  std::vector<Slot> slots_;
  size_t longest_ = 0;
};

}  // namespace ingle::text
