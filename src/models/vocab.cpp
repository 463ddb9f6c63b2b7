#include "models/vocab.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

namespace ingle::models {
namespace {

using text::TokenId;
using text::Vocab;

struct IdRow {
  const char* key;
  TokenId Vocab::* member;
};
// Where two keys set one member, the newer one stands later and wins.
constexpr std::array kIds = {
    IdRow{"tokenizer.ggml.cls_token_id", &Vocab::bos},
    IdRow{"tokenizer.ggml.bos_token_id", &Vocab::bos},
    IdRow{"tokenizer.ggml.eos_token_id", &Vocab::eos},
    IdRow{"tokenizer.ggml.eot_token_id", &Vocab::eot},
    IdRow{"tokenizer.ggml.eom_token_id", &Vocab::eom},
    IdRow{"tokenizer.ggml.unknown_token_id", &Vocab::unk},
    IdRow{"tokenizer.ggml.seperator_token_id", &Vocab::sep},
    IdRow{"tokenizer.ggml.padding_token_id", &Vocab::pad},
    IdRow{"tokenizer.ggml.mask_token_id", &Vocab::mask},
    IdRow{"tokenizer.ggml.prefix_token_id", &Vocab::fim_pre},
    IdRow{"tokenizer.ggml.suffix_token_id", &Vocab::fim_suf},
    IdRow{"tokenizer.ggml.middle_token_id", &Vocab::fim_mid},
    IdRow{"tokenizer.ggml.fim_pre_token_id", &Vocab::fim_pre},
    IdRow{"tokenizer.ggml.fim_suf_token_id", &Vocab::fim_suf},
    IdRow{"tokenizer.ggml.fim_mid_token_id", &Vocab::fim_mid},
    IdRow{"tokenizer.ggml.fim_pad_token_id", &Vocab::fim_pad},
    IdRow{"tokenizer.ggml.fim_rep_token_id", &Vocab::fim_rep},
    IdRow{"tokenizer.ggml.fim_sep_token_id", &Vocab::fim_sep},
};

struct FlagRow {
  const char* key;
  std::optional<bool> Vocab::* member;
};
constexpr std::array kFlags = {
    FlagRow{"tokenizer.ggml.add_bos_token", &Vocab::add_bos},
    FlagRow{"tokenizer.ggml.add_eos_token", &Vocab::add_eos},
    FlagRow{"tokenizer.ggml.add_sep_token", &Vocab::add_sep},
    FlagRow{"tokenizer.ggml.add_space_prefix", &Vocab::add_space_prefix},
    FlagRow{"tokenizer.ggml.normalizer.lowercase", &Vocab::lowercase},
    FlagRow{"tokenizer.ggml.normalizer.strip_accents", &Vocab::strip_accents},
};

// More than any vocabulary in use has; what a file only announces is not taken at its word.
constexpr size_t kReserved = 1 << 18;

Error wrong(const std::string& key, const gguf::Value& value, size_t index, std::string_view expected) {
  return Error::corrupt(fmt::format("'{}' at offset {}: element {} is not {}", key, value.offset(), index, expected))
      .hint("the tokenizer in this file is damaged; get the file from another source");
}

/// Fills `elements` with take(value, index) for every index of an array that may be absent; take answers nothing for a
/// wrong type.
template <typename Element, typename Take>
Status read_array(const gguf::File& file, const std::string& key, std::string_view expected,
                  std::vector<Element>& elements, Take take) {
  const gguf::Value* value = file.find(key);
  if (value == nullptr) return {};
  if (!value->is_array()) return std::unexpected(wrong(key, *value, 0, "part of an array"));
  elements.reserve(std::min(value->size(), kReserved));
  for (size_t i = 0; i < value->size(); ++i) {
    auto element = take(*value, i);
    if (!element) return std::unexpected(wrong(key, *value, i, expected));
    elements.emplace_back(*std::move(element));
  }
  return {};
}

}  // namespace

Result<Vocab> read_vocab(const gguf::File& file) {
  Vocab vocab;
  INGLE_TRY(const std::string_view model, file.get_string("tokenizer.ggml.model"));
  INGLE_TRY(const std::string_view pre, file.string_or("tokenizer.ggml.pre", ""));
  INGLE_TRY(const std::string_view name, file.string_or("general.name", ""));
  vocab.model = model;
  vocab.pre = pre;
  vocab.name = name;

  const std::string tokens = "tokenizer.ggml.tokens";
  if (file.find(tokens) == nullptr) {
    return std::unexpected(Error::corrupt("'tokenizer.ggml.tokens' is missing: the file holds no vocabulary"));
  }
  const auto text_at = [](const gguf::Value& value, size_t i) { return value.as_string(i); };
  INGLE_TRY_VOID(read_array(file, tokens, "a string", vocab.tokens, text_at));
  if (vocab.tokens.empty()) {
    return std::unexpected(
        Error::corrupt(fmt::format("'{}' at offset {} is empty", tokens, file.find(tokens)->offset())));
  }
  INGLE_TRY_VOID(read_array(file, "tokenizer.ggml.scores", "a number", vocab.scores,
                            [](const gguf::Value& value, size_t i) -> std::optional<float> {
                              if (const auto score = value.as_float(i)) return static_cast<float>(*score);
                              return std::nullopt;
                            }));
  INGLE_TRY_VOID(read_array(file, "tokenizer.ggml.token_type", "a kind of token, 0 to 6", vocab.kinds,
                            [](const gguf::Value& value, size_t i) -> std::optional<text::TokenKind> {
                              const auto kind = value.as_int(i);
                              if (!kind || *kind < 0 || *kind > 6) return std::nullopt;
                              return text::token_kind(*kind);
                            }));
  INGLE_TRY_VOID(read_array(file, "tokenizer.ggml.merges", "a string", vocab.merges, text_at));

  for (const IdRow& row : kIds) {
    const gguf::Value* value = file.find(row.key);
    if (value == nullptr) continue;
    INGLE_TRY(const uint64_t id, file.get_uint(row.key));
    if (id == UINT32_MAX) continue;  // how some converters write "none"
    if (id >= vocab.tokens.size()) {
      return std::unexpected(Error::corrupt(fmt::format("'{}' at offset {} is {}, the vocabulary has {} tokens",
                                                        row.key, value->offset(), id, vocab.tokens.size())));
    }
    vocab.*row.member = static_cast<TokenId>(id);
  }
  for (const FlagRow& row : kFlags) {
    if (file.find(row.key) == nullptr) continue;
    INGLE_TRY(const bool flag, file.get_bool(row.key));
    vocab.*row.member = flag;
  }
  return vocab;
}

Result<std::string> read_chat_template(const gguf::File& file) {
  INGLE_TRY(const std::string_view source, file.string_or("tokenizer.chat_template", ""));
  return std::string(source);
}

}  // namespace ingle::models
