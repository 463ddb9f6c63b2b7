// TokenIndex: from the exact bytes of a token to its id, and back.
//
// Open addressing over a copy of all texts, one after the other: a quarter of the memory that as many strings take.
// Immutable after build; any thread may look up.
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

  size_t size() const { return begins_.empty() ? 0 : begins_.size() - 1; }
  /// The bytes of a token; `id` is in range.
  std::string_view text(TokenId id) const {
    const auto i = static_cast<size_t>(id);
    return std::string_view(texts_).substr(begins_[i], begins_[i + 1] - begins_[i]);
  }

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

  std::string texts_;
  std::vector<uint32_t> begins_;  // where each begins in texts_, and the end
  std::vector<Slot> slots_;
  size_t longest_ = 0;
};

}  // namespace ingle::text
