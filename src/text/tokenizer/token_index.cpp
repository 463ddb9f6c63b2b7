#include "text/tokenizer/token_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "text/tokenizer/hash.h"

namespace ingle::text {

Result<TokenIndex> TokenIndex::build(std::span<const std::string> tokens) {
  TokenIndex index;
  index.tokens_ = tokens;
  index.slots_.resize(std::bit_ceil(tokens.size() + tokens.size() / 2 + 2));
  const size_t mask = index.slots_.size() - 1;
  for (size_t i = 0; i < tokens.size(); ++i) {
    index.longest_ = std::max(index.longest_, tokens[i].size());
    const uint64_t hash = hash_bytes(tokens[i]);
    const auto tag = static_cast<uint32_t>(hash >> 32);
    size_t at = hash & mask;
    for (; index.slots_[at].id != kNoToken; at = (at + 1) & mask) {
      const Slot& taken = index.slots_[at];
      if (taken.tag == tag && tokens[static_cast<size_t>(taken.id)] == tokens[i]) {
        return std::unexpected(
            Error::corrupt(fmt::format("tokenizer.ggml.tokens: tokens {} and {} are the same bytes", taken.id, i)));
      }
    }
    index.slots_[at] = {tag, static_cast<TokenId>(i)};
  }
  return index;
}

TokenId TokenIndex::find(std::string_view bytes) const {
  if (bytes.size() > longest_ || slots_.empty()) return kNoToken;
  const size_t mask = slots_.size() - 1;
  const uint64_t hash = hash_bytes(bytes);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & mask; slots_[at].id != kNoToken; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && tokens_[static_cast<size_t>(slots_[at].id)] == bytes) return slots_[at].id;
  }
  return kNoToken;
}

}  // namespace ingle::text
