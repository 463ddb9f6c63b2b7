#include "api/inference.h"

#include <chrono>
#include <random>

#include "api/limits.h"
#include "api/model_defaults.h"

namespace ingle::api {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string_view word_of(chat::FinishReason reason) {
  static constexpr std::string_view kWords[] = {"stop", "length", "context_full", "cancelled", "tool_calls"};
  return kWords[static_cast<size_t>(reason)];
}

/// A request in flight. The completer's sink holds it; events come from one thread at a time.
class Running {
 public:
  Running(std::shared_ptr<Call> call, Inference inference, std::shared_ptr<chat::Completer> completer,
          Clock::time_point started)
      : call_(std::move(call)),
        completer_(std::move(completer)),
        encoder_(std::move(inference.encoder)),
        stream_(inference.stream),
        is_auto_(inference.model == kAutoModel),
        started_(started) {
    outcome_.load_seconds = seconds_since(started);
    const auto description = completer_->describe();
    // A name that the client chose stands in no log.
    if (is_auto_ || description) call_->record().model = is_auto_ ? std::string(kAutoModel) : description->name;
    call_->record().stream = stream_;
  }

  chat::Completer& completer() { return *completer_; }
  const std::shared_ptr<chat::Completer>& lease() const { return completer_; }

  void on_event(chat::Event event) {
    if (const auto* prefill = std::get_if<chat::Prefill>(&event)) {
      if (stream_) on_progress(*prefill);
    } else if (auto* delta = std::get_if<chat::Delta>(&event)) {
      on_delta(std::move(*delta));
    } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
      on_finished(std::move(*finished));
    } else {
      on_failed(Failure::from(std::move(std::get<chat::Failed>(event).error)));
    }
  }

  void on_failed(const Failure& failure) {
    if (!begun_) return call_->fail(failure);
    call_->record().error = failure.word();
    call_->exchange().send(encoder_->fail(failure));
    call_->exchange().finish();
  }

 private:
  void begin(const chat::Prefill& prompt = {}) {
    if (std::exchange(begun_, true)) return;
    // Which way an answer of `auto` goes is known when it is complete: its last event says it.
    call_->add_header("x-ingle-route", is_auto_ ? "pending" : "local");
    call_->start_stream(encoder_->stream_type(), encoder_->begin(prompt));
  }

  void on_progress(const chat::Prefill& prompt) {
    begin(prompt);
    if (std::string piece = encoder_->progress(prompt, seconds_since(started_)); !piece.empty())
      call_->exchange().send(std::move(piece));
  }

  void on_delta(chat::Delta delta) {
    const double now = seconds_since(started_);
    if (outcome_.first_token_seconds == 0) {
      outcome_.first_token_seconds = now;
    } else if (call_->telemetry() != nullptr) {
      call_->telemetry()->gap(call_->record().model, now - last_delta_seconds_);
    }
    last_delta_seconds_ = now;
    if (!stream_) return answer_.add(std::move(delta));
    begin();
    call_->exchange().send(encoder_->delta(delta));  // a client that has gone was cancelled by on_gone
  }

  void on_finished(chat::Finished finished) {
    outcome_.finished = std::move(finished);
    outcome_.route = outcome_.finished.route.empty() ? "local" : outcome_.finished.route;
    outcome_.total_seconds = seconds_since(started_);
    note_outcome();
    if (stream_) {
      begin();
      call_->exchange().send(encoder_->finish(outcome_));
      call_->exchange().finish();
      return;
    }
    call_->add_header("x-ingle-route", outcome_.route);
    call_->respond_json(encoder_->whole(answer_, outcome_));
  }

  void note_outcome() {
    const chat::Usage& usage = outcome_.finished.usage;
    RequestRecord& record = call_->record();
    record.route_taken = outcome_.route;
    record.finish = word_of(outcome_.finished.reason);
    record.prompt_tokens = usage.prompt_tokens;
    record.cached_tokens = usage.cached_tokens;
    record.completion_tokens = usage.completion_tokens;
    record.load_seconds = outcome_.load_seconds;
    record.first_token_seconds = outcome_.first_token_seconds;
  }

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<chat::Completer> completer_;
  const std::unique_ptr<AnswerEncoder> encoder_;
  const bool stream_;
  const bool is_auto_;
  const Clock::time_point started_;
  bool begun_ = false;
  double last_delta_seconds_ = 0;
  WholeAnswer answer_;
  Outcome outcome_;
};

}  // namespace

void WholeAnswer::add(chat::Delta delta) {
  text += delta.text;
  thinking += delta.thinking;
  tokens.insert(tokens.end(), std::make_move_iterator(delta.tokens.begin()),
                std::make_move_iterator(delta.tokens.end()));
  for (chat::ToolCallDelta& piece : delta.tool_calls) {
    if (tool_calls.empty() || tool_calls.back().index != piece.index) {
      tool_calls.push_back(std::move(piece));
    } else {
      tool_calls.back().arguments += piece.arguments;
    }
  }
}

uint64_t random_seed() {
  std::random_device device;
  return (uint64_t{device()} << 32) | device();
}

bool is_model_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxModelNameBytes) return false;
  return name.front() != '/' && name.front() != '.' && name.front() != '~' &&
         name.find("..") == std::string_view::npos && name.find('\\') == std::string_view::npos;
}

Answer<std::shared_ptr<chat::Completer>> acquire_model(Call& call, std::string_view model,
                                                       const runtime::AcquireOptions& options) {
  if (model.empty()) return std::unexpected(Failure::bad_field("model", "is required"));
  if (!is_model_name(model)) return std::unexpected(Failure::no_model(model));
  auto completer = call.services().models->acquire(model, options);
  if (completer) return *std::move(completer);
  Error error = std::move(completer).error();
  if (error.code() != ErrorCode::kNotFound) return std::unexpected(Failure::from(std::move(error)));
  Failure failure = Failure::no_model(model);
  if (!error.hint().empty()) failure.error = std::move(failure.error).hint(error.hint());
  return std::unexpected(std::move(failure));
}

void run_inference(const std::shared_ptr<Call>& call, Inference inference) {
  const auto started = Clock::now();
  auto completer = acquire_model(*call, inference.model, inference.acquire);
  if (!completer) return call->fail(completer.error());
  if (call->exchange().gone()) return;
  call->request().body = {};  // an answer may take minutes, and nobody reads the question's text again
  chat::CompleteRequest request = std::move(inference.request);
  request.id = call->request_id();
  request.client = call->client();
  apply_defaults(defaults_of(call->services(), inference.model), request);
  if (inference.prepare) {
    if (const auto prepared = inference.prepare(**completer, request); !prepared) return call->fail(prepared.error());
  }
  const auto running = std::make_shared<Running>(call, std::move(inference), *std::move(completer), started);
  call->exchange().on_gone([lease = running->lease(), id = call->request_id()] { lease->cancel(id); });
  const Status status = running->completer().complete(
      std::move(request), [running](chat::Event event) { running->on_event(std::move(event)); });
  if (!status) return running->on_failed(Failure::from(status.error()));
  // Who went before the model knew the request was cancelled in vain.
  if (call->exchange().gone()) running->completer().cancel(call->request_id());
}

}  // namespace ingle::api
