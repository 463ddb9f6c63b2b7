// OpenAI's embeddings, both ways (https://platform.openai.com/docs/api-reference/embeddings). Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/embedding.h"
#include "api/failure.h"
#include "api/fields.h"

namespace ingle::api::openai {

struct EmbeddingsCall {
  std::string model;
  EmbeddingRequest request;
  bool base64 = false;
  std::vector<std::string> ignored = {};
};

extern const FieldTable kEmbeddingsFields;

Answer<EmbeddingsCall> parse_embeddings(std::string_view body);
/// `vectors`: each as it is written.
std::string encode_embeddings(std::span<const std::string> vectors, std::string_view model, uint64_t prompt_tokens);
/// The request, and its answer in that form.
VectorsJob embeddings_job(EmbeddingsCall call);

}  // namespace ingle::api::openai
