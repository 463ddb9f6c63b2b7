// Byte-level BPE (tokenizer.ggml.model "gpt2"): words from the pre-tokenizer, bytes as symbols, merges by rank.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/family.h"
#include "text/tokenizer/hash.h"
#include "text/tokenizer/merge.h"
#include "text/tokenizer/pretokenizer.h"
#include "text/tokenizer/word_cache.h"

namespace ingle::text {
namespace {

/// From two neighbouring pieces to their merge. A piece is a token's id or, for a merge that is no token, a number above.
class MergeTable {
 public:
  explicit MergeTable(size_t merges) : slots_(std::bit_ceil(merges + merges / 2 + 2)) {}

  void expect(uint32_t left, uint32_t right) const {
    __builtin_prefetch(&slots_[hash_pair(left, right) & (slots_.size() - 1)]);
  }

  /// The first of two equal pairs stays: it has the better rank.
  void add(uint32_t left, uint32_t right, MergeResult result) {
    Slot& slot = slots_[position(left, right)];
    if (slot.result.piece == kNoSymbol) slot = {left, right, result};
  }

  std::optional<MergeResult> find(uint32_t left, uint32_t right) const {
    const Slot& slot = slots_[position(left, right)];
    if (slot.result.piece == kNoSymbol) return std::nullopt;
    return slot.result;
  }

 private:
  struct Slot {
    uint32_t left = 0;
    uint32_t right = 0;
    MergeResult result = {0, kNoSymbol};
  };

  size_t position(uint32_t left, uint32_t right) const {
    const size_t mask = slots_.size() - 1;
    size_t at = hash_pair(left, right) & mask;
    while (slots_[at].result.piece != kNoSymbol && (slots_[at].left != left || slots_[at].right != right)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  std::vector<Slot> slots_;
};

struct HashString {
  size_t operator()(const std::string& text) const { return hash_bytes(text); }
};

class Bpe final : public Family {
 public:
  Bpe(const PreTokenizer& words, const FamilyInput& input)
      : words_(words), input_(input), merges_(input.vocab.merges.size()) {}

  Status add_merges() {
    number_letters();
    const std::span<const std::string> merges = input_.vocab.merges;
    for (size_t first = 0; first < merges.size(); first += kTogether)
      INGLE_TRY_VOID(add_merges(first, merges.subspan(first, std::min(kTogether, merges.size() - first))));
    return {};
  }

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    const bool is_normal = is_normal_utf8(text);
    const std::string held = is_normal ? std::string() : normalise_utf8(text);
    if (!is_normal) text = held;
    std::vector<uint32_t> ends;
    words_.split(text, ends);
    Merger merger;
    WordCache cache(text.size());
    size_t begin = 0;
    for (const uint32_t end : ends) {
      cache.append(text.substr(begin, end - begin), out,
                   [&](std::string_view word, std::vector<TokenId>& ids) { encode_word(word, merger, ids); });
      begin = end;
    }
  }

  void decode(std::string_view token, std::string& out) const override {
    for (size_t i = 0; i < token.size();) {
      const CodePoint c = decode_code_point(token, i);
      // A character outside the alphabet is no byte of text; show it as it is.
      if (const auto byte = byte_of_letter(c.value)) {
        out += static_cast<char>(*byte);
      } else {
        append_utf8(c.value, out);
      }
      i += c.size;
    }
  }

 private:
  static constexpr size_t kTogether = 64;  // merges whose parts are looked up at once

  Status add_merges(size_t first_rank, std::span<const std::string> merges) {
    std::array<std::string_view, 2 * kTogether> parts;
    std::array<TokenId, 2 * kTogether> ids;
    std::array<uint32_t, 2 * kTogether> pieces;
    for (size_t i = 0; i < merges.size(); ++i) {
      const std::string_view merge = merges[i];
      const size_t space = merge.find(' ', 1);
      if (space == std::string::npos || space + 1 == merge.size()) {
        return std::unexpected(Error::corrupt(
            fmt::format("tokenizer.ggml.merges: entry {} is not two parts with a space between", first_rank + i)));
      }
      parts[2 * i] = merge.substr(0, space);
      parts[2 * i + 1] = merge.substr(space + 1);
    }
    input_.index.find_all(std::span(parts).first(2 * merges.size()), ids);
    for (size_t i = 0; i < 2 * merges.size(); ++i)
      pieces[i] = ids[i] != kNoToken ? static_cast<uint32_t>(ids[i]) : unknown_piece(parts[i]);
    for (size_t i = 0; i < merges.size(); ++i)
      merges_.expect(pieces[2 * i], pieces[2 * i + 1]);
    for (size_t i = 0; i < merges.size(); ++i) {
      const uint32_t joined = joined_piece(parts[2 * i], parts[2 * i + 1]);
      merges_.add(pieces[2 * i], pieces[2 * i + 1], {static_cast<uint32_t>(first_rank + i), joined});
    }
    return {};
  }

  /// Most vocabularies hold what the merges make in the order of the merges: the next token is looked at first.
  uint32_t joined_piece(std::string_view left, std::string_view right) {
    const std::span<const std::string> tokens = input_.vocab.tokens;
    if (last_joined_ + size_t{1} < tokens.size()) {
      const std::string_view next = tokens[last_joined_ + 1];
      if (next.size() == left.size() + right.size() && next.starts_with(left) && next.ends_with(right))
        return ++last_joined_;
    }
    joined_.assign(left).append(right);
    const TokenId id = input_.index.find(joined_);
    if (id == kNoToken) return unknown_piece(joined_);
    return last_joined_ = static_cast<uint32_t>(id);
  }

  void number_letters() {
    const auto n = static_cast<uint32_t>(input_.vocab.tokens.size());
    std::iota(letters_.begin(), letters_.end(), n);
    for (uint32_t id = 0; id < n; ++id) {
      if (const auto byte = byte_of_string(input_.vocab.tokens[id])) letters_[*byte] = id;
    }
  }

  /// The byte that a string of one letter stands for.
  static std::optional<uint8_t> byte_of_string(std::string_view text) {
    if (text.empty() || text.size() > 2) return std::nullopt;
    const CodePoint letter = decode_code_point(text, 0);
    return letter.size == text.size() ? byte_of_letter(letter.value) : std::nullopt;
  }

  /// The number of a string that is no token: n + 0 to n + 255 for the letter of a byte, or more.
  uint32_t unknown_piece(std::string_view text) {
    const auto n = static_cast<uint32_t>(input_.vocab.tokens.size());
    if (const auto byte = byte_of_string(text)) return n + *byte;
    return others_.try_emplace(std::string(text), n + 256 + static_cast<uint32_t>(others_.size())).first->second;
  }

  /// A byte whose letter is not a token: llama.cpp then looks for each byte of the letter's UTF-8 and drops the rest.
  void spell(char byte, std::vector<TokenId>& out) const {
    for (const char& c : letter_of_byte(static_cast<uint8_t>(byte))) {
      const TokenId id = input_.find_plain({&c, 1});
      if (id != kNoToken) out.push_back(id);
    }
  }

  void encode_word(std::string_view word, Merger& merger, std::vector<TokenId>& out) const {
    if (words_.takes_whole_words()) {
      if (const TokenId id = find_whole(word); id != kNoToken) {
        out.push_back(id);
        return;
      }
    }
    merger.clear();
    for (const char c : word)
      merger.add(letters_[static_cast<uint8_t>(c)], 1);
    merger.run(
        [&](const MergeSymbol& left, const MergeSymbol& right) { return merges_.find(left.piece, right.piece); });
    merger.for_each([&](const MergeSymbol& symbol) {
      if (input_.is_plain(symbol.piece)) {
        out.push_back(static_cast<TokenId>(symbol.piece));
        return;
      }
      for (const char c : word.substr(symbol.begin, symbol.size))
        spell(c, out);
    });
  }

  TokenId find_whole(std::string_view word) const {
    if (word.size() > input_.index.longest()) return kNoToken;
    std::string letters;
    for (const char c : word)
      letters += letter_of_byte(static_cast<uint8_t>(c));
    return input_.find_plain(letters);
  }

  const PreTokenizer& words_;
  FamilyInput input_;
  MergeTable merges_;
  std::unordered_map<std::string, uint32_t, HashString> others_;  // strings of merges that are not tokens
  std::array<uint32_t, 256> letters_;                             // the piece of each byte
  uint32_t last_joined_ = 0;                                      // while merges are added
  std::string joined_;
};

}  // namespace

Result<std::unique_ptr<const Family>> make_bpe(const FamilyInput& input) {
  if (input.vocab.pre.empty()) {
    return std::unexpected(
        Error::unsupported("tokenizer.ggml.pre: missing, so it is not known how this model splits words")
            .hint("convert the model again with a current converter, which writes the name"));
  }
  const PreTokenizer* words = PreTokenizer::find(input.vocab.pre);
  if (words == nullptr) {
    return std::unexpected(Error::unsupported(fmt::format("tokenizer.ggml.pre: '{:.40}' is not known; known are {}",
                                                          input.vocab.pre, PreTokenizer::known_names())));
  }
  auto bpe = std::make_unique<Bpe>(*words, input);
  INGLE_TRY_VOID(bpe->add_merges());
  return bpe;
}

}  // namespace ingle::text
