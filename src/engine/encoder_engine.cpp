#include "engine/encoder_engine.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <new>

#include "engine/answer_vector.h"
#include "engine/read_text.h"
#include "engine/token_checks.h"

namespace ingle::engine {

EncoderEngine::EncoderEngine(EngineParts parts)
    : parts_(std::move(parts)),
      in_flight_(size_t{parts_.max_queue} + 1),
      step_thread_([this](const std::stop_token& stop) { run(stop); }) {}

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

Status EncoderEngine::embed(chat::EmbedRequest request, chat::EventSink sink) {
  auto rows = read_inputs(*parts_.tokenizer, parts_.description, request);
  if (!rows) {
    sink(std::move(rows).error());
    return {};
  }
  auto id = request.id.empty() ? fmt::format("request-{}", n_ids_.fetch_add(1) + 1) : std::move(request.id);
  INGLE_TRY_VOID(in_flight_.add(id));
  auto reading = std::make_unique<Reading>(Reading{.request_id = std::move(id),
                                                   .client = std::move(request.client),
                                                   .priority = request.priority,
                                                   .rows = *std::move(rows),
                                                   .teller = {request.inputs.size(), std::move(sink)}});
  mailbox_.push([reading = std::move(reading)](EncoderEngine& self) mutable { self.submit(std::move(reading)); });
  return {};
}

void EncoderEngine::cancel(std::string_view id) {
  mailbox_.push([id = std::string(id)](EncoderEngine& self) {
    if (auto reading = self.queue_.remove(id)) self.end(std::move(reading));
  });
}

Result<std::vector<std::vector<float>>> EncoderEngine::tag(const chat::EmbedTokens& /*request*/) {
  return std::unexpected(Error::unsupported(fmt::format("'{}' has no tagging head", parts_.description.name)));
}

Result<std::string> EncoderEngine::fork(std::string_view /*request_id*/) {
  return generates_nothing();
}

Result<chat::Stats> EncoderEngine::stats() {
  const std::lock_guard lock(published_mutex_);
  chat::Stats stats = published_;
  const auto n_in_flight = static_cast<uint32_t>(in_flight_.size());
  stats.waiting = n_in_flight - std::min(n_in_flight, stats.running);
  return stats;
}

void EncoderEngine::publish_stats() {
  const std::lock_guard lock(published_mutex_);
  published_ = stats_;
}

void EncoderEngine::run(const std::stop_token& stop) {
  std::vector<Mailbox<EncoderEngine>::Message> messages;
  while (true) {
    if (queue_.empty() && parts_.cores != nullptr) parts_.cores->leave();
    if (parts_.on_pause) parts_.on_pause(std::chrono::nanoseconds::max());
    mailbox_.drain(queue_.empty(), stop, messages);
    for (auto& message : messages)
      message(*this);
    messages.clear();
    if (stop.stop_requested()) break;
    if (queue_.empty()) continue;
    fill_step();
    hand_out(compute());
  }
  while (auto reading = queue_.take([](Reading&) { return FairQueue<Reading>::Verdict::kTake; })) {
    reading->teller.fail(Error::cancelled("the model was unloaded"));
    end(std::move(reading));
  }
}

void EncoderEngine::submit(std::unique_ptr<Reading> reading) {
  queue_.arrive(*reading);
  if (reading->is_read()) return end(std::move(reading));
  queue_.push(std::move(reading));
}

/// A text of every request in turn, again and again, while there is room. What does not fit comes first in the next step:
/// its client was charged nothing.
void EncoderEngine::fill_step() {
  using Verdict = FairQueue<Reading>::Verdict;
  places_.clear();
  texts_.clear();
  const uint32_t page = parts_.executor->page_tokens();
  size_t rows_left = parts_.executor->max_rows();
  size_t pages_left = parts_.executor->n_pages();
  const auto fits = [&](Reading& reading) {
    if (rows_left == 0 || pages_left == 0) return Verdict::kStop;
    const size_t n_tokens = reading.rows[reading.n_taken].text.tokens.size();
    return n_tokens <= rows_left && (n_tokens + page - 1) / page <= pages_left ? Verdict::kTake : Verdict::kSkip;
  };
  while (auto reading = queue_.take(fits)) {
    const chat::EmbedTokens& text = reading->rows[reading->n_taken].text;
    rows_left -= text.tokens.size();
    pages_left -= (text.tokens.size() + page - 1) / page;
    places_.push_back({reading.get(), reading->n_taken++});
    texts_.push_back({text.tokens, text.second_from});
    queue_.charge(*reading, text.tokens.size());
    stats_.running += reading->teller.has_begun() ? 0 : 1;
    reading->teller.begin();
    if (reading->is_read()) {
      taken_.push_back(std::move(reading));
    } else {
      queue_.push(std::move(reading));
    }
  }
  ++stats_.steps;
  stats_.rows += parts_.executor->max_rows() - rows_left;
  publish_stats();
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
    auto& [reading, index] = places_[i];
    if (reading->teller.has_failed()) continue;
    const EmbedRow& row = reading->rows[index];
    auto answer = outputs ? answer_of((*outputs)[i].values) : std::unexpected(outputs.error());
    if (!answer) {
      reading->teller.fail(std::move(answer).error());
      if (auto rest = queue_.remove(reading->id())) taken_.push_back(std::move(rest));
      continue;
    }
    const auto n_tokens = static_cast<uint32_t>(row.text.tokens.size());
    stats_.prompt_tokens += n_tokens;
    reading->teller.take(index, {.values = *std::move(answer), .n_tokens = n_tokens, .is_cut = row.is_cut});
  }
  for (auto& reading : taken_)
    end(std::move(reading));
  taken_.clear();
}

void EncoderEngine::end(std::unique_ptr<Reading> reading) {
  queue_.leave(*reading);
  in_flight_.remove(reading->id());
  ++stats_.requests;
  stats_.running -= reading->teller.has_begun() ? 1 : 0;
  publish_stats();  // who hears of the end finds it counted
  reading->teller.conclude();
}

}  // namespace ingle::engine
