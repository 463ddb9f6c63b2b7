#include <algorithm>
#include <string_view>

#include "engine/sampler/dry.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {
namespace {

// llama.cpp's limits: a longer breaker is cut, and a tail is compared for at most this many tokens.
constexpr size_t kMaxBreakerBytes = 40;
constexpr size_t kMaxTailTokens = 20;

void add_tail(DryBreakers& breakers, int32_t head, std::vector<int32_t> tail) {
  auto& tails = breakers[head];
  if (std::find(tails.begin(), tails.end(), tail) == tails.end()) tails.push_back(std::move(tail));
}

void add_breaker(std::string_view breaker, const text::Tokenizer& tokenizer, DryBreakers& out) {
  const auto n_tokens = static_cast<int32_t>(tokenizer.size());
  for (int32_t id = 0; id < n_tokens; ++id) {
    const std::string_view piece = tokenizer.piece(id, true);
    if (piece.find(breaker) != std::string_view::npos) {
      add_tail(out, id, {});
      continue;
    }
    for (size_t length = std::min(piece.size(), breaker.size() - 1); length > 0; --length) {
      if (!piece.ends_with(breaker.substr(0, length))) continue;
      auto tail = tokenizer.encode(breaker.substr(length), {}, false);
      tail.resize(std::min(tail.size(), kMaxTailTokens));
      add_tail(out, id, std::move(tail));
    }
  }
}

}  // namespace

DryBreakers find_dry_breakers(std::span<const std::string> texts, const text::Tokenizer& tokenizer) {
  DryBreakers breakers;
  for (const std::string& text : texts) {
    if (!text.empty()) add_breaker(std::string_view(text).substr(0, kMaxBreakerBytes), tokenizer, breakers);
  }
  return breakers;
}

}  // namespace ingle::engine
