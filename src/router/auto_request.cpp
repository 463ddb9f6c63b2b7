#include "router/auto_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "router/providers/provider.h"

namespace ingle::router {
namespace {

constexpr int64_t kSecondsPerDay = 86'400;
constexpr uint64_t kAssumedAnswerTokens = 1024;  // reserved where the request sets no limit
constexpr uint64_t kBytesPerToken = 3;           // fewer than in any usual text, so that a reservation is not too small

std::string provider_route(const Provider& provider) {
  return "cloud:" + provider.name;
}

Egress egress_of(const ReleasedRequest& released, const Decision& decision) {
  return {.unix_time = decision.unix_time,
          .kind = "cloud request",
          .host = released.http().url.authority(),
          .bytes_out = released.http().body.size(),
          .outcome = "pending",
          .request_id = decision.id};
}

}  // namespace

Result<std::shared_ptr<chat::Completer>> acquire_local(const RoutingOptions& options, const PolicyFile& file,
                                                       std::string& name, uint32_t context) {
  name = file.policy ? file.policy->local_model : "";
  if (name.empty()) {
    INGLE_TRY(name, options.default_model());
  }
  if (name == kAutoModel) {
    return std::unexpected(
        Error::usage("the policy's route.local_model cannot be 'auto'").hint("name an installed model"));
  }
  // Who asks for `auto` does not know what the model was made for.
  return options.models->acquire(name, {.keep_alive = {}, .context = context, .clamp_context = true});
}

AutoRequest::AutoRequest(const RoutingOptions& options, const Gate& gate, Ledger* ledger, chat::CompleteRequest request,
                         chat::EventSink sink)
    : options_(options), gate_(gate), ledger_(ledger), request_(std::move(request)), sink_(std::move(sink)) {}

void AutoRequest::run() {
  const PolicyFile file = read_policy(options_.home);
  policy_ = file.policy;
  decision_.id = request_.id;
  decision_.unix_time = options_.now_unix();
  decision_.model = kAutoModel;
  decision_.route = "local";
  decision_.outcome = "pending";
  auto local = acquire_local(options_, file, decision_.local_model, request_.context);
  if (!local) return fail(std::move(local).error());
  local_ = *std::move(local);
  if (const auto description = local_->describe()) local_description_ = *description;
  if (policy_ && policy_->provider) {
    decision_.provider = policy_->provider->name;
    decision_.threshold = policy_->threshold.value_or(default_threshold(local_description_));
  }
  const auto released = try_release(file);
  if (!released) return answer_here(released.error());
  decision_.findings = released->findings();
  note("gate", "clear", "Nothing in the request has to stay here.");
  decide(*policy_, file);
}

std::expected<ReleasedRequest, Withheld> AutoRequest::try_release(const PolicyFile& file) {
  if (!file.present) return std::unexpected(Withheld{"policy", "There is no policy, so there is no cloud.", {}});
  if (!file.policy) {
    return std::unexpected(
        Withheld{"policy", "The policy has a fault, so there is no cloud (" + file.problems.front() + ").", {}});
  }
  if (!file.policy->provider) return std::unexpected(Withheld{"policy", "The policy names no provider.", {}});
  if (ledger_ == nullptr) {
    return std::unexpected(Withheld{"ledger", "The ledger cannot be written, so nothing may leave.", {}});
  }
  const auto key = read_api_key(*file.policy->provider, options_.environment);
  if (!key) return std::unexpected(Withheld{"policy", "It stays here: " + key.error().message() + ".", {}});
  return gate_.release(*file.policy, *key, request_);
}

Result<std::unique_ptr<LocalAnswer>> AutoRequest::start_local() {
  chat::CompleteRequest request = request_;
  request.id += "/local";
  request.logprobs = std::max(request.logprobs, kConfidenceLogprobs);
  return LocalAnswer::start(local_, std::move(request));
}

void AutoRequest::answer_here(const Withheld& why) {
  decision_.decided_by = why.decided_by;
  decision_.reason = why.reason;
  decision_.findings = why.findings;
  note(why.decided_by, "stays", why.reason);
  auto answer = start_local();
  if (!answer) return fail(std::move(answer).error());
  stream(**answer);
}

void AutoRequest::decide(const Policy& policy, const PolicyFile& file) {
  auto answer = start_local();
  if (!answer) return fail(std::move(answer).error());
  auto held = hold_back(**answer);
  if (!held) return fail(std::move(held).error());
  const bool whole = held->finished && held->finished->reason == chat::FinishReason::kStop;
  if (whole && wants_verdict(local_description_)) add_verdict(*held);
  const double score = confidence_.score(local_description_);
  const double threshold = *decision_.threshold;
  decision_.confidence = score;
  note("local answer", fmt::format("{} tokens", static_cast<size_t>(confidence_.features().n_tokens)),
       held->finished ? "The whole answer was held back." : "Its beginning was held back.");
  // Whoever has gone is not spoken for elsewhere, also when the local answer had ended before.
  const bool cancelled =
      stop_.stop_requested() || (held->finished && held->finished->reason == chat::FinishReason::kCancelled);
  // Not `>=`: a score that is no number keeps the request here.
  if (cancelled || !(score < threshold)) {
    decision_.decided_by = "confidence";
    decision_.reason =
        cancelled ? "The request was cancelled before anything was decided."
                  : fmt::format("The local model was sure enough ({:.2f}, threshold {:.2f}).", score, threshold);
    note("confidence", cancelled ? "cancelled" : "sure", decision_.reason);
    return keep(*std::move(answer), *std::move(held));
  }
  note("confidence", "unsure", fmt::format("The local model was unsure ({:.2f}, threshold {:.2f}).", score, threshold));
  // An answer that has ended costs nothing to keep; one that goes on would take cores from the one that is waited for.
  if (!held->finished) answer->reset();
  if (ask_provider(policy, file)) return;
  decision_.route = "local";
  if (held->finished) return keep(*std::move(answer), *std::move(held));
  auto again = start_local();
  if (!again) return fail(std::move(again).error());
  stream(**again);
}

Result<AutoRequest::Held> AutoRequest::hold_back(LocalAnswer& answer) {
  const std::stop_callback cancelling(stop_.get_token(), [&] { answer.cancel(); });
  Held held;
  size_t tokens = 0;
  while (tokens < kHeldTokens) {
    chat::Event event = answer.next();
    if (auto* delta = std::get_if<chat::Delta>(&event)) {
      // A delta may hold several tokens; the score must not depend on how many came at once.
      for (const chat::TokenInfo& token : delta->tokens)
        if (tokens++ < kHeldTokens) confidence_.add(token);
      held.deltas.push_back(std::move(*delta));
    } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
      held.finished = std::move(*finished);
      break;
    } else if (auto* failed = std::get_if<chat::Failed>(&event)) {
      return std::unexpected(std::move(failed->error));
    } else {
      sink_(std::move(event));
    }
  }
  return held;
}

void AutoRequest::add_verdict(const Held& held) {
  std::string answer;
  for (const chat::Delta& delta : held.deltas)
    answer += delta.text;
  chat::CompleteRequest asked;
  asked.id = request_.id;
  asked.prompt = request_.prompt;
  const std::stop_callback cancelling(stop_.get_token(), [&] { local_->cancel(verdict_id(asked.id)); });
  const auto verdict = ask_verdict(*local_, asked, answer);
  if (!verdict || !*verdict) return;
  confidence_.add_verdict(**verdict);
  note("own verdict", fmt::format("{:.2f}", **verdict), "What the local model holds of its own answer, from 0 to 1.");
}

void AutoRequest::keep(std::unique_ptr<LocalAnswer> answer, Held held) {
  for (chat::Delta& delta : held.deltas)
    hand_on(std::move(delta));
  if (held.finished) return finish(*std::move(held.finished), true);
  stream(*answer);
}

void AutoRequest::stream(LocalAnswer& answer) {
  const bool judging = !decision_.confidence;
  const std::stop_callback cancelling(stop_.get_token(), [&] { answer.cancel(); });
  while (true) {
    chat::Event event = answer.next();
    if (auto* delta = std::get_if<chat::Delta>(&event)) {
      if (judging) {
        for (const chat::TokenInfo& token : delta->tokens)
          confidence_.add(token);
      }
      hand_on(std::move(*delta));
    } else if (auto* finished = std::get_if<chat::Finished>(&event)) {
      if (judging && !confidence_.empty()) decision_.confidence = confidence_.score(local_description_);
      return finish(std::move(*finished), true);
    } else if (auto* failed = std::get_if<chat::Failed>(&event)) {
      return fail(std::move(failed->error));
    } else {
      sink_(std::move(event));
    }
  }
}

bool AutoRequest::ask_provider(const Policy& policy, const PolicyFile& file) {
  const Provider& provider = *policy.provider;
  // Once more: the switch may have been thrown while the local model was answering.
  const auto released = try_release(file);
  if (!released) {
    decision_.decided_by = released.error().decided_by;
    decision_.reason = released.error().reason;
    note(decision_.decided_by, "stays", decision_.reason);
    return false;
  }
  decision_.route = "pending";
  decision_.decided_by = "confidence";
  decision_.reason = fmt::format("The local model was unsure ({:.2f}, threshold {:.2f}), so {} was asked.",
                                 *decision_.confidence, *decision_.threshold, provider.name);
  const uint64_t answer_tokens =
      request_.max_tokens > 0 ? static_cast<uint64_t>(request_.max_tokens) : kAssumedAnswerTokens;
  decision_.cost_usd = provider.price_of(released->http().body.size() / kBytesPerToken + 1, answer_tokens);
  decision_.bytes_out = released->http().body.size();
  note("gate", "released",
       fmt::format("{} bytes for {}, with a receipt.", decision_.bytes_out, released->http().url.authority()));
  Egress egress = egress_of(*released, decision_);
  const Budget budget{policy.max_requests_per_day, policy.max_usd_per_day};
  const int64_t day_start = decision_.unix_time - decision_.unix_time % kSecondsPerDay;
  if (const auto reserved = ledger_->reserve(decision_, egress, budget, day_start); !reserved) {
    const bool over = reserved.error().code() == ErrorCode::kExhausted;
    decision_.decided_by = over ? "budget" : "ledger";
    decision_.reason = over ? "It stays here: " + reserved.error().message() + "."
                            : "The ledger cannot be written, so nothing may leave.";
    decision_.cost_usd.reset();
    decision_.bytes_out = 0;
    note(decision_.decided_by, "stays", decision_.reason);
    return false;
  }
  return send(provider, *released, egress);
}

bool AutoRequest::send(const Provider& provider, const ReleasedRequest& released, Egress& egress) {
  const std::unique_ptr<AnswerReader> reader = find_provider_kind(provider.kind)->reader();
  bool handed_on = false;
  const auto on_text = [&](std::string text) {
    handed_on = true;
    sink_(chat::Delta{std::move(text), {}, {}});
  };
  const net::BodySink sink{
      .on_head = [&](const net::HttpHead& head) -> Result<bool> { return head.status == 200; },
      .on_body = [&](std::span<const std::byte> bytes) -> Status {
        decision_.bytes_in += bytes.size();
        return reader->feed({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, on_text);
      },
  };
  bool sent = false;
  const auto answer = [&]() -> Result<chat::Finished> {
    INGLE_TRY(const auto transport, options_.transport());
    if (stop_.stop_requested()) return std::unexpected(Error::cancelled());
    sent = true;
    INGLE_TRY(const net::HttpHead head, transport->send(released.http(), released.permit(), sink, stop_.get_token()));
    if (head.status != 200) {
      return std::unexpected(
          Error::unavailable(fmt::format("{} answers {}", provider.name, net::status_text(head.status))));
    }
    return reader->finish();
  }();

  egress.bytes_in = decision_.bytes_in;
  egress.outcome = answer ? "answered" : stop_.stop_requested() ? "cancelled" : "failed";
  if (answer) {
    decision_.cost_usd = provider.price_of(answer->usage.prompt_tokens, answer->usage.completion_tokens);
  } else if (!sent) {
    decision_.cost_usd = 0;
    decision_.bytes_out = egress.bytes_out = 0;
  }
  if (const auto settled = ledger_->settle(decision_, egress); !settled) {
    note("ledger", "failed", "The end of the request could not be written: " + settled.error().message());
  }
  if (answer) {
    note("provider", "answered",
         fmt::format("{} answered with {} tokens.", provider.name, answer->usage.completion_tokens));
    decision_.route = provider_route(provider);
    chat::Finished finished = *answer;
    finished.route = decision_.route;
    finish(std::move(finished), false);
    return true;
  }
  note("provider", "failed", answer.error().message());
  if (handed_on || stop_.stop_requested()) {
    decision_.route = provider_route(provider);
    if (stop_.stop_requested()) {
      finish({.reason = chat::FinishReason::kCancelled, .stop_text = {}, .usage = {}, .route = decision_.route}, false);
    } else {
      fail(answer.error());
    }
    return true;
  }
  decision_.decided_by = "provider";
  decision_.reason =
      fmt::format("The local model was unsure, but {} could not answer ({}).", provider.name, answer.error().message());
  return false;
}

void AutoRequest::hand_on(chat::Delta delta) {
  if (request_.logprobs < 0) {
    delta.tokens.clear();
  } else {
    for (chat::TokenInfo& token : delta.tokens)
      token.top.resize(std::min(token.top.size(), static_cast<size_t>(request_.logprobs)));
  }
  if (delta.text.empty() && delta.tokens.empty() && delta.bytes.empty() && delta.tool_calls.empty() &&
      delta.thinking.empty())
    return;
  sink_(std::move(delta));
}

void AutoRequest::note(std::string step, std::string outcome, std::string detail) {
  decision_.steps.push_back({std::move(step), std::move(outcome), std::move(detail)});
}

void AutoRequest::finish(chat::Finished finished, bool here) {
  decision_.prompt_tokens = finished.usage.prompt_tokens;
  decision_.completion_tokens = finished.usage.completion_tokens;
  decision_.outcome = finished.reason == chat::FinishReason::kCancelled ? "cancelled" : "answered";
  if (here && policy_ && policy_->provider) {
    decision_.saved_usd = policy_->provider->price_of(decision_.prompt_tokens, decision_.completion_tokens);
    if (decision_.threshold && decision_.confidence && *decision_.confidence < *decision_.threshold &&
        decision_.decided_by != "provider") {
      decision_.reason += fmt::format(" The local model was unsure ({:.2f}, threshold {:.2f}).", *decision_.confidence,
                                      *decision_.threshold);
    }
  }
  write_ledger();
  sink_(std::move(finished));
}

void AutoRequest::fail(Error error) {
  decision_.outcome = "failed";
  // Its kind and not its words: an error may name parts of a schema or what a template says.
  note("answer", "failed", std::string(base::to_string(error.code())));
  write_ledger();
  sink_(chat::Failed{std::move(error)});
}

void AutoRequest::write_ledger() {
  decision_.ms = elapsed_ms();
  // Whatever left was announced before; an answer that stayed here is given even when the book is full.
  if (ledger_ != nullptr) std::ignore = ledger_->record(decision_);
}

double AutoRequest::elapsed_ms() const {
  return std::chrono::duration<double, std::milli>(Clock::now() - began_).count();
}

}  // namespace ingle::router
