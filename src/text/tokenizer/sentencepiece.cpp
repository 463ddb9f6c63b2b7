// SentencePiece BPE (tokenizer.ggml.model "llama"): characters as symbols, joined whenever the pair is a token, the
// token with the best score first; what is no token in the end is spelled in bytes.

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "text/tokenizer/code_points.h"
#include "text/tokenizer/family.h"
#include "text/tokenizer/hash.h"
#include "text/tokenizer/merge.h"
#include "text/tokenizer/word_cache.h"

namespace ingle::text {
namespace {

constexpr std::string_view kSpace = "\xE2\x96\x81";  // U+2581 stands for a space in vocabularies

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  for (size_t at = 0;;) {
    const size_t next = std::min(text.find(from, at), text.size());
    out.append(text, at, next - at);
    if (next == text.size()) return out;
    out += to;
    at = next + from.size();
  }
}

/// Bytes of the symbol that begins at `at`: what the first byte claims, as far as there is text.
size_t symbol_size(std::string_view text, size_t at) {
  return std::min(claimed_length(text[at]), text.size() - at);
}

uint32_t symbol_bits(std::string_view symbol) {
  uint32_t bits = 0;
  std::memcpy(&bits, symbol.data(), std::min(symbol.size(), sizeof bits));
  return bits;
}

/// Pairs of characters that stand side by side in some token. Where a text has a pair that no token has, no merge can
/// ever cross: the text falls into words there, and words are small and repeat. A hashed set: a false "yes" only
/// makes a word longer.
class Neighbours {
 public:
  explicit Neighbours(size_t tokens)
      : mask_(std::clamp(std::bit_ceil(tokens * 16), size_t{1} << 10, size_t{1} << 22) - 1), bits_((mask_ + 1) / 64) {}

  void add_pairs_of(std::string_view token) {
    for_each_pair(token, [&](size_t, uint32_t left, uint32_t right) {
      const size_t bit = hash_pair(left, right) & mask_;
      bits_[bit / 64] |= uint64_t{1} << (bit % 64);
    });
  }

  bool may_join(uint32_t left, uint32_t right) const {
    const size_t bit = hash_pair(left, right) & mask_;
    return (bits_[bit / 64] >> (bit % 64) & 1) != 0;
  }

  /// visit(position of the right symbol, left, right)
  template <typename Visit>
  static void for_each_pair(std::string_view text, Visit visit) {
    uint32_t left = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t size = symbol_size(text, at);
      const uint32_t right = symbol_bits(text.substr(at, size));
      if (at != 0) visit(at, left, right);
      left = right;
      at += size;
    }
  }

 private:
  size_t mask_;
  std::vector<uint64_t> bits_;
};

class SentencePiece final : public Family {
 public:
  explicit SentencePiece(const FamilyInput& input)
      : index_(input.index),
        add_space_prefix_(input.add_space_prefix),
        unk_(usable_unknown(input)),
        neighbours_(input.vocab.tokens.size()) {
    rank_tokens(input);
    for (size_t id = 0; id < ranks_.size(); ++id) {
      if (ranks_[id] != kNeverJoined) neighbours_.add_pairs_of(input.vocab.tokens[id]);
    }
  }

  void encode(std::string_view text, bool starts, std::vector<TokenId>& out) const override {
    std::string escaped = add_space_prefix_ && starts ? std::string(kSpace) : std::string();
    escaped += replace_all(text, " ", kSpace);
    const std::string_view all = escaped;
    Merger merger;
    WordCache cache(all.size());
    size_t begin = 0;
    auto finish_word = [&](size_t end) {
      cache.append(all.substr(begin, end - begin), out,
                   [&](std::string_view word, std::vector<TokenId>& ids) { encode_word(word, merger, ids); });
      begin = end;
    };
    Neighbours::for_each_pair(all, [&](size_t at, uint32_t left, uint32_t right) {
      if (!neighbours_.may_join(left, right)) finish_word(at);
    });
    if (!all.empty()) finish_word(all.size());
  }

  void decode(std::string_view token, std::string& out) const override { out += replace_all(token, kSpace, " "); }

 private:
  static constexpr uint32_t kNeverJoined = 0xFFFFFFFF;

  static TokenId usable_unknown(const FamilyInput& input) {
    const TokenId unk = input.unk;
    const bool is_control = unk != kNoToken && input.kinds[static_cast<size_t>(unk)] == TokenKind::kControl;
    return is_control ? kNoToken : unk;
  }

  /// Equal scores have equal ranks, better scores smaller ones: the bits of a float order as its value does once those of
  /// negative numbers are turned around. No score is a NaN, so none has the rank kNeverJoined.
  static uint32_t rank_of(float score) {
    const auto bits = std::bit_cast<uint32_t>(score == 0 ? 0.0F : score);
    return bits >> 31 != 0 ? bits : ~(bits | 0x80000000U);
  }

  void rank_tokens(const FamilyInput& input) {
    const std::vector<float>& scores = input.vocab.scores;
    ranks_.resize(input.vocab.tokens.size(), 0);
    for (size_t id = 0; id < ranks_.size(); ++id) {
      if (input.kinds[id] == TokenKind::kControl || input.kinds[id] == TokenKind::kUnknown) {
        ranks_[id] = kNeverJoined;
      } else if (!scores.empty()) {
        ranks_[id] = rank_of(scores[id]);
      }
    }
  }

  TokenId find_plain(std::string_view bytes) const {
    const TokenId id = index_.find(bytes);
    return id == kNoToken || ranks_[static_cast<size_t>(id)] == kNeverJoined ? kNoToken : id;
  }

  TokenId byte_token(char c) const {
    const TokenId id = find_plain(byte_token_text(static_cast<uint8_t>(c)));
    if (id != kNoToken) return id;
    const TokenId same = find_plain({&c, 1});
    return same != kNoToken ? same : unk_;
  }

  void encode_word(std::string_view word, Merger& merger, std::vector<TokenId>& out) const {
    merger.clear();
    for (size_t at = 0; at < word.size();) {
      const size_t size = symbol_size(word, at);
      merger.add(kNoSymbol, static_cast<uint32_t>(size));
      at += size;
    }
    merger.run([&](const MergeSymbol& left, const MergeSymbol& right) -> std::optional<MergeResult> {
      const TokenId id = find_plain(word.substr(left.begin, size_t{left.size} + right.size));
      if (id == kNoToken) return std::nullopt;
      return MergeResult{ranks_[static_cast<size_t>(id)], static_cast<uint32_t>(id)};
    });
    merger.for_each([&](const MergeSymbol& symbol) {
      const std::string_view bytes = word.substr(symbol.begin, symbol.size);
      const TokenId id = symbol.piece == kNoSymbol ? find_plain(bytes) : static_cast<TokenId>(symbol.piece);
      if (id != kNoToken) {
        out.push_back(id);
        return;
      }
      for (const char c : bytes) {
        if (const TokenId byte = byte_token(c); byte != kNoToken) out.push_back(byte);
      }
    });
  }

  const TokenIndex& index_;
  bool add_space_prefix_;
  TokenId unk_;
  std::vector<uint32_t> ranks_;
  Neighbours neighbours_;
};

}  // namespace

Result<std::unique_ptr<const Family>> make_sentencepiece(const FamilyInput& input) {
  return std::make_unique<SentencePiece>(input);
}

}  // namespace ingle::text
