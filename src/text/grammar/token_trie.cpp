#include "text/grammar/token_trie.h"

#include <algorithm>
#include <deque>

#include "text/grammar/text_machine.h"

namespace ingle::text::grammar {
namespace {

/// Characters of a piece that is plain inside a JSON string, 0 for any other.
uint32_t plain_characters(std::string_view piece) {
  uint32_t n = 0;
  uint8_t state = kCharacterStart;
  for (const char c : piece) {
    if (c == '\\') return 0;
    state = character_step(state, static_cast<uint8_t>(c));
    if (state == kNoCharacter) return 0;
    if (state == kCharacterStart) ++n;
  }
  return state == kCharacterStart ? n : 0;
}

size_t common_prefix(std::string_view a, std::string_view b) {
  const size_t n = std::min(a.size(), b.size());
  size_t i = 0;
  while (i < n && a[i] == b[i])
    ++i;
  return i;
}

}  // namespace

TokenTrie::Tree TokenTrie::build_tree(const std::vector<Entry>& sorted) {
  Tree tree;
  std::vector<uint32_t> open;  // nodes on the way to the last piece
  std::string_view last;
  const auto close_to = [&](size_t depth) {
    for (; open.size() > depth; open.pop_back())
      tree.skip[open.back()] = static_cast<uint32_t>(tree.size());
  };
  for (const Entry& entry : sorted) {
    close_to(common_prefix(last, entry.piece));
    for (size_t i = open.size(); i < entry.piece.size(); ++i) {
      open.push_back(static_cast<uint32_t>(tree.size()));
      tree.byte.push_back(static_cast<uint8_t>(entry.piece[i]));
      tree.depth.push_back(static_cast<uint8_t>(i + 1));
      tree.skip.push_back(0);
      tree.token_begin.push_back(static_cast<uint32_t>(tree.tokens.size()));
    }
    // In sorted order a piece's node is always the newest one, so its tokens are the last of the list.
    tree.tokens.push_back(entry.id);
    last = entry.piece;
  }
  close_to(0);
  tree.token_begin.push_back(static_cast<uint32_t>(tree.tokens.size()));
  return tree;
}

void TokenTrie::set_pieces(std::vector<Entry> entries, size_t n_tokens) {
  n_tokens_ = n_tokens;
  std::ranges::sort(
      entries, [](const Entry& a, const Entry& b) { return a.piece < b.piece || (a.piece == b.piece && a.id < b.id); });
  std::vector<Entry> plain;
  std::vector<Entry> rest;
  plain_sets_.assign(kMaxPlainCharacters + 1, TokenSet(n_words()));
  std::vector<std::string_view> pieces(n_tokens);
  for (const Entry& entry : entries) {
    pieces[static_cast<size_t>(entry.id)] = entry.piece;
    if (entry.piece.size() == 1) single_bytes_.set(static_cast<uint8_t>(entry.piece.front()));
    const uint32_t n = plain_characters(entry.piece);
    if (n == 0 || n > kMaxPlainCharacters) {
      rest.push_back(entry);
      continue;
    }
    plain.push_back(entry);
    for (uint32_t k = n; k <= kMaxPlainCharacters; ++k)
      insert(plain_sets_[k], entry.id);
  }
  plain_ = build_tree(plain);
  rest_ = build_tree(rest);
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

bool TokenTrie::has_control(std::string_view spelling) const {
  return controls_.contains(spelling);
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
