// Vectors: a request for embeddings or scores, from a model's name to its answer; a dialect brings how it is written.
//
// run_vectors() is called by a worker and returns when the model has the request, or waits for it to be loaded with no thread
// of its own (seats.h); vectors are written down on the model's thread as they come. A client that goes away cancels it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/call.h"
#include "chat/completer.h"
#include "runtime/models.h"

namespace ingle::api {

struct VectorsOutcome {
  uint64_t prompt_tokens = 0;
  double load_seconds = 0;
  double total_seconds = 0;
};

/// Used by one thread at a time.
class VectorsEncoder {
 public:
  virtual ~VectorsEncoder() = default;
  /// Inputs come in their order, and perhaps again from the first one on, with the same bits.
  virtual void take(size_t input, chat::TextVector vector) = 0;
  virtual std::string whole(const VectorsOutcome& outcome) = 0;
};

struct VectorsJob {
  std::string model;
  runtime::AcquireOptions acquire = {};
  /// What the model is asked, but for what is the call's own; or why it is not. On a worker.
  std::function<Answer<chat::EmbedRequest>(const chat::Description& model)> question;
  /// In the words of the request.
  std::function<Failure(chat::Failed failed)> explain;
  std::unique_ptr<VectorsEncoder> encoder;
};

void run_vectors(const std::shared_ptr<Call>& call, VectorsJob job);

}  // namespace ingle::api
