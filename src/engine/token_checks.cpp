#include "engine/token_checks.h"

#include <fmt/format.h>

#include <algorithm>

#include "chat/errors.h"

namespace ingle::engine {

std::string hint_for_long_prompt(const chat::Description& model, size_t n_tokens) {
  constexpr size_t kRoomForAnAnswer = 512;
  const size_t most = model.context_length;
  if (n_tokens >= most)
    return fmt::format("shorten the text: the model was made for {} tokens, so it cannot fit at all", most);
  return fmt::format("shorten the text, or load the model with a larger context: --ctx {}",
                     std::min(most, n_tokens + kRoomForAnAnswer));
}

Status check_tokens(const chat::Description& model, std::span<const int32_t> tokens, size_t max_tokens) {
  if (tokens.size() > max_tokens) {
    return std::unexpected(chat::prompt_too_long({.prompt_tokens = tokens.size(), .context_tokens = max_tokens})
                               .hint(hint_for_long_prompt(model, tokens.size())));
  }
  for (const int32_t token : tokens) {
    if (token >= 0 && static_cast<uint32_t>(token) < model.vocab_size) continue;
    return std::unexpected(
        Error::usage(fmt::format("token {} is not in the vocabulary of {} tokens", token, model.vocab_size)));
  }
  return {};
}

}  // namespace ingle::engine
