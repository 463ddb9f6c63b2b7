#include "text/tokenizer/testing/reference.h"

#include <algorithm>
#include <optional>
#include <string>

#include "text/tokenizer/byte_alphabet.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/family.h"

namespace ingle::text::testing {
namespace {

TokenId plain_find(const Vocab& vocab, std::string_view bytes) {
  const auto at = std::ranges::find(vocab.tokens, bytes);
  return at == vocab.tokens.end() ? kNoToken : static_cast<TokenId>(at - vocab.tokens.begin());
}

/// Joins the pair with the least `cost`, the leftmost of equals, until no pair has one.
template <typename Cost>
void join_all(std::vector<std::string>& symbols, Cost cost) {
  for (;;) {
    std::optional<double> least;
    size_t where = 0;
    for (size_t i = 0; i + 1 < symbols.size(); ++i) {
      const std::optional<double> here = cost(symbols[i], symbols[i + 1]);
      if (here && (!least || *here < *least)) least = here, where = i;
    }
    if (!least) return;
    symbols[where] += symbols[where + 1];
    symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
}

bool may_be_here(const SpecialToken& token, size_t begin, std::span<const Stretch> trusted) {
  return token.always || std::ranges::any_of(trusted, [&](const Stretch& s) {
           return s.begin <= begin && begin + token.text.size() <= s.end;
         });
}

}  // namespace

std::vector<TextPart> plain_cut(std::string_view text, std::span<const SpecialToken> tokens,
                                std::span<const Stretch> trusted) {
  std::vector<SpecialToken> order(tokens.begin(), tokens.end());
  std::ranges::sort(order, [](const SpecialToken& a, const SpecialToken& b) {
    return a.text.size() != b.text.size() ? a.text.size() > b.text.size() : a.id < b.id;
  });
  std::vector<TextPart> parts;
  if (!text.empty()) parts.push_back({text});
  for (const SpecialToken& token : order) {
    std::vector<TextPart> next;
    for (const TextPart& part : parts) {
      std::string_view rest = part.text;
      size_t from = 0;
      for (size_t at; part.token == kNoToken && (at = rest.find(token.text, from)) != std::string_view::npos;) {
        from = at + 1;
        if (!may_be_here(token, static_cast<size_t>(rest.data() - text.data()) + at, trusted)) continue;
        if (at > 0) next.push_back({rest.substr(0, at)});
        size_t end = at + token.text.size();
        while (token.strips_right && end < rest.size() && std::string_view(" \t\n\v\f\r").contains(rest[end]))
          ++end;
        next.push_back({rest.substr(at, end - at), token.id});
        rest.remove_prefix(end);
        from = 0;
      }
      if (!rest.empty() || part.token != kNoToken) next.push_back({rest, part.token});
    }
    parts = std::move(next);
  }
  return parts;
}

std::vector<TokenId> plain_sentencepiece(const Vocab& vocab, std::string_view text) {
  std::vector<std::string> symbols;
  for (size_t at = 0; at < text.size();) {
    symbols.emplace_back(text.substr(at, claimed_length(text[at])));
    at += symbols.back().size();
  }
  join_all(symbols, [&](const std::string& left, const std::string& right) -> std::optional<double> {
    const TokenId id = plain_find(vocab, left + right);
    if (id == kNoToken) return std::nullopt;
    return vocab.scores.empty() ? 0.0 : -double{vocab.scores[static_cast<size_t>(id)]};
  });
  std::vector<TokenId> ids;
  for (const std::string& symbol : symbols) {
    if (const TokenId id = plain_find(vocab, symbol); id != kNoToken) {
      ids.push_back(id);
      continue;
    }
    for (const char c : symbol) {
      TokenId id = plain_find(vocab, byte_token_text(static_cast<uint8_t>(c)));
      if (id == kNoToken) id = plain_find(vocab, {&c, 1});
      if (id != kNoToken) ids.push_back(id);
    }
  }
  return ids;
}

std::vector<TokenId> plain_bpe(const Vocab& vocab, std::string_view word) {
  std::vector<std::string> symbols;
  for (const char c : word)
    symbols.emplace_back(letter_of_byte(static_cast<uint8_t>(c)));
  join_all(symbols, [&](const std::string& left, const std::string& right) -> std::optional<double> {
    const auto at = std::ranges::find(vocab.merges, left + " " + right);
    if (at == vocab.merges.end()) return std::nullopt;
    return static_cast<double>(at - vocab.merges.begin());
  });
  std::vector<TokenId> ids;
  for (const std::string& symbol : symbols) {
    if (const TokenId whole = plain_find(vocab, symbol); whole != kNoToken) {
      ids.push_back(whole);
      continue;
    }
    for (size_t at = 0; at < symbol.size();) {
      const size_t size = decode_code_point(symbol, at).size;
      ids.push_back(plain_find(vocab, std::string_view(symbol).substr(at, size)));
      at += size;
    }
  }
  return ids;
}

}  // namespace ingle::text::testing
