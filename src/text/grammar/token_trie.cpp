#include "text/grammar/token_trie.h"

#include <algorithm>
#include <deque>

namespace ingle::text::grammar {

void TokenTrie::set_pieces(std::vector<Entry> entries, size_t n_tokens) {
  n_tokens_ = n_tokens;
  std::ranges::sort(
      entries, [](const Entry& a, const Entry& b) { return a.bytes < b.bytes || (a.bytes == b.bytes && a.id < b.id); });
  std::vector<std::string_view> pieces(n_tokens);
  for (const Entry& entry : entries) {
    pieces[static_cast<size_t>(entry.id)] = entry.bytes;
    if (entry.bytes.size() == 1) single_bytes_.set(static_cast<uint8_t>(entry.bytes.front()));
  }
  tree_ = TokenTree(entries);
  strings_ = StringTokens(entries, n_tokens);
  piece_begin_.reserve(n_tokens + 1);
  for (const std::string_view piece : pieces) {
    piece_begin_.push_back(static_cast<uint32_t>(bytes_.size()));
    bytes_ += piece;
  }
  piece_begin_.push_back(static_cast<uint32_t>(bytes_.size()));
}

std::string_view TokenTrie::piece(TokenId id) const {
  const auto i = static_cast<size_t>(id);
  if (id < 0 || i >= n_tokens_) return {};
  return std::string_view(bytes_).substr(piece_begin_[i], piece_begin_[i + 1] - piece_begin_[i]);
}

std::shared_ptr<const TokenTrie> TokenTrie::build(const Tokenizer& tokenizer) {
  auto trie = std::shared_ptr<TokenTrie>(new TokenTrie);
  std::vector<Entry> entries;
  std::deque<std::string> spellings;  // entries refer to them
  entries.reserve(tokenizer.size());
  trie->end_set_.assign((tokenizer.size() + 63) / 64, 0);
  for (size_t i = 0; i < tokenizer.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    if (tokenizer.is_end_of_generation(id)) {
      trie->ends_.push_back(id);
      insert(trie->end_set_, id);
      continue;
    }
    std::string_view piece = tokenizer.piece(id);
    if (tokenizer.is_control(id)) {
      piece = tokenizer.piece(id, true);
      if (piece.empty() || piece.size() >= kMaxPieceBytes) continue;
      trie->controls_.emplace(piece);
      trie->single_bytes_.set(static_cast<uint8_t>(kControlMark));
      piece = spellings.emplace_back(kControlMark + std::string(piece));
    } else if (piece.contains(kControlMark)) {
      continue;
    }
    if (piece.empty() || piece.size() > kMaxPieceBytes) continue;
    entries.push_back({piece, id});
  }
  trie->set_pieces(std::move(entries), tokenizer.size());
  return trie;
}

std::shared_ptr<const TokenTrie> TokenTrie::of_bytes() {
  auto trie = std::shared_ptr<TokenTrie>(new TokenTrie);
  std::string bytes(256, '\0');
  std::vector<Entry> entries;
  for (size_t i = 0; i < 256; ++i)
    bytes[i] = static_cast<char>(i);
  for (size_t i = 0; i < 256; ++i)
    entries.push_back({std::string_view(bytes).substr(i, 1), static_cast<TokenId>(i)});
  trie->end_set_.assign(4, 0);
  trie->set_pieces(std::move(entries), 256);
  return trie;
}

}  // namespace ingle::text::grammar
