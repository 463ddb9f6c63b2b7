#include "api/rerank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "api/embedding.h"
#include "api/limits.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

// Pairs that are computed between two looks at whether the client is still there.
constexpr size_t kSlice = 64;

Failure at(const RerankRequest& request, size_t index, Error error) {
  const std::string place = std::string(request.field) + "[" + std::to_string(index) + "]";
  Failure failure = Failure::from(std::move(error).within(place));
  failure.param = place;
  return failure;
}

Answer<Reranked> by_pairs(chat::Completer& model, const RerankRequest& request, size_t most) {
  const auto query = model.tokenize({.text = request.query, .add_bos = true});
  if (!query) return std::unexpected(Failure::from(query.error()));
  Reranked answer{.scores = {}, .method = "cross-encoder"};
  std::vector<chat::EmbedRequest> slice;
  for (size_t i = 0; i < request.documents.size(); ++i) {
    auto tokens = model.tokenize({.text = request.query, .add_bos = true, .second = request.documents[i]});
    if (!tokens) return std::unexpected(at(request, i, std::move(tokens).error()));
    if (tokens->size() > most)
      return std::unexpected(at(request, i,
                                chat::prompt_too_long({.prompt_tokens = tokens->size(), .context_tokens = most})
                                    .hint("the model reads query and document together: send the document in parts")));
    answer.prompt_tokens += tokens->size();
    slice.push_back({.tokens = *std::move(tokens), .second_from = static_cast<uint32_t>(query->size())});
    if (slice.size() < kSlice && i + 1 < request.documents.size()) continue;
    if (request.gone && request.gone()) return std::unexpected(Failure::from(Error::cancelled()));
    const auto scores = model.embed_all(slice);
    if (!scores) return std::unexpected(Failure::from(scores.error()));
    for (const std::vector<float>& classes : *scores)
      answer.scores.push_back(classes.empty() ? 0 : classes.front());
    slice.clear();
  }
  return answer;
}

Answer<Reranked> by_cosine(chat::Completer& model, const RerankRequest& request) {
  EmbeddingRequest wanted{.inputs = {request.query}, .field = request.field, .gone = request.gone};
  wanted.inputs.insert(wanted.inputs.end(), request.documents.begin(), request.documents.end());
  const auto embedded = embed(model, wanted);
  if (!embedded) return std::unexpected(embedded.error());
  Reranked answer{.scores = {}, .method = "cosine", .prompt_tokens = embedded->prompt_tokens};
  const std::vector<float>& query = embedded->vectors.front();
  for (size_t i = 1; i < embedded->vectors.size(); ++i)
    answer.scores.push_back(
        static_cast<float>(std::inner_product(query.begin(), query.end(), embedded->vectors[i].begin(), 0.0)));
  return answer;
}

}  // namespace

Answer<Reranked> rerank(chat::Completer& model, const RerankRequest& request) {
  if (request.documents.empty()) return std::unexpected(Failure::bad_field(request.field, "must name one at least"));
  if (request.documents.size() > kMaxEmbeddingInputs)
    return std::unexpected(
        Failure::bad_field(request.field, "must be at most " + std::to_string(kMaxEmbeddingInputs) + " documents"));
  const auto description = model.describe();
  if (!description) return std::unexpected(Failure::from(description.error()));
  if (description->pooling == chat::Pooling::kRank) return by_pairs(model, request, description->max_embed_tokens);
  return by_cosine(model, request);
}

std::vector<size_t> best_first(const std::vector<float>& scores) {
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  // A score that is no number must not break the order.
  const auto score = [&](size_t i) {
    return std::isnan(scores[i]) ? -std::numeric_limits<float>::infinity() : scores[i];
  };
  std::ranges::sort(order, [&](size_t a, size_t b) { return score(a) != score(b) ? score(a) > score(b) : a < b; });
  return order;
}

}  // namespace ingle::api
