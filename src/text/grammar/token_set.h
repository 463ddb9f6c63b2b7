// Sets of tokens, one bit an id.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer/tokenizer.h"

namespace ingle::text::grammar {

using TokenSet = std::vector<uint64_t>;

inline bool contains(std::span<const uint64_t> set, TokenId id) {
  const auto i = static_cast<size_t>(id);
  return i / 64 < set.size() && (set[i / 64] >> (i % 64) & 1) != 0;
}
inline void insert(TokenSet& set, TokenId id) {
  set[static_cast<size_t>(id) / 64] |= uint64_t{1} << (static_cast<size_t>(id) % 64);
}

}  // namespace ingle::text::grammar
