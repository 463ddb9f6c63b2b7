// Ollama's embeddings: /api/embed, and /api/embeddings of older clients.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/embedding.h"
#include "api/fields.h"
#include "runtime/models.h"

namespace ingle::api::ollama {

extern const FieldTable kEmbedFields;
extern const FieldTable kEmbeddingsFields;

struct EmbedCall {
  std::string model;
  EmbeddingRequest request;
  runtime::AcquireOptions acquire;
  std::vector<std::string> ignored;
};
Answer<EmbedCall> parse_embed(std::string_view body);
Answer<EmbedCall> parse_embeddings(std::string_view body);

// `vectors`: each as it is written.
std::string encode_embed(std::span<const std::string> vectors, std::string_view model, const VectorsOutcome& outcome);
/// The vector of the one prompt; none for a request that only loads the model.
std::string encode_embeddings(std::span<const std::string> vectors);

}  // namespace ingle::api::ollama
