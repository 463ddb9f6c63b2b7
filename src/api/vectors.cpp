#include "api/vectors.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "api/inference.h"

namespace ingle::api {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A request in flight; the completer's sink holds it.
class Reading {
 public:
  Reading(std::shared_ptr<Call> call, VectorsJob job) : call_(std::move(call)), job_(std::move(job)) {}

  void start(const std::shared_ptr<Reading>& self, const std::shared_ptr<chat::Completer>& model) {
    outcome_.load_seconds = seconds_since(started_);
    const auto description = model->describe();
    if (!description) return call_->fail(description.error());
    auto request = std::exchange(job_.question, nullptr)(*description);  // and the texts are held once
    if (!request) return call_->fail(request.error());
    const auto priority = asked_priority(*call_);
    if (!priority) return call_->fail(priority.error());
    request->priority = priority->value_or(request->priority);
    request->id = call_->request_id();
    request->client = call_->client();
    request->context = job_.acquire.context;
    n_missing_ = request->inputs.size();
    if (n_missing_ == 0) return respond();  // who asks for nothing has the model loaded
    call_->record().computes = true;
    call_->exchange().on_gone([model, id = request->id] { model->cancel(id); });
    const Status status =
        model->embed(*std::move(request), [self, model](chat::Event event) { self->on_event(std::move(event)); });
    if (!status) return fail({status.error()});
    // Who went before the model knew the request was cancelled in vain.
    if (call_->exchange().gone()) model->cancel(call_->request_id());
  }

 private:
  void on_event(chat::Event event) {
    const std::lock_guard lock(mutex_);
    if (auto* some = std::get_if<chat::Vectors>(&event)) {
      take(*some);
    } else if (const auto* finished = std::get_if<chat::Finished>(&event)) {
      finish(*finished);
    } else if (auto* failed = std::get_if<chat::Failed>(&event)) {
      fail(std::move(*failed));
    }
  }

  void take(chat::Vectors& some) {
    for (size_t i = 0; i < some.list.size(); ++i) {
      const size_t input = some.first + i;
      if (input == n_taken_) ++n_taken_;
      n_cut_ += input + 1 == n_taken_ && some.list[i].is_cut ? 1 : 0;
      job_.encoder->take(input, std::move(some.list[i]));
    }
  }

  void finish(const chat::Finished& finished) {
    if (finished.reason == chat::FinishReason::kCancelled) return fail({Error::cancelled()});
    if (n_taken_ < n_missing_) return fail({Error::internal("the model left out some of the texts")});
    RequestRecord& record = call_->record();
    record.route_taken = "local";
    record.finish = "stop";
    record.prompt_tokens = finished.usage.prompt_tokens;
    record.queued_seconds = finished.usage.queued_seconds;
    record.prefill_seconds = finished.usage.prefill_seconds;
    record.load_seconds = outcome_.load_seconds;
    outcome_.prompt_tokens = finished.usage.prompt_tokens;
    respond();
  }

  void respond() {
    outcome_.total_seconds = seconds_since(started_);
    if (n_cut_ > 0) call_->add_header("x-ingle-truncated", std::to_string(n_cut_));
    call_->respond_json(job_.encoder->whole(outcome_));
  }

  void fail(chat::Failed failed) { call_->fail(job_.explain(std::move(failed))); }

  const std::shared_ptr<Call> call_;
  VectorsJob job_;
  const Clock::time_point started_ = Clock::now();
  std::mutex mutex_;  // over all that follows
  VectorsOutcome outcome_;
  size_t n_missing_ = 0;
  size_t n_taken_ = 0;
  size_t n_cut_ = 0;
};

}  // namespace

void run_vectors(const std::shared_ptr<Call>& call, VectorsJob job) {
  const std::string model = job.model;
  const auto acquire = job.acquire;
  const auto reading = std::make_shared<Reading>(call, std::move(job));
  with_model(call, model, acquire,
             [reading](const std::shared_ptr<chat::Completer>& lease) { reading->start(reading, lease); });
}

}  // namespace ingle::api
