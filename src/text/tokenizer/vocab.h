// Vocab: a tokenizer as a model file describes it, as plain data.
//
// Whoever reads the file fills it in and checks nothing: Tokenizer::create does, because everything here comes from a
// stranger. An id of -1 and an empty optional mean that the file does not say; create then applies the defaults of the
// tokenizer's family.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ingle::text {

using TokenId = int32_t;
inline constexpr TokenId kNoToken = -1;

/// What tokenizer.ggml.token_type says (1 to 6); other numbers are kUnused: never found in text, never shown.
enum class TokenKind : uint8_t { kNormal, kUnknown, kControl, kUserDefined, kUnused, kByte };

/// The kind for a number of tokenizer.ggml.token_type.
TokenKind token_kind(int64_t number);

struct Vocab {
  std::string model;  // tokenizer.ggml.model: "llama" (SentencePiece BPE), "gpt2" (byte-level BPE), "bert"
  std::string pre;    // tokenizer.ggml.pre: "llama-bpe", "qwen2", "smollm", "gpt-2", "default" ...
  std::string name;   // general.name; tokens of "phi-3" models swallow the white space after them
  std::vector<std::string> tokens;  // tokenizer.ggml.tokens
  std::vector<float> scores;        // tokenizer.ggml.scores; empty: all 0
  std::vector<TokenKind> kinds;     // tokenizer.ggml.token_type; empty: all normal
  std::vector<std::string> merges;  // tokenizer.ggml.merges: "left right", best first

  TokenId bos = kNoToken;      // tokenizer.ggml.bos_token_id, or cls_token_id
  TokenId eos = kNoToken;      // tokenizer.ggml.eos_token_id
  TokenId eot = kNoToken;      // tokenizer.ggml.eot_token_id
  TokenId eom = kNoToken;      // tokenizer.ggml.eom_token_id
  TokenId unk = kNoToken;      // tokenizer.ggml.unknown_token_id
  TokenId sep = kNoToken;      // tokenizer.ggml.seperator_token_id (spelled so in files)
  TokenId pad = kNoToken;      // tokenizer.ggml.padding_token_id
  TokenId mask = kNoToken;     // tokenizer.ggml.mask_token_id
  TokenId fim_pre = kNoToken;  // tokenizer.ggml.fim_pre_token_id, or the older prefix_token_id
  TokenId fim_suf = kNoToken;  // tokenizer.ggml.fim_suf_token_id, or suffix_token_id
  TokenId fim_mid = kNoToken;  // tokenizer.ggml.fim_mid_token_id, or middle_token_id
  TokenId fim_pad = kNoToken;  // tokenizer.ggml.fim_pad_token_id
  TokenId fim_rep = kNoToken;  // tokenizer.ggml.fim_rep_token_id
  TokenId fim_sep = kNoToken;  // tokenizer.ggml.fim_sep_token_id

  std::optional<bool> add_bos;           // tokenizer.ggml.add_bos_token
  std::optional<bool> add_eos;           // tokenizer.ggml.add_eos_token
  std::optional<bool> add_sep;           // tokenizer.ggml.add_sep_token
  std::optional<bool> add_space_prefix;  // tokenizer.ggml.add_space_prefix
  std::optional<bool> lowercase;         // tokenizer.ggml.normalizer.lowercase; "bert" only: true
  std::optional<bool> strip_accents;     // tokenizer.ggml.normalizer.strip_accents; "bert" only: what lowercase is
};

}  // namespace ingle::text
