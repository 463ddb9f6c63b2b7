// llama-server's own embeddings, and rerank in the forms of Jina (which it has too) and of Text Embeddings Inference. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/embedding.h"
#include "api/failure.h"
#include "api/fields.h"
#include "api/rerank.h"

namespace ingle::api::llama {

struct EmbeddingCall {
  std::string model;  // empty: the only one there is
  EmbeddingRequest request;
  int32_t norm = 2;  // 0: largest 32760; P: p-norm
  std::vector<std::string> ignored;
};

struct RerankCall {
  std::string model;
  RerankRequest request;
  bool bare_list = false;  // `texts`: a list and no more
  bool with_texts = false;
  size_t top = SIZE_MAX;
  std::vector<std::string> ignored;
};

extern const FieldTable kEmbeddingFields;
extern const FieldTable kRerankFields;

Answer<EmbeddingCall> parse_embedding(std::string_view body);
/// A vector of length 1 made of the length `norm`, and all of them as they are written.
std::string encode_vector(std::span<const float> vector, int32_t norm);
std::string encode_embedding(std::span<const std::string> vectors);

Answer<RerankCall> parse_rerank(std::string_view body);
std::string encode_rerank(const RerankCall& call, const Reranked& answer);

}  // namespace ingle::api::llama
