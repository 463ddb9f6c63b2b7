// Rerank: how well documents answer a query. A model with a rank head reads each pair; with an embedding model, documents are
// compared with the query by the cosine of their vectors, and the answer says which of the two it was. A model that was made
// to write is refused: its vectors put nothing in order. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/vectors.h"
#include "chat/completer.h"

namespace ingle::api {

struct RerankRequest {
  chat::Private query;
  std::vector<chat::Private> documents;
  std::string_view field = "documents";  // what the dialect calls them, for errors
};

struct Reranked {
  std::vector<float> scores;  // one a document: the head's own, or a cosine
  std::string_view method;    // "cross-encoder", "cosine"
  uint64_t prompt_tokens = 0;
};

/// What a model is asked for it, and what its answers mean; `vectors`: one an input of that question.
Answer<chat::EmbedRequest> rerank_question(const chat::Description& model, const RerankRequest& request);
Reranked ranking_of(std::span<const chat::TextVector> vectors, size_t n_documents);

/// `write`: a ranking in the form of the dialect, which may need the request too.
VectorsJob rerank_job(std::string model, std::shared_ptr<const RerankRequest> request,
                      std::function<std::string(const Reranked&)> write);

/// Places of the documents, the best first; of equal ones the first first.
std::vector<size_t> best_first(const std::vector<float>& scores);

}  // namespace ingle::api
