// Rerank: how well documents answer a query. A model with a rank head reads each pair; with any other, documents are compared
// with the query by the cosine of their embeddings, and the answer says which of the two it was. Called by workers; it waits
// for the engine. A client that goes away stops it between slices.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "chat/completer.h"

namespace ingle::api {

struct RerankRequest {
  chat::Private query;
  std::vector<chat::Private> documents;
  std::string_view field = "documents";  // what the dialect calls them, for errors
  std::function<bool()> gone = {};       // empty: nobody ever goes
};

struct Reranked {
  std::vector<float> scores;  // one a document: the head's own, or a cosine
  std::string_view method;    // "cross-encoder", "cosine"
  uint64_t prompt_tokens = 0;
};

Answer<Reranked> rerank(chat::Completer& model, const RerankRequest& request);

/// Places of the documents, the best first; of equal ones the first first.
std::vector<size_t> best_first(const std::vector<float>& scores);

}  // namespace ingle::api
