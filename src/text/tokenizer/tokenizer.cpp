#include "text/tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <cmath>

#include "text/tokenizer/family.h"
#include "text/tokenizer/pretokenizer.h"
#include "text/tokenizer/roles.h"
#include "text/tokenizer/special_finder.h"
#include "text/tokenizer/token_index.h"

namespace ingle::text {
namespace {

// Far above any vocabulary in use (262,144 tokens), far below what 32-bit ids and offsets can hold.
constexpr size_t kMostTokens = size_t{1} << 22;
constexpr size_t kMostMerges = size_t{1} << 23;
constexpr size_t kLongestToken = size_t{1} << 16;

Status check_counts(const Vocab& vocab) {
  const size_t n = vocab.tokens.size();
  auto refuse = [](std::string text) { return std::unexpected(Error::corrupt("tokenizer.ggml." + std::move(text))); };
  if (n == 0) return refuse("tokens: no tokens");
  if (n > kMostTokens) return refuse(fmt::format("tokens: {} tokens, at most {} are accepted", n, kMostTokens));
  if (!vocab.scores.empty() && vocab.scores.size() < n) {
    return refuse(fmt::format("scores: {} scores for {} tokens", vocab.scores.size(), n));
  }
  if (!vocab.kinds.empty() && vocab.kinds.size() < n) {
    return refuse(fmt::format("token_type: {} types for {} tokens", vocab.kinds.size(), n));
  }
  if (vocab.merges.size() > kMostMerges) {
    return refuse(fmt::format("merges: {} merges, at most {} are accepted", vocab.merges.size(), kMostMerges));
  }
  return {};
}

Status check_entries(const Vocab& vocab) {
  for (size_t i = 0; i < vocab.tokens.size(); ++i) {
    if (vocab.tokens[i].size() > kLongestToken) {
      return std::unexpected(
          Error::corrupt(fmt::format("tokenizer.ggml.tokens: token {} has {} bytes, at most {} are accepted", i,
                                     vocab.tokens[i].size(), kLongestToken)));
    }
  }
  for (size_t i = 0; i < vocab.scores.size(); ++i) {
    if (std::isnan(vocab.scores[i])) {
      return std::unexpected(Error::corrupt(fmt::format("tokenizer.ggml.scores: score {} is not a number", i)));
    }
  }
  for (size_t i = 0; i < vocab.merges.size(); ++i) {
    if (vocab.merges[i].size() > 2 * kLongestToken) {
      return std::unexpected(
          Error::corrupt(fmt::format("tokenizer.ggml.merges: entry {} has {} bytes", i, vocab.merges[i].size())));
    }
  }
  return {};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

/// The byte of "<0x0A>", -1 for anything else.
int byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = hex_value(token[3]);
  const int low = hex_value(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::string byte_token_text(uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  return {'<', '0', 'x', kDigits[byte >> 4], kDigits[byte & 15], '>'};
}

struct Tokenizer::Parts {
  Vocab vocab;
  TokenIndex index;
  Roles roles;
  SpecialFinder finder;
  std::unique_ptr<const Family> family;
  std::string pieces;               // what each token adds to text, one after the other
  std::vector<uint32_t> piece_end;  // where it ends in `pieces`, which has three times the tokens' bytes at most

  Status build_family() {
    const FamilyInput input = {vocab, index, roles.kinds, roles.ids.unk, roles.ids.add_space_prefix};
    INGLE_TRY(family, vocab.model == "gpt2"   ? make_bpe(input)
                      : vocab.model == "bert" ? make_wordpiece(input)
                                              : make_sentencepiece(input));
    return {};
  }

  Status build_finder() {
    std::vector<SpecialToken> tokens;
    for (size_t i = 0; i < vocab.tokens.size(); ++i) {
      const TokenKind kind = roles.kinds[i];
      if (kind == TokenKind::kControl || kind == TokenKind::kUnknown || kind == TokenKind::kUserDefined) {
        tokens.push_back(
            {vocab.tokens[i], static_cast<TokenId>(i), kind == TokenKind::kUserDefined, roles.strips_right[i]});
      }
    }
    INGLE_TRY(finder, SpecialFinder::build(tokens));
    return {};
  }

  Status build_pieces() {
    piece_end.reserve(vocab.tokens.size());
    for (size_t i = 0; i < vocab.tokens.size(); ++i) {
      const std::string& token = vocab.tokens[i];
      switch (roles.kinds[i]) {
        case TokenKind::kNormal:
          family->decode(token, pieces);
          break;
        case TokenKind::kByte: {
          const int byte = byte_of(token);
          if (byte < 0) {
            return std::unexpected(Error::corrupt(fmt::format(
                "tokenizer.ggml.tokens: token {} is of the type 'byte' but does not read <0x00> to <0xFF>", i)));
          }
          pieces += static_cast<char>(byte);
          break;
        }
        case TokenKind::kUnused:
          break;
        default:
          if (family->joins_words()) pieces += ' ';
          pieces += token;
      }
      piece_end.push_back(static_cast<uint32_t>(pieces.size()));
    }
    pieces.shrink_to_fit();
    return {};
  }
};

Tokenizer::Tokenizer(std::unique_ptr<const Parts> parts) : parts_(std::move(parts)) {}
Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<Tokenizer>> Tokenizer::create(Vocab vocab) {
  const bool is_bytes = vocab.model == "gpt2";
  if (!is_bytes && vocab.model != "llama" && vocab.model != "bert") {
    return std::unexpected(Error::unsupported(
        fmt::format("tokenizer.ggml.model: '{:.40}' is not known; known are 'llama', 'gpt2' and 'bert'", vocab.model)));
  }
  INGLE_TRY_VOID(check_counts(vocab));
  INGLE_TRY_VOID(check_entries(vocab));
  vocab.scores.resize(vocab.scores.empty() ? 0 : vocab.tokens.size());
  vocab.kinds.resize(vocab.kinds.empty() ? 0 : vocab.tokens.size());
  for (size_t i = 0; i < vocab.tokens.size(); ++i) {
    // An empty token could be found everywhere; llama.cpp gives it this name.
    if (vocab.tokens[i].empty()) vocab.tokens[i] = fmt::format("[EMPTY_{}]", i);
  }

  auto parts = std::make_unique<Parts>();
  parts->vocab = std::move(vocab);
  INGLE_TRY(parts->index, TokenIndex::build(parts->vocab.tokens));
  const PreTokenizer* words = is_bytes ? PreTokenizer::find(parts->vocab.pre) : nullptr;
  INGLE_TRY(parts->roles,
            assign_roles(parts->vocab, parts->index, !is_bytes || (words != nullptr && words->adds_bos())));
  INGLE_TRY_VOID(parts->build_family());
  INGLE_TRY_VOID(parts->build_finder());
  INGLE_TRY_VOID(parts->build_pieces());
  // Not `= {}`: that keeps their memory.
  parts->vocab.tokens = std::vector<std::string>();
  parts->vocab.scores = std::vector<float>();
  parts->vocab.merges = std::vector<std::string>();
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(parts)));
}

size_t Tokenizer::size() const {
  return parts_->index.size();
}
std::string_view Tokenizer::spelling(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= size()) return {};
  return parts_->index.text(id);
}
const Vocab& Tokenizer::vocab() const {
  return parts_->vocab;
}
const SpecialTokens& Tokenizer::special() const {
  return parts_->roles.ids;
}

std::vector<TokenId> Tokenizer::encode(std::span<const Segment> segments, EncodeOptions options) const {
  std::string joined;
  std::string_view text;
  if (segments.size() == 1) {
    text = segments[0].text;
  } else {
    for (const Segment& segment : segments)
      joined += segment.text;
    text = joined;
  }
  std::vector<Stretch> trusted;
  size_t at = 0;
  for (const Segment& segment : segments) {
    if (options.parse_special && segment.trusted && !segment.text.empty()) {
      if (trusted.empty() || trusted.back().end != at) trusted.push_back({at, at});
      trusted.back().end += segment.text.size();
    }
    at += segment.text.size();
  }

  std::vector<TokenId> ids;
  ids.reserve(text.size() / 4 + 2);
  const SpecialTokens& special = parts_->roles.ids;
  if (options.add_bos && special.add_bos) ids.push_back(special.bos);
  bool starts = !options.continues;
  for (const TextPart& part : parts_->finder.cut(text, trusted)) {
    if (part.token != kNoToken) {
      ids.push_back(part.token);
      starts = !options.continues;
      continue;
    }
    for (size_t begin = 0; begin < part.text.size(); begin += Family::kLongestText) {
      parts_->family->encode(part.text.substr(begin, Family::kLongestText), starts, ids);
      starts = false;
    }
  }
  if (options.add_bos && special.add_sep) ids.push_back(special.sep);
  return ids;
}

std::vector<TokenId> Tokenizer::encode_pair(std::string_view first, std::string_view second, EncodeOptions options,
                                            bool trusted) const {
  std::vector<TokenId> ids = encode(first, options, trusted);
  std::vector<TokenId> rest = encode(second, options, trusted);
  if (options.add_bos && special().add_bos) rest.erase(rest.begin());
  ids.insert(ids.end(), rest.begin(), rest.end());
  return ids;
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, EncodeOptions options, bool trusted) const {
  const Segment segment = {text, trusted};
  return encode({&segment, 1}, options);
}

std::string_view Tokenizer::piece(TokenId id, bool show_special) const {
  if (id < 0 || static_cast<size_t>(id) >= size()) return {};
  const auto i = static_cast<size_t>(id);
  const TokenKind kind = parts_->roles.kinds[i];
  const bool is_hidden = kind == TokenKind::kControl || kind == TokenKind::kUnknown;
  if (is_hidden && !show_special && !parts_->roles.shown[i]) return {};
  const size_t begin = i == 0 ? 0 : parts_->piece_end[i - 1];
  return std::string_view(parts_->pieces).substr(begin, parts_->piece_end[i] - begin);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool show_special) const {
  std::string out;
  for (const TokenId id : ids)
    out += piece(id, show_special);
  if (parts_->family->joins_words() && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

TokenId Tokenizer::find(std::string_view token_text) const {
  return parts_->index.find(token_text);
}

bool Tokenizer::is_end_of_generation(TokenId id) const {
  return id >= 0 && static_cast<size_t>(id) < size() && parts_->roles.ends_generation[static_cast<size_t>(id)];
}

bool Tokenizer::is_control(TokenId id) const {
  return id >= 0 && static_cast<size_t>(id) < size() &&
         parts_->roles.kinds[static_cast<size_t>(id)] == TokenKind::kControl;
}

}  // namespace ingle::text
