// WordPiece (tokenizer.ggml.model "bert"): the longest token that begins a word, then the longest that goes on with it, and so
// on; a word that cannot be spelled is one unknown token.
//
// In a GGUF a token that begins a word has U+2581 before it and one that goes on has nothing, where BERT's own vocabularies
// write "##" before the latter. Nothing that goes on begins with U+2581, so the two are told apart as they were.

#include <algorithm>

#include "text/tokenizer/bert_splitter.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/family.h"
#include "text/tokenizer/word_cache.h"

namespace ingle::text {
namespace {

constexpr std::string_view kBegin = "\xE2\x96\x81";
constexpr size_t kLongestWord = 100;  // code points; a longer one is unknown

bool is_inside(char byte) {
  return (static_cast<uint8_t>(byte) & 0xC0) == 0x80;
}

class WordPiece final : public Family {
 public:
  explicit WordPiece(const FamilyInput& input)
      : input_(input),
        splitter_{.lowercase = input.vocab.lowercase.value_or(true),
                  .strip_accents = input.vocab.strip_accents.value_or(input.vocab.lowercase.value_or(true))} {}

  void encode(std::string_view text, bool, std::vector<TokenId>& out) const override {
    std::string words;
    std::vector<uint32_t> ends;
    splitter_.split(text, words, ends);
    WordCache cache(words.size());
    std::string scratch;
    uint32_t begin = 0;
    for (const uint32_t end : ends) {
      cache.append(std::string_view(words).substr(begin, end - begin), out,
                   [&](std::string_view word, std::vector<TokenId>& ids) { encode_word(word, scratch, ids); });
      begin = end;
    }
  }

  /// As Hugging Face's decoder: words with a space between, but for these signs, which stand at the word before.
  void decode(std::string_view token, std::string& out) const override {
    if (!token.starts_with(kBegin)) {
      out += token;
      return;
    }
    token.remove_prefix(kBegin.size());
    if (token.empty() || std::string_view(".?!,").find(token.front()) == std::string_view::npos) out += ' ';
    out += token;
  }

  bool joins_words() const override { return true; }

 private:
  void encode_word(std::string_view word, std::string& scratch, std::vector<TokenId>& out) const {
    const size_t before = out.size();
    const auto characters = std::ranges::count_if(word, [](char c) { return !is_inside(c); });
    if (static_cast<size_t>(characters) > kLongestWord) {
      out.push_back(input_.unk);
      return;
    }
    scratch.assign(kBegin).append(word);
    const std::string_view marked = scratch;
    for (size_t at = 0; at < marked.size();) {
      const size_t shortest = at == 0 ? kBegin.size() : 0;  // the mark alone spells nothing
      size_t size = std::min(input_.index.longest(), marked.size() - at);
      TokenId id = kNoToken;
      for (; size > shortest; --size) {
        if (at + size < marked.size() && is_inside(marked[at + size])) continue;
        id = find(marked.substr(at, size), at == 0);
        if (id != kNoToken) break;
      }
      if (id == kNoToken) {
        out.resize(before);
        out.push_back(input_.unk);
        return;
      }
      out.push_back(id);
      at += size;
    }
  }

  TokenId find(std::string_view piece, bool begins) const {
    return piece.starts_with(kBegin) == begins ? input_.find_plain(piece) : kNoToken;
  }

  FamilyInput input_;
  BertSplitter splitter_;
};

}  // namespace

Result<std::unique_ptr<const Family>> make_wordpiece(const FamilyInput& input) {
  if (input.unk == kNoToken) {
    return std::unexpected(
        Error::corrupt("tokenizer.ggml.unknown_token_id: missing, and a word that no tokens spell needs one"));
  }
  return std::make_unique<WordPiece>(input);
}

}  // namespace ingle::text
