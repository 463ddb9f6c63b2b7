// Tokenizer: text to token ids and back, with the same ids as llama.cpp for any bytes.
//
// Built once from what the model file says (see vocab.h), immutable afterwards: any thread may call any member. Text
// carries its trust with it: a control token is only ever found in trusted bytes, so what a user typed or a document
// contained cannot end a turn or open one, whatever it looks like.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer/vocab.h"

namespace ingle::text {

/// A stretch of text. Untrusted: typed by a user, read from a document, returned by a tool.
struct Segment {
  std::string_view text;
  bool trusted = false;
};

struct EncodeOptions {
  bool add_bos = false;        // begin with BOS and end with SEP if the model wants them (special().add_bos, add_sep)
  bool parse_special = false;  // find control tokens in trusted bytes
  bool continues = false;      // the text goes on after other text: no space is put before it
};

/// The ids that code outside asks for, after defaults and detection by name; kNoToken where the model has none.
struct SpecialTokens {
  TokenId bos = kNoToken, eos = kNoToken, eot = kNoToken, eom = kNoToken;
  TokenId unk = kNoToken, sep = kNoToken, pad = kNoToken, mask = kNoToken;
  TokenId fim_pre = kNoToken, fim_suf = kNoToken, fim_mid = kNoToken;
  TokenId fim_pad = kNoToken, fim_rep = kNoToken, fim_sep = kNoToken;
  bool add_bos = false, add_eos = false, add_sep = false, add_space_prefix = false;
};

class Tokenizer {
 public:
  /// Checks everything: a file that contradicts itself is kCorrupt, a family or pre-tokenizer that nothing here
  /// implements is kUnsupported and the message lists what is known.
  static Result<std::unique_ptr<Tokenizer>> create(Vocab vocab);

  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  /// Number of tokens; ids are 0 to size() - 1.
  size_t size() const;
  /// What the file said; its tokens, scores and merges are gone into tables.
  const Vocab& vocab() const;
  /// A token as the vocabulary spells it; nothing for an id out of range.
  std::string_view spelling(TokenId id) const;
  const SpecialTokens& special() const;

  /// The ids of the segments read as one text: a border between segments changes no id, except that a control token
  /// may not contain an untrusted byte. Tokens that the model calls user-defined are found in all text, as they are
  /// part of how its authors split words.
  std::vector<TokenId> encode(std::span<const Segment> segments, EncodeOptions options) const;
  /// Two texts as a model reads a pair: BOS first SEP second SEP, where it wants these and `options` ask for them. Begins
  /// with the ids of `first` alone.
  std::vector<TokenId> encode_pair(std::string_view first, std::string_view second, EncodeOptions options,
                                   bool trusted = true) const;
  /// One text, trusted or not as a whole.
  std::vector<TokenId> encode(std::string_view text, EncodeOptions options, bool trusted = true) const;

  /// The bytes that `id` adds to decoded text, empty for an id out of range; may be a part of a code point. Control
  /// and unknown tokens add nothing unless `show_special`. The view lives as long as the tokenizer.
  std::string_view piece(TokenId id, bool show_special = false) const;
  /// The pieces joined. SentencePiece models that put a space before text have it here too; WordPiece gives words with spaces
  /// between, in the case and without the accents that the model took away.
  std::string decode(std::span<const TokenId> ids, bool show_special = false) const;

  /// The id of a token by its exact text in the vocabulary ("<|im_end|>", "<0x0A>"), kNoToken if there is none.
  TokenId find(std::string_view token_text) const;
  /// Whether an answer ends with this token.
  bool is_end_of_generation(TokenId id) const;
  bool is_control(TokenId id) const;

 private:
  struct Parts;
  explicit Tokenizer(std::unique_ptr<const Parts> parts);
  std::unique_ptr<const Parts> parts_;
};

}  // namespace ingle::text
