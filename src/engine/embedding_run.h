// EmbeddingRun: the texts of an EmbedRequest on their way through the step loop, a few at a time, so that a long list
// neither fills the queue nor passes who came later. Each is a job of its own. The step thread's own once it runs.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/embed_inputs.h"
#include "engine/step_loop.h"
#include "engine/vector_teller.h"

namespace ingle::engine {

/// Shared by the jobs that it has in the loop.
class EmbeddingRun : public std::enable_shared_from_this<EmbeddingRun> {
 public:
  /// `request` has an id; its inputs are `rows`. `ended` is called before the client hears of the end.
  EmbeddingRun(chat::EmbedRequest request, std::vector<EmbedRow> rows, size_t at_once, chat::EventSink sink,
               std::function<void()> ended);

  void start(StepLoop& loop);
  void cancel(StepLoop& loop);

 private:
  void feed(StepLoop& loop);
  void take(StepLoop& loop, size_t index, Result<std::vector<float>> vector);

  const chat::EmbedRequest request_;
  std::vector<EmbedRow> rows_;
  const size_t at_once_;
  VectorTeller teller_;
  const std::function<void()> ended_;
  size_t next_ = 0;
  std::set<size_t> in_loop_;
  bool stopped_ = false;  // nothing more is fed
};

}  // namespace ingle::engine
