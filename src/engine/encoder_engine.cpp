#include "engine/encoder_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "chat/errors.h"
#include "engine/answer_vector.h"
#include "engine/read_text.h"
#include "engine/token_checks.h"

namespace ingle::engine {

EncoderEngine::EncoderEngine(EngineParts parts)
    : parts_(std::move(parts)), step_thread_([this](const std::stop_token& stop) { run(stop); }) {}

EncoderEngine::~EncoderEngine() = default;

Result<chat::Description> EncoderEngine::describe() {
  return parts_.description;
}

std::unexpected<Error> EncoderEngine::generates_nothing() const {
  return std::unexpected(
      Error::refused(fmt::format("'{}' is an encoder: it reads text and generates none", parts_.description.name))
          .hint("ask it for embeddings, or take a model that generates"));
}

Result<std::string> EncoderEngine::render(const chat::ChatPrompt& /*prompt*/) {
  return generates_nothing();
}

Result<std::vector<int32_t>> EncoderEngine::tokenize(const chat::TokenizeRequest& request) {
  return read_text(*parts_.tokenizer, request, parts_.description.name);
}

Result<std::string> EncoderEngine::detokenize(std::span<const int32_t> tokens) {
  INGLE_TRY_VOID(check_tokens(parts_.description, tokens, std::numeric_limits<size_t>::max()));
  return parts_.tokenizer->decode(tokens, true);
}

Status EncoderEngine::complete(chat::CompleteRequest /*request*/, chat::EventSink /*sink*/) {
  return generates_nothing();
}

Result<std::vector<float>> EncoderEngine::score(const chat::ScoreRequest& /*request*/) {
  return generates_nothing();
}

Status EncoderEngine::check(const chat::EmbedRequest& request) const {
  INGLE_TRY_VOID(check_tokens(parts_.description, request.tokens, parts_.description.max_embed_tokens));
  if (request.tokens.empty()) return std::unexpected(Error::usage("there are no tokens to embed"));
  if (request.second_from < request.tokens.size()) return {};
  return std::unexpected(Error::usage(
      fmt::format("the second text of a pair begins at token {} of {}", request.second_from, request.tokens.size())));
}

Result<std::vector<float>> EncoderEngine::embed(const chat::EmbedRequest& request) {
  INGLE_TRY(auto answers, embed_all(std::span(&request, 1)));
  return std::move(answers.front());
}

Result<std::vector<std::vector<float>>> EncoderEngine::embed_all(std::span<const chat::EmbedRequest> requests) {
  for (const chat::EmbedRequest& request : requests)
    INGLE_TRY_VOID(check(request));
  if (requests.empty()) return std::vector<std::vector<float>>();
  Call call;
  call.requests = requests;
  call.answers.resize(requests.size());
  std::unique_lock lock(calls_mutex_);
  const size_t most = size_t{parts_.max_queue} + 1;
  if (calls_.size() >= most) return std::unexpected(chat::queue_full(most));
  calls_.push_back(&call);
  arrived_.notify_one();
  call.changed.wait(lock, [&] { return call.done; });
  INGLE_TRY_VOID(call.status);
  return std::move(call.answers);
}

Result<std::vector<std::vector<float>>> EncoderEngine::tag(const chat::EmbedRequest& /*request*/) {
  return std::unexpected(Error::unsupported(fmt::format("'{}' has no tagging head", parts_.description.name)));
}

Result<std::string> EncoderEngine::fork(std::string_view /*request_id*/) {
  return generates_nothing();
}

Result<chat::Stats> EncoderEngine::stats() {
  const std::lock_guard lock(calls_mutex_);
  chat::Stats stats = stats_;
  const auto begun = std::ranges::count_if(calls_, [](const Call* call) { return call->n_taken > 0; });
  stats.running = static_cast<uint32_t>(begun);
  stats.waiting = static_cast<uint32_t>(calls_.size()) - stats.running;
  return stats;
}

void EncoderEngine::run(const std::stop_token& stop) {
  while (true) {
    {
      std::unique_lock lock(calls_mutex_);
      if (calls_.empty() && parts_.cores != nullptr) parts_.cores->leave();
      arrived_.wait(lock, stop, [this] { return !calls_.empty(); });
      if (stop.stop_requested()) return end_all(Error::cancelled("the model was unloaded"));
      fill_step();
    }
    const auto outputs = compute();
    const std::lock_guard lock(calls_mutex_);
    hand_out(outputs);
    drop_ended();
  }
}

/// A text of every call in turn, again and again, while there is room. The call at the front changes from step to step.
void EncoderEngine::fill_step() {
  places_.clear();
  texts_.clear();
  const uint32_t page = parts_.executor->page_tokens();
  size_t rows_left = parts_.executor->max_rows();
  size_t pages_left = parts_.executor->n_pages();
  for (bool took_any = true; took_any;) {
    took_any = false;
    for (Call* call : calls_) {
      if (call->n_taken == call->requests.size()) continue;
      const chat::EmbedRequest& request = call->requests[call->n_taken];
      const size_t n_pages = (request.tokens.size() + page - 1) / page;
      if (request.tokens.size() > rows_left || n_pages > pages_left) continue;
      rows_left -= request.tokens.size();
      pages_left -= n_pages;
      places_.push_back({call, call->n_taken++});
      texts_.push_back({request.tokens, request.second_from});
      took_any = true;
    }
  }
  calls_.push_back(calls_.front());
  calls_.pop_front();
  ++stats_.steps;
  stats_.rows += parts_.executor->max_rows() - rows_left;
}

Result<std::span<const backend::Output>> EncoderEngine::compute() {
  backend::Executor& executor = *parts_.executor;
  if (parts_.cores != nullptr) executor.use_threads(parts_.cores->take(executor.threads()));
  try {
    return executor.encode(texts_);
  } catch (const std::bad_alloc&) {
    return std::unexpected(
        Error::exhausted(fmt::format("no memory for a step of {} texts", texts_.size())).hint("close other programs"));
  }
}

void EncoderEngine::hand_out(const Result<std::span<const backend::Output>>& outputs) {
  const auto answer_of = parts_.description.pooling == chat::Pooling::kRank ? class_scores : unit_vector;
  for (size_t i = 0; i < places_.size(); ++i) {
    const auto [call, index] = places_[i];
    ++call->n_answered;
    if (!call->status) continue;
    auto answer = outputs ? answer_of((*outputs)[i].values) : std::unexpected(outputs.error());
    if (answer) {
      call->answers[index] = *std::move(answer);
      stats_.prompt_tokens += call->requests[index].tokens.size();
    } else {
      call->status = std::unexpected(std::move(answer).error());
      call->n_answered += call->requests.size() - std::exchange(call->n_taken, call->requests.size());
    }
  }
}

void EncoderEngine::drop_ended() {
  std::erase_if(calls_, [this](Call* call) {
    if (call->n_answered < call->requests.size()) return false;
    ++stats_.requests;
    // Under the lock: the caller owns the condition variable and may be gone right after it.
    call->done = true;
    call->changed.notify_one();
    return true;
  });
}

void EncoderEngine::end_all(const Error& error) {
  for (Call* call : calls_) {
    call->status = std::unexpected(error);
    call->done = true;
    call->changed.notify_one();
  }
  calls_.clear();
}

}  // namespace ingle::engine
