// WordCache: the ids of words already met in the text that is being encoded, so that each distinct word is merged once.
//
// It stores no ids and no bytes: a word is remembered as a place in the text and a place in the output. Both must stay
// while it is used; the output may only grow.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "text/tokenizer/hash.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

class WordCache {
 public:
  /// A short text repeats too little to be worth a table.
  explicit WordCache(size_t text_size) : entries_(text_size < kShortText ? 0 : kEntries) {}

  /// Appends the ids of `word` to `out`: those of an earlier equal word, or what `encode(word, out)` appends.
  template <typename Encode>
  void append(std::string_view word, std::vector<TokenId>& out, Encode encode) {
    if (entries_.empty() || word.size() > kLongestWord) return encode(word, out);
    const uint64_t hash = hash_bytes(word);
    Entry& entry = entries_[hash & (kEntries - 1)];
    if (entry.word == word) {
      // Not insert(): the source is the destination.
      for (uint32_t i = 0; i < entry.count; ++i)
        out.push_back(out[entry.first + i]);
      return;
    }
    const size_t first = out.size();
    encode(word, out);
    entry = {word, first, static_cast<uint32_t>(out.size() - first)};
  }

 private:
  static constexpr size_t kShortText = 512;
  static constexpr size_t kLongestWord = 64;
  static constexpr size_t kEntries = 1 << 12;  // the last word of each hash stays: frequent words win on their own
  struct Entry {
    std::string_view word;
    size_t first = 0;
    uint32_t count = 0;
  };
  std::vector<Entry> entries_;
};

}  // namespace ingle::text
