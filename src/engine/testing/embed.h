// Embeddings for tests that wait for them: lists of tokens to vectors.
#pragma once

#include <vector>

#include "chat/completer.h"

namespace ingle::engine::testing {

inline Result<std::vector<std::vector<float>>> embed_all(chat::Completer& engine,
                                                         const std::vector<chat::EmbedTokens>& texts) {
  chat::EmbedRequest request;
  request.inputs.assign(texts.begin(), texts.end());
  auto answers = chat::embed_and_wait(engine, std::move(request));
  if (!answers) return std::unexpected(answers.error().error);
  std::vector<std::vector<float>> vectors;
  for (chat::TextVector& answer : *answers)
    vectors.push_back(std::move(answer.values));
  return vectors;
}

inline Result<std::vector<float>> embed(chat::Completer& engine, const chat::EmbedTokens& text) {
  INGLE_TRY(auto vectors, embed_all(engine, {text}));
  return std::move(vectors.front());
}

}  // namespace ingle::engine::testing
