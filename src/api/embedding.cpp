#include "api/embedding.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "api/limits.h"
#include "chat/errors.h"

namespace ingle::api {
namespace {

// Inputs that are computed between two looks at whether the client is still there.
constexpr size_t kSlice = 64;

Failure no_vectors(const chat::Description& model) {
  const bool ranks = model.pooling == chat::Pooling::kRank;
  return {.status = 400,
          .code = "model_without_embeddings",
          .param = "model",
          .error = Error::unsupported("'" + model.name + "' has no embeddings")
                       .hint(ranks ? "it ranks documents: ask /v1/rerank" : "take an embedding model, as all-minilm")};
}

/// The tokens that the model puts behind every text: BERT's [SEP] stays when the words before it go.
size_t frame_end(chat::Completer& model, std::span<const int32_t> tokens) {
  const auto empty = embedding_tokens(model, chat::Private());
  const bool closes = empty && empty->size() >= 2 && tokens.size() >= 2 && empty->back() == tokens.back();
  return closes ? 1 : 0;
}

void cut(chat::Completer& model, std::vector<int32_t>& tokens, size_t most) {
  const size_t n_end = std::min(frame_end(model, tokens), most);
  tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(most - n_end),
               tokens.end() - static_cast<std::ptrdiff_t>(n_end));
}

void shorten(std::vector<float>& vector, uint32_t dimensions) {
  if (dimensions == 0 || dimensions == vector.size()) return;
  vector.resize(dimensions);
  double square = 0;
  for (const float x : vector)
    square += double{x} * x;
  if (square == 0) return;  // a direction that the model left empty
  const double scale = 1 / std::sqrt(square);
  for (float& x : vector)
    x = static_cast<float>(x * scale);
}

Failure at(const EmbeddingRequest& request, size_t index, Error error) {
  const std::string place = std::string(request.field) + "[" + std::to_string(index) + "]";
  Failure failure = Failure::from(request.inputs.size() > 1 ? std::move(error).within(place) : std::move(error));
  failure.param = request.inputs.size() > 1 ? place : std::string(request.field);
  return failure;
}

}  // namespace

Result<std::vector<int32_t>> embedding_tokens(chat::Completer& model, const EmbeddingInput& input) {
  if (const auto* tokens = std::get_if<std::vector<int32_t>>(&input)) return *tokens;
  return model.tokenize(
      {.text = std::get<chat::Private>(input), .recognise_control_tokens = false, .add_bos = true, .second = {}});
}

namespace {

/// Of some inputs: one question to the model's process for all texts among them.
Result<std::vector<std::vector<int32_t>>> tokens_of_all(chat::Completer& model,
                                                        std::span<const EmbeddingInput> inputs) {
  std::vector<chat::TokenizeRequest> texts;
  for (const EmbeddingInput& input : inputs) {
    if (const auto* text = std::get_if<chat::Private>(&input))
      texts.push_back({.text = *text, .recognise_control_tokens = false, .add_bos = true, .second = {}});
  }
  std::vector<std::vector<int32_t>> read;
  if (!texts.empty()) {
    INGLE_TRY(read, model.tokenize_all(texts));
  }
  if (read.size() != texts.size()) return std::unexpected(Error::internal("not every text was tokenized"));
  std::vector<std::vector<int32_t>> lists;
  auto next = read.begin();
  for (const EmbeddingInput& input : inputs) {
    const auto* tokens = std::get_if<std::vector<int32_t>>(&input);
    lists.push_back(tokens != nullptr ? *tokens : std::move(*next++));
  }
  return lists;
}

}  // namespace

Answer<Embeddings> embed(chat::Completer& model, const EmbeddingRequest& request) {
  if (request.inputs.size() > kMaxEmbeddingInputs)
    return std::unexpected(
        Failure::bad_field(request.field, "must be at most " + std::to_string(kMaxEmbeddingInputs) + " inputs"));
  const auto description = model.describe();
  if (!description) return std::unexpected(Failure::from(description.error()));
  const size_t most = description->max_embed_tokens;
  if (most == 0 || description->pooling == chat::Pooling::kNone || description->pooling == chat::Pooling::kRank)
    return std::unexpected(no_vectors(*description));
  if (request.dimensions > description->embedding_size)
    return std::unexpected(Failure::bad_field(
        "dimensions", "must be at most " + std::to_string(description->embedding_size) + ", which this model has"));

  Embeddings answer;
  std::vector<chat::EmbedRequest> slice;
  std::vector<std::vector<int32_t>> read;  // the tokens of the slice's inputs
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    if (i % kSlice == 0) {
      const auto inputs = std::span(request.inputs).subspan(i, std::min(kSlice, request.inputs.size() - i));
      auto lists = tokens_of_all(model, inputs);
      if (!lists) return std::unexpected(at(request, i, std::move(lists).error()));
      read = *std::move(lists);
    }
    std::vector<int32_t>* const tokens = &read[i % kSlice];
    if (tokens->size() > most && request.too_long == TooLong::kCut) cut(model, *tokens, most);
    if (tokens->size() > most) {
      auto error = chat::prompt_too_long({.prompt_tokens = tokens->size(), .context_tokens = most});
      return std::unexpected(
          at(request, i, std::move(error).hint("send it in parts, or with 'truncate': true to leave out the end")));
    }
    answer.prompt_tokens += tokens->size();
    slice.push_back({.tokens = std::move(*tokens)});
    if (slice.size() < kSlice && i + 1 < request.inputs.size()) continue;
    if (request.gone && request.gone()) return std::unexpected(Failure::from(Error::cancelled()));
    auto vectors = model.embed_all(slice);
    if (!vectors) return std::unexpected(Failure::from(std::move(vectors).error()));
    for (std::vector<float>& vector : *vectors) {
      shorten(vector, request.dimensions);
      answer.vectors.push_back(std::move(vector));
    }
    slice.clear();
  }
  return answer;
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
