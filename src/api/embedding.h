// Embedding: texts and lists of tokens to the vectors of a model, the same for every dialect.
//
// Vectors are as long as the model's, or as short as was asked for, and of length 1 either way. What is longer than the
// model reads is refused with both counts, or loses its end where the request says so. Called by workers; it waits for the
// engine. A client that goes away stops it between slices.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "api/failure.h"
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
  std::function<bool()> gone = {};  // empty: nobody ever goes
};

struct Embeddings {
  std::vector<std::vector<float>> vectors;  // one an input
  uint64_t prompt_tokens = 0;
};

Answer<Embeddings> embed(chat::Completer& model, const EmbeddingRequest& request);

/// Of an input, before its end is cut off or it is refused.
Result<std::vector<int32_t>> embedding_tokens(chat::Completer& model, const EmbeddingInput& input);

/// The numbers as little-endian 32-bit floats, in base64.
std::string base64_of(std::span<const float> vector);

}  // namespace ingle::api
