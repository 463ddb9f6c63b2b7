#include "engine/embedding_run.h"

#include <utility>

#include "engine/questions.h"

namespace ingle::engine {
namespace {

std::string job_id(const std::string& request_id, size_t index) {
  return request_id + "/text" + std::to_string(index);  // no client may choose an id with a slash
}

}  // namespace

EmbeddingRun::EmbeddingRun(chat::EmbedRequest request, std::vector<EmbedRow> rows, size_t at_once, chat::EventSink sink,
                           std::function<void()> ended)
    : request_(std::move(request)),
      rows_(std::move(rows)),
      at_once_(at_once),
      teller_(rows_.size(), std::move(sink)),
      ended_(std::move(ended)) {}

void EmbeddingRun::start(StepLoop& loop) {
  feed(loop);
}

void EmbeddingRun::cancel(StepLoop& loop) {
  stopped_ = true;
  const std::set<size_t> in_loop = in_loop_;
  for (const size_t index : in_loop)
    loop.cancel(job_id(request_.id, index));
}

void EmbeddingRun::feed(StepLoop& loop) {
  while (!stopped_ && next_ < rows_.size() && in_loop_.size() < at_once_) {
    const size_t index = next_++;
    in_loop_.insert(index);
    auto job = std::make_unique<Embedding>(
        job_id(request_.id, index), rows_[index].text.tokens,
        [self = shared_from_this(), &loop, index](Result<std::vector<float>> vector) {
          self->take(loop, index, std::move(vector));
        },
        [self = shared_from_this()] { self->teller_.begin(); });
    job->client = request_.client;
    job->priority = request_.priority;
    loop.submit(std::move(job), {});
  }
  if (!in_loop_.empty()) return;
  ended_();
  teller_.conclude();
}

void EmbeddingRun::take(StepLoop& loop, size_t index, Result<std::vector<float>> vector) {
  in_loop_.erase(index);
  if (vector) {
    EmbedRow& row = rows_[index];
    teller_.take(index, {.values = *std::move(vector),
                         .n_tokens = static_cast<uint32_t>(row.text.tokens.size()),
                         .is_cut = row.is_cut});
    row.text.tokens = {};
  } else if (!std::exchange(stopped_, true)) {
    teller_.fail(std::move(vector).error());  // the few that are in the loop end by themselves
  }
  feed(loop);
}

}  // namespace ingle::engine
