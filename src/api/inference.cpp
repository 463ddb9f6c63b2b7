#include "api/inference.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>

#include "api/limits.h"
#include "api/model_defaults.h"
#include "chat/bytes.h"
#include "chat/errors.h"

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

/// A request in flight. The completer's sinks hold it; events of one answer come from one thread at a time, those of
/// several perhaps from several.
class Running {
 public:
  Running(std::shared_ptr<Call> call, Inference& inference, std::shared_ptr<chat::Completer> completer,
          std::vector<std::string> ids, Clock::time_point started)
      : call_(std::move(call)),
        completer_(std::move(completer)),
        ids_(std::move(ids)),
        encoder_(std::move(inference.encoder)),
        stream_(inference.stream),
        is_auto_(inference.model == kAutoModel),
        n_(inference.n),
        started_(started),
        n_open_(ids_.size()),
        answers_(ids_.size()),
        outcomes_(ids_.size()) {
    const double load_seconds = seconds_since(started);
    for (Outcome& outcome : outcomes_)
      outcome.load_seconds = load_seconds;
    encoder_->loaded(load_seconds);
    call_->record().computes = true;
    call_->record().stream = stream_;
  }

  chat::Completer& completer() { return *completer_; }

  void on_event(uint32_t choice, chat::Event event) {
    const std::lock_guard lock(mutex_);
    if (ended_) return;
    if (const auto* prefill = std::get_if<chat::Prefill>(&event)) {
      outcomes_[choice].finished.usage.prompt_tokens = prefill->done;
      if (stream_) on_progress(*prefill);
    } else if (auto* delta = std::get_if<chat::Delta>(&event)) {
      on_delta(choice, std::move(*delta));
    } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
      on_finished(choice, std::move(*finished));
    } else {
      end_with(Failure::from(std::move(std::get<chat::Failed>(event).error)));
    }
  }

  void on_failed(const Failure& failure) {
    const std::lock_guard lock(mutex_);
    if (!ended_) end_with(failure);
  }

  /// For a client that may ask no longer.
  void end(const Failure& why) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return;
      end_with(why);
    }
    cancel_all();
  }

  bool ended() {
    const std::lock_guard lock(mutex_);
    return ended_;
  }

  void cancel_all() {
    for (const std::string& id : ids_)
      completer_->cancel(id);
  }

 private:
  /// One answer that fails fails them all.
  void end_with(const Failure& failure) {
    ended_ = true;
    note_usage();
    if (ids_.size() > 1) cancel_all();
    if (!begun_) return call_->fail(failure);
    call_->record().error = failure.word();
    call_->exchange().send(encoder_->fail(call_->worded(failure)));
    call_->exchange().finish();
  }

  void begin(const chat::Prefill& prompt = {}) {
    if (std::exchange(begun_, true)) return;
    // Which way an answer of `auto` goes is known when it is complete: its last event says it.
    call_->add_header("x-ingle-route", is_auto_ ? "pending" : "local");
    call_->start_stream(encoder_->stream_type(), encoder_->begin(prompt));
  }

  void on_progress(const chat::Prefill& prompt) {
    begin(prompt);
    send(encoder_->progress(prompt, seconds_since(started_)));
  }

  void on_delta(uint32_t choice, chat::Delta delta) {
    Outcome& outcome = outcomes_[choice];
    ++outcome.finished.usage.completion_tokens;  // at least; the end of the answer says it exactly
    const double now = seconds_since(started_);
    if (outcome.first_token_seconds == 0) {
      outcome.first_token_seconds = now;
    } else if (call_->telemetry() != nullptr && ids_.size() == 1) {
      call_->telemetry()->gap(call_->record().model, now - last_delta_seconds_);
    }
    last_delta_seconds_ = now;
    if (!stream_) return answers_[choice].add(std::move(delta));
    begin();
    call_->exchange().send(encoder_->choice_delta(choice, delta));  // a client that has gone was cancelled by on_gone
  }

  void on_finished(uint32_t choice, chat::Finished finished) {
    Outcome& outcome = outcomes_[choice];
    outcome.finished = std::move(finished);
    outcome.route = outcome.finished.route.empty() ? "local" : outcome.finished.route;
    outcome.total_seconds = seconds_since(started_);
    if (stream_) {
      begin();
      send(encoder_->end_choice(choice, outcome));
    }
    if (--n_open_ == 0) finish();
  }

  void finish() {
    ended_ = true;
    note_usage();
    call_->record().route_taken = outcomes_.front().route;
    call_->record().finish = word_of(outcomes_.front().finished.reason);
    if (stream_) {
      call_->exchange().send(encoder_->finish_all(outcomes_));
      call_->exchange().finish();
      return;
    }
    call_->add_header("x-ingle-route", outcomes_.front().route);
    call_->respond_json(encoder_->whole_all(answers_, outcomes_));
  }

  void send(std::string piece) {
    if (!piece.empty()) call_->exchange().send(std::move(piece));
  }

  /// Of answers that fail too: what was computed of them and of those beside them.
  void note_usage() {
    const Outcome& outcome = outcomes_.front();
    const chat::Usage usage = total_usage(outcomes_, n_);
    RequestRecord& record = call_->record();
    record.prompt_tokens = usage.prompt_tokens;
    record.cached_tokens = usage.cached_tokens;
    record.completion_tokens = usage.completion_tokens;
    record.queued_seconds = usage.queued_seconds;
    record.prefill_seconds = usage.prefill_seconds;
    record.decode_seconds = usage.decode_seconds;
    record.load_seconds = outcome.load_seconds;
    record.first_token_seconds = outcome.first_token_seconds;
  }

  const std::shared_ptr<Call> call_;
  const std::shared_ptr<chat::Completer> completer_;
  const std::vector<std::string> ids_;  // one an answer
  const std::unique_ptr<AnswerEncoder> encoder_;
  const bool stream_;
  const bool is_auto_;
  const uint32_t n_;
  const Clock::time_point started_;
  std::mutex mutex_;  // over all that follows
  bool begun_ = false;
  bool ended_ = false;
  size_t n_open_;
  double last_delta_seconds_ = 0;
  std::vector<WholeAnswer> answers_;
  std::vector<Outcome> outcomes_;
};

/// A name that the client chose stands in no log.
void note_model(Call& call, std::string_view asked, chat::Completer& model) {
  if (asked == kAutoModel) {
    call.record().model = kAutoModel;  // which one it is may not be known yet
  } else if (const auto description = model.describe()) {
    call.record().model = description->name;
  }
}

std::optional<Failure> check_name(std::string_view model) {
  if (model.empty()) return Failure::bad_field("model", "is required");
  if (!is_model_name(model)) return Failure::no_model(model);
  return std::nullopt;
}

using Lease = std::shared_ptr<chat::Completer>;

void hand_over(const std::shared_ptr<Call>& call, Inference inference, const Lease& completer,
               Clock::time_point started) {
  std::vector<chat::CompleteRequest> requests = std::move(inference.more);
  requests.insert(requests.begin(), std::move(inference.request));
  std::vector<std::string> ids;
  const auto defaults = defaults_of(call->services(), inference.model);
  for (chat::CompleteRequest& request : requests) {
    // No client may choose an id with a slash, so nobody else's request has it.
    request.id = call->request_id() + (ids.empty() ? "" : "/" + std::to_string(ids.size()));
    request.client = call->client();
    request.context = inference.acquire.context;
    ids.push_back(request.id);
    apply_defaults(defaults, request);
    if (!inference.prepare) continue;
    if (const auto prepared = inference.prepare(*completer, request); !prepared) return call->fail(prepared.error());
  }
  const auto running = std::make_shared<Running>(call, inference, completer, ids, started);
  call->on_end([weak = std::weak_ptr(running)](const Failure& why) {
    const auto known = weak.lock();
    if (known != nullptr) known->end(why);
    return known != nullptr;
  });
  call->exchange().on_gone([lease = completer, ids] {
    for (const std::string& id : ids)
      lease->cancel(id);
  });
  for (uint32_t choice = 0; choice < requests.size() && !running->ended(); ++choice) {
    const Status status = running->completer().complete(
        std::move(requests[choice]),
        [running, choice](chat::Event event) { running->on_event(choice, std::move(event)); });
    if (!status) running->on_failed(Failure::from(status.error()));
    // Who went before the model knew the request was cancelled in vain.
    if (call->exchange().gone()) return running->cancel_all();
  }
}

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

chat::Usage total_usage(std::span<const Outcome> outcomes, uint32_t n) {
  chat::Usage total;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    const chat::Usage& usage = outcomes[i].finished.usage;
    if (i % n == 0) {
      total.prompt_tokens += usage.prompt_tokens;
      total.cached_tokens += usage.cached_tokens;
      total.prefill_seconds += usage.prefill_seconds;
    }
    total.completion_tokens += usage.completion_tokens;
    total.thinking_tokens += usage.thinking_tokens;
    total.drafted_tokens += usage.drafted_tokens;
    total.accepted_tokens += usage.accepted_tokens;
    total.decode_seconds = std::max(total.decode_seconds, usage.decode_seconds);
  }
  return total;
}

uint64_t random_seed() {
  constexpr int kBits = 52;
  std::random_device device;
  return ((uint64_t{device()} << 32) | device()) >> (64 - kBits);
}

bool is_model_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxModelNameBytes) return false;
  return name.front() != '/' && name.front() != '.' && name.front() != '~' &&
         name.find("..") == std::string_view::npos && name.find('\\') == std::string_view::npos;
}

namespace {

/// Nothing is cut down in silence.
void tell_clamped(Call& call, chat::Completer& model, const runtime::AcquireOptions& options) {
  if (!options.clamp_context || options.context == 0) return;
  const auto description = model.describe();
  if (!description || options.context <= description->context_length) return;
  call.record().clamped_context = description->context_length;
  call.add_header("x-ingle-context", std::to_string(description->context_length));
}

void tell_granted(Call& call, const runtime::AcquireOptions& options) {
  const auto granted = call.services().models->granted(options);
  if (granted && granted != options.keep_alive) call.add_header("x-ingle-keep-alive", std::to_string(*granted));
}

}  // namespace

Failure no_such_model(const Services& services, std::string_view model) {
  const auto info = installed_model(services, model);
  return info ? Failure::no_model(model) : info.error();
}

Answer<ModelInfo> installed_model(const Services& services, std::string_view name) {
  if (!is_model_name(name) || !services.info) return std::unexpected(Failure::no_model(name));
  auto info = services.info(name);
  if (!info) return std::unexpected(Failure::no_model(name, info.error().hint()));
  return *std::move(info);
}

namespace {

/// How a request comes to its model.
struct Visit {
  std::string model;  // as its client calls it
  runtime::AcquireOptions options;
  bool waits = false;
  size_t bytes = 0;
};

/// A request that does.
class Visitor final : public Seats::Guest {
 public:
  Visitor(std::shared_ptr<Call> call, Visit visit, UseModel use)
      : call_(std::move(call)),
        client_(call_->client()),
        visit_(std::move(visit)),
        use_(std::move(use)),
        wish_(fmt::format("{}{}", visit_.options.context, visit_.options.clamp_context ? " at most" : "")) {
    visit_.options.client = client_;
    visit_.options.may_only_wish = !call_->may_manage();
  }

  const std::string& id() const override { return call_->request_id(); }
  const std::string& client() const override { return client_; }
  const std::string& wish() const override { return wish_; }
  bool waits() const override { return visit_.waits; }
  size_t bytes() const override { return visit_.bytes; }

  Answer<void> acquire() override {
    if (call_->exchange().gone()) return {};  // nothing is loaded for him, and use() does nothing
    auto lease = call_->services().models->acquire(visit_.model, visit_.options);
    if (lease) {
      lease_ = *std::move(lease);
      return {};
    }
    Error error = std::move(lease).error();
    if (error.code() != ErrorCode::kNotFound) return std::unexpected(Failure::from(std::move(error)));
    return std::unexpected(Failure::no_model(visit_.model, error.hint()));
  }

  void use() override {
    if (call_->exchange().gone()) return;
    note_model(*call_, visit_.model, *lease_);
    tell_clamped(*call_, *lease_, visit_.options);
    tell_granted(*call_, visit_.options);
    use_(lease_);
  }

  void refuse(const Failure& why) override { call_->fail(why); }
  void send_worker(std::function<void()> work) override { call_->exchange().run_again(std::move(work)); }

 private:
  const std::shared_ptr<Call> call_;
  const std::string client_;
  Visit visit_;
  UseModel use_;
  const std::string wish_;
  Lease lease_;
};

void enter(const std::shared_ptr<Call>& call, Visit visit, UseModel use) {
  if (const auto refused = check_name(visit.model)) return call->fail(*refused);
  visit.bytes = std::max(visit.bytes, call->request().body.size());
  call->request().body = {};
  const auto seats = call->services().seats;
  const std::string name = call->services().models->name_of(visit.model);
  const std::string id = call->request_id();
  call->exchange().on_gone([=] { seats->give_up(name, id); });
  call->on_end([=](const Failure& why) { return seats->turn_away(name, id, why); });
  seats->take(name, std::make_shared<Visitor>(call, std::move(visit), std::move(use)));
  // Who went before he had his place did not give it up.
  if (call->exchange().gone()) seats->give_up(name, id);
}

}  // namespace

Answer<std::optional<chat::Priority>> asked_priority(Call& call) {
  const std::string_view word = call.request().header("x-ingle-priority");
  if (word.empty()) return std::nullopt;
  if (word == "background") return chat::Priority::kBackground;
  if (word == "interactive") return chat::Priority::kInteractive;
  return std::unexpected(Failure::bad_field("X-Ingle-Priority", "must be interactive or background"));
}

void with_model(const std::shared_ptr<Call>& call, const std::string& model, const runtime::AcquireOptions& options,
                UseModel use) {
  enter(call, {.model = model, .options = options}, std::move(use));
}

void ask_model(const std::shared_ptr<Call>& call, const std::string& model, const runtime::AcquireOptions& options,
               UseModel use, size_t bytes) {
  enter(call, {.model = model, .options = options, .waits = true, .bytes = bytes}, std::move(use));
}

namespace {

/// false: the call was answered with what is wrong.
bool prioritise(Call& call, Inference& inference) {
  const auto priority = asked_priority(call);
  if (!priority) {
    call.fail(priority.error());
    return false;
  }
  if (!*priority) return true;
  inference.request.priority = **priority;
  for (chat::CompleteRequest& request : inference.more)
    request.priority = **priority;
  return true;
}

}  // namespace

void run_inference(const std::shared_ptr<Call>& call, Inference inference) {
  if (!prioritise(*call, inference)) return;
  // The router loads the model that it takes.
  Visit visit{.model = inference.model,
              .options = inference.acquire,
              .waits = inference.asks_first || inference.model == kAutoModel,
              .bytes = chat::bytes_of(inference.request)};
  for (const chat::CompleteRequest& request : inference.more)
    visit.bytes += chat::bytes_of(request);
  enter(call, std::move(visit),
        [call, inference = std::move(inference), started = Clock::now()](const Lease& lease) mutable {
          hand_over(call, std::move(inference), lease, started);
        });
}

void run_inference(const std::shared_ptr<Call>& call, Inference inference, const Lease& model) {
  if (prioritise(*call, inference)) hand_over(call, std::move(inference), model, Clock::now());
}

}  // namespace ingle::api
