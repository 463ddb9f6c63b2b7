#include "engine/token_checks.h"

#include <fmt/format.h>

#include "chat/errors.h"

namespace ingle::engine {

Status check_tokens(const chat::Description& model, std::span<const int32_t> tokens, size_t max_tokens) {
  if (tokens.size() > max_tokens) {
    return std::unexpected(chat::prompt_too_long(
        {.prompt_tokens = tokens.size(), .context_tokens = max_tokens, .model_tokens = model.context_length}));
  }
  for (const int32_t token : tokens) {
    if (token >= 0 && static_cast<uint32_t>(token) < model.vocab_size) continue;
    return std::unexpected(
        Error::usage(fmt::format("token {} is not in the vocabulary of {} tokens", token, model.vocab_size)));
  }
  return {};
}

}  // namespace ingle::engine
