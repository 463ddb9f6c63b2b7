// OpenAI's embeddings, both ways (https://platform.openai.com/docs/api-reference/embeddings). Pure.
#pragma once

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
  std::vector<std::string> ignored;
};

extern const FieldTable kEmbeddingsFields;

Answer<EmbeddingsCall> parse_embeddings(std::string_view body);
std::string encode_embeddings(const Embeddings& answer, std::string_view model, bool base64);

}  // namespace ingle::api::openai
