// Family: what differs between the kinds of tokenizer. One file each: bpe.cpp, sentencepiece.cpp, wordpiece.cpp.
//
// Built by Tokenizer::create over its own vocabulary, which outlives it; immutable, any thread may call.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer/token_index.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

class Family {
 public:
  /// More than this is encoded in parts of this size; positions inside a text are 32 bits.
  static constexpr size_t kLongestText = size_t{1} << 30;

  virtual ~Family() = default;
  /// Appends the ids of a text that holds no special token. `starts`: nothing, or a special token, stands before it.
  virtual void encode(std::string_view text, bool starts, std::vector<TokenId>& out) const = 0;
  /// Appends what an ordinary token adds to decoded text.
  virtual void decode(std::string_view token, std::string& out) const = 0;
  /// Tokens bring the space before their word along, so the first one's is not part of decoded text.
  virtual bool joins_words() const { return false; }
};

/// What a family is built from and keeps referring to. `kinds` has an entry for each token.
struct FamilyInput {
  const Vocab& vocab;
  const TokenIndex& index;
  std::span<const TokenKind> kinds;
  TokenId unk = kNoToken;
  bool add_space_prefix = false;

  /// Whether ordinary text may become this token. Control and unknown tokens it may not: otherwise a typed "<|im_end|>"
  /// could grow into one by merging.
  bool is_plain(uint32_t id) const {
    return id < kinds.size() && kinds[id] != TokenKind::kControl && kinds[id] != TokenKind::kUnknown;
  }
  TokenId find_plain(std::string_view bytes) const {
    const TokenId id = index.find(bytes);
    return id != kNoToken && is_plain(static_cast<uint32_t>(id)) ? id : kNoToken;
  }
};

/// "<0x0A>" for 10: how vocabularies spell the token of a byte.
std::string byte_token_text(uint8_t byte);

Result<std::unique_ptr<const Family>> make_bpe(const FamilyInput& input);
Result<std::unique_ptr<const Family>> make_sentencepiece(const FamilyInput& input);
Result<std::unique_ptr<const Family>> make_wordpiece(const FamilyInput& input);

}  // namespace ingle::text
