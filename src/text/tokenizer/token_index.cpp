#include "text/tokenizer/token_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>

#include "text/tokenizer/hash.h"

namespace ingle::text {
namespace {

constexpr size_t kTogether = 32;         // texts whose places are fetched side by side
constexpr size_t kMostBytes = 1U << 30;  // of all tokens; the largest vocabularies known have 3 MB

}  // namespace

Result<TokenIndex> TokenIndex::build(std::span<const std::string> tokens) {
  TokenIndex index;
  size_t bytes = 0;
  for (const std::string& token : tokens)
    bytes += token.size();
  if (bytes > kMostBytes) {
    return std::unexpected(Error::refused(
        fmt::format("tokenizer.ggml.tokens: {} bytes of tokens, at most {} are accepted", bytes, kMostBytes)));
  }
  index.texts_.reserve(bytes);
  index.begins_.reserve(tokens.size() + 1);
  index.begins_.push_back(0);
  for (const std::string& token : tokens) {
    index.texts_ += token;
    index.begins_.push_back(static_cast<uint32_t>(index.texts_.size()));
  }
  index.slots_.resize(std::bit_ceil(tokens.size() + tokens.size() / 2 + 2));
  const size_t mask = index.slots_.size() - 1;
  std::array<uint64_t, kTogether> hashes;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i % kTogether == 0) {
      for (size_t next = i; next < std::min(i + kTogether, tokens.size()); ++next) {
        index.longest_ = std::max(index.longest_, tokens[next].size());
        hashes[next % kTogether] = hash_bytes(tokens[next]);
        __builtin_prefetch(&index.slots_[hashes[next % kTogether] & mask]);
      }
    }
    const uint64_t hash = hashes[i % kTogether];
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
  return find(bytes, hash_bytes(bytes));
}

void TokenIndex::find_all(std::span<const std::string_view> texts, std::span<TokenId> ids) const {
  std::array<uint64_t, kTogether> hashes;
  for (size_t first = 0; first < texts.size(); first += kTogether) {
    const size_t n = std::min(kTogether, texts.size() - first);
    if (slots_.empty()) {
      std::fill_n(ids.begin() + static_cast<std::ptrdiff_t>(first), n, kNoToken);
      continue;
    }
    for (size_t i = 0; i < n; ++i) {
      hashes[i] = hash_bytes(texts[first + i]);
      __builtin_prefetch(&slots_[hashes[i] & (slots_.size() - 1)]);
    }
    for (size_t i = 0; i < n; ++i) {
      const TokenId id = slots_[hashes[i] & (slots_.size() - 1)].id;
      if (id != kNoToken) __builtin_prefetch(&begins_[static_cast<size_t>(id)]);
    }
    for (size_t i = 0; i < n; ++i) {
      const TokenId id = slots_[hashes[i] & (slots_.size() - 1)].id;
      if (id != kNoToken) __builtin_prefetch(texts_.data() + begins_[static_cast<size_t>(id)]);
    }
    for (size_t i = 0; i < n; ++i)
      ids[first + i] = find(texts[first + i], hashes[i]);
  }
}

TokenId TokenIndex::find(std::string_view bytes, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (size_t at = hash & mask; slots_[at].id != kNoToken; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && text(slots_[at].id) == bytes) return slots_[at].id;
  }
  return kNoToken;
}

}  // namespace ingle::text
