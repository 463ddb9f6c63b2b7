#include "api/embedding.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace ingle::api {
namespace {

Failure no_vectors(const chat::Description& model) {
  const bool ranks = model.pooling == chat::Pooling::kRank;
  return {.status = 400,
          .code = "model_without_embeddings",
          .param = "model",
          .error = Error::unsupported("'" + model.name + "' has no embeddings")
                       .hint(ranks ? "it ranks documents: ask /v1/rerank" : "take an embedding model, as all-minilm")};
}

void shorten(std::vector<float>& vector, uint32_t dimensions) {
  if (dimensions == 0 || dimensions >= vector.size()) return;
  vector.resize(dimensions);
  double square = 0;
  for (const float x : vector)
    square += double{x} * x;
  if (square == 0) return;  // a direction that the model left empty
  const double scale = 1 / std::sqrt(square);
  for (float& x : vector)
    x = static_cast<float>(x * scale);
}

class EmbeddingEncoder final : public VectorsEncoder {
 public:
  EmbeddingEncoder(size_t n, uint32_t dimensions, EmbeddingForm form)
      : dimensions_(dimensions), form_(std::move(form)), vectors_(n) {}

  void take(size_t input, chat::TextVector vector) override {
    shorten(vector.values, dimensions_);
    vectors_[input] = form_.one(vector.values);
  }
  std::string whole(const VectorsOutcome& outcome) override { return form_.all(vectors_, outcome); }

 private:
  const uint32_t dimensions_;
  const EmbeddingForm form_;
  std::vector<std::string> vectors_;
};

/// At `to`, of 32 bytes and more.
char* write_number(char* to, float x) {
  constexpr size_t kRoom = 32;
  char* const end = std::to_chars(to, to + kRoom, x).ptr;
  if (x == 0 && std::signbit(x)) return std::ranges::copy(std::string_view(".0"), end).out;  // not the integer 0
  // Whoever reads it as a 64-bit number and rounds that has rounded twice: where that is another number, more digits help.
  double read = 0;
  std::from_chars(to, end, read);
  if (static_cast<float>(read) == x) return end;
  return std::to_chars(to, to + kRoom, double{x}).ptr;
}

}  // namespace

Answer<chat::EmbedRequest> embedding_question(const chat::Description& model, const EmbeddingRequest& request) {
  if (request.inputs.empty()) return chat::EmbedRequest();
  if (model.max_embed_tokens == 0 || model.pooling == chat::Pooling::kNone || model.pooling == chat::Pooling::kRank)
    return std::unexpected(no_vectors(model));
  if (request.dimensions > model.embedding_size)
    return std::unexpected(Failure::bad_field(
        "dimensions", "must be at most " + std::to_string(model.embedding_size) + ", which this model has"));
  chat::EmbedRequest question;
  question.cut = request.too_long == TooLong::kCut;
  question.inputs.reserve(request.inputs.size());
  for (const EmbeddingInput& input : request.inputs) {
    if (const auto* tokens = std::get_if<std::vector<int32_t>>(&input)) {
      question.inputs.emplace_back(chat::EmbedTokens{.tokens = *tokens});
    } else {
      question.inputs.emplace_back(chat::EmbedText{.text = std::get<chat::Private>(input)});
    }
  }
  return question;
}

Failure explain_input(std::string_view field, size_t n, chat::Failed failed) {
  Error error = std::move(failed.error);
  if (failed.input < 0) return Failure::from(std::move(error));
  const std::string place = n > 1 ? std::string(field) + "[" + std::to_string(failed.input) + "]" : std::string(field);
  Failure failure = Failure::from(n > 1 ? std::move(error).within(place) : std::move(error));
  failure.param = place;
  return failure;
}

VectorsJob embedding_job(std::string model, EmbeddingRequest request, EmbeddingForm form) {
  const size_t n = request.inputs.size();
  const std::string_view field = request.field;
  auto encoder = std::make_unique<EmbeddingEncoder>(n, request.dimensions, std::move(form));
  return {.model = std::move(model),
          .question = [request = std::move(request)](
                          const chat::Description& description) { return embedding_question(description, request); },
          .explain = [field, n](chat::Failed failed) { return explain_input(field, n, std::move(failed)); },
          .encoder = std::move(encoder)};
}

Answer<std::vector<chat::TextVector>> embed(chat::Completer& model, const EmbeddingRequest& request, std::string id) {
  const auto description = model.describe();
  if (!description) return std::unexpected(Failure::from(description.error()));
  auto question = embedding_question(*description, request);
  if (!question) return std::unexpected(std::move(question).error());
  question->id = std::move(id);
  auto vectors = chat::embed_and_wait(model, *std::move(question));
  if (!vectors) return std::unexpected(explain_input(request.field, request.inputs.size(), std::move(vectors).error()));
  for (chat::TextVector& vector : *vectors)
    shorten(vector.values, request.dimensions);
  return *std::move(vectors);
}

std::string json_of(std::span<const float> vector) {
  constexpr size_t kRoom = 33;  // of a number and its comma
  std::string text(2 + vector.size() * kRoom, '\0');
  char* at = text.data();
  *at++ = '[';
  for (size_t i = 0; i < vector.size(); ++i) {
    if (i > 0) *at++ = ',';
    at = write_number(at, vector[i]);
  }
  *at++ = ']';
  text.resize(static_cast<size_t>(at - text.data()));
  text.shrink_to_fit();
  return text;
}

std::string base64_of(std::span<const float> vector) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto bytes = std::as_bytes(vector);
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(3, bytes.size() - i);
    uint32_t group = 0;
    for (size_t k = 0; k < 3; ++k)
      group = (group << 8U) | (k < n ? std::to_integer<uint32_t>(bytes[i + k]) : 0U);
    for (size_t k = 0; k < 4; ++k)
      text += k <= n ? kLetters[(group >> (18U - 6U * static_cast<uint32_t>(k))) & 63U] : '=';
  }
  return text;
}

}  // namespace ingle::api
