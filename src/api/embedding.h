// Embedding: texts and lists of tokens to the vectors of a model, the same for every dialect.
//
// Vectors are as long as the model's, or as short as was asked for, and of length 1 either way. What is longer than the
// model reads is refused with both counts, or loses its end where the request says so. Pure but for embed(), which waits.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "api/failure.h"
#include "api/vectors.h"
#include "chat/completer.h"

namespace ingle::api {

using EmbeddingInput = std::variant<chat::Private, std::vector<int32_t>>;

enum class TooLong : uint8_t { kRefuse, kCut };

struct EmbeddingRequest {
  std::vector<EmbeddingInput> inputs;
  TooLong too_long = TooLong::kRefuse;
  uint32_t dimensions = 0;  // the first so many of each vector, made of length 1 again; 0: all
  /// What the dialect calls the inputs, for errors: "input" gives "input[3]".
  std::string_view field = "input";
};

/// What a model is asked for it.
Answer<chat::EmbedRequest> embedding_question(const chat::Description& model, const EmbeddingRequest& request);

/// How a dialect writes vectors: each by itself as it comes, then all of them.
struct EmbeddingForm {
  std::function<std::string(std::span<const float> vector)> one;
  std::function<std::string(std::span<const std::string> vectors, const VectorsOutcome& outcome)> all;
};
VectorsJob embedding_job(std::string model, EmbeddingRequest request, EmbeddingForm form);

/// The same for a caller that waits; `id` as of an EmbedRequest.
Answer<std::vector<chat::TextVector>> embed(chat::Completer& model, const EmbeddingRequest& request,
                                            std::string id = {});

/// A failure that is about one of `n` values of `field`, where that is known.
Failure explain_input(std::string_view field, size_t n, chat::Failed failed);

/// A JSON list of the numbers, each as short as the 32-bit number can be told.
std::string json_of(std::span<const float> vector);
/// The numbers as little-endian 32-bit floats, in base64.
std::string base64_of(std::span<const float> vector);

}  // namespace ingle::api
