#include "api/rerank.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>

#include "api/embedding.h"
#include "api/limits.h"

namespace ingle::api {
namespace {

/// Of the model that is asked, which is known when it is there.
enum class Method : uint8_t { kPairs, kCosine };

Method method_of(const chat::Description& model) {
  return model.pooling == chat::Pooling::kRank ? Method::kPairs : Method::kCosine;
}

Failure no_ranks(const chat::Description& model) {
  return {.status = 400,
          .code = "model_without_ranking",
          .param = "model",
          .error = Error::unsupported("'" + model.name + "' writes texts and was not made to compare them")
                       .hint("take a cross-encoder, or an embedding model as all-minilm")};
}

Failure explain(const RerankRequest& request, Method method, chat::Failed failed) {
  // Compared by their vectors, the query is an input like the documents, and the first.
  const bool is_query = method == Method::kCosine && failed.input == 0;
  if (method == Method::kCosine && failed.input >= 0) --failed.input;
  return is_query ? explain_input("query", 1, {std::move(failed.error), 0})
                  : explain_input(request.field, SIZE_MAX, std::move(failed));
}

class RerankEncoder final : public VectorsEncoder {
 public:
  RerankEncoder(size_t n_documents, std::function<std::string(const Reranked&)> write)
      : n_documents_(n_documents), write_(std::move(write)) {}

  void take(size_t input, chat::TextVector vector) override {
    if (input >= vectors_.size()) vectors_.resize(input + 1);
    vectors_[input] = std::move(vector);
  }
  std::string whole(const VectorsOutcome& outcome) override {
    Reranked ranking = ranking_of(vectors_, n_documents_);
    ranking.prompt_tokens = outcome.prompt_tokens;
    return write_(ranking);
  }

 private:
  const size_t n_documents_;
  const std::function<std::string(const Reranked&)> write_;
  std::vector<chat::TextVector> vectors_;
};

}  // namespace

Answer<chat::EmbedRequest> rerank_question(const chat::Description& model, const RerankRequest& request) {
  if (request.documents.empty()) return std::unexpected(Failure::bad_field(request.field, "must name one at least"));
  if (request.documents.size() > kMaxEmbeddingInputs)
    return std::unexpected(
        Failure::bad_field(request.field, "must be at most " + std::to_string(kMaxEmbeddingInputs) + " documents"));
  chat::EmbedRequest question;
  if (method_of(model) == Method::kPairs) {
    for (const chat::Private& document : request.documents)
      question.inputs.emplace_back(chat::EmbedText{.text = request.query, .second = document});
    return question;
  }
  if (model.generates && !model.names_pooling) return std::unexpected(no_ranks(model));
  EmbeddingRequest texts{.inputs = {request.query}};
  texts.inputs.insert(texts.inputs.end(), request.documents.begin(), request.documents.end());
  return embedding_question(model, texts);
}

Reranked ranking_of(std::span<const chat::TextVector> vectors, size_t n_documents) {
  const bool are_scores = vectors.size() == n_documents;  // else the first is the query's
  Reranked ranking{.scores = {}, .method = are_scores ? "cross-encoder" : "cosine"};
  const std::vector<float>& query = vectors.front().values;
  for (const chat::TextVector& vector : are_scores ? vectors : vectors.subspan(1)) {
    const std::vector<float>& values = vector.values;
    if (are_scores) {
      ranking.scores.push_back(values.empty() ? 0 : values.front());
    } else {
      const size_t n = std::min(query.size(), values.size());
      ranking.scores.push_back(static_cast<float>(
          std::inner_product(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(n), values.begin(), 0.0)));
    }
  }
  return ranking;
}

VectorsJob rerank_job(std::string model, std::shared_ptr<const RerankRequest> request,
                      std::function<std::string(const Reranked&)> write) {
  const auto method = std::make_shared<Method>();
  auto encoder = std::make_unique<RerankEncoder>(request->documents.size(), std::move(write));
  return {.model = std::move(model),
          .question =
              [request, method](const chat::Description& description) {
                *method = method_of(description);
                return rerank_question(description, *request);
              },
          .explain = [request, method](chat::Failed failed) { return explain(*request, *method, std::move(failed)); },
          .encoder = std::move(encoder)};
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
