#include "engine/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "engine/sampler/logprobs.h"

namespace ingle::engine {
namespace {

double seconds(std::chrono::steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void put_text(chat::Delta& delta, std::string shown) {
  if (base::is_valid_utf8(shown)) {
    delta.text = std::move(shown);
  } else {
    delta.text = base::to_valid_utf8(shown);
    delta.bytes = std::move(shown);
  }
}

}  // namespace

Completion::Completion(std::string id, std::vector<int32_t> prompt, Settings settings, const text::Tokenizer& tokenizer,
                       chat::EventSink sink)
    : Job(std::move(id), std::move(prompt)),
      settings_(std::move(settings)),
      tokenizer_(tokenizer),
      sink_(std::move(sink)),
      state_(settings_.sampler.initial_state()),
      text_(std::move(settings_.stop)) {
  usage_.prompt_tokens = static_cast<uint32_t>(tokens_.size());
  const size_t room = settings_.context + 1 - std::min<size_t>(tokens_.size(), settings_.context);
  const size_t most = tokens_.size() + std::min<size_t>(settings_.max_tokens, room);
  tokens_.reserve(most);
  if (settings_.speculate) lookup_.emplace(most);
}

void Completion::inherit(const SequenceState& state, size_t n_tokens) {
  state_ = state.sampler;
  // A document goes on where it stood; after words of somebody else's there is none to go on with.
  if (!settings_.constraint && tokens_.size() == n_tokens) settings_.constraint = state.constraint;
}

void Completion::started(uint32_t n_cached) {
  if (phase_ != Phase::kWaiting) return;  // after a preemption the client sees a pause, not a second beginning
  phase_ = Phase::kPrefill;
  started_ = Clock::now();
  usage_.cached_tokens = n_cached;
  sink_(chat::Prefill{n_cached, usage_.prompt_tokens});
}

void Completion::progressed(uint32_t n_stored) {
  if (phase_ == Phase::kPrefill) sink_(chat::Prefill{n_stored, usage_.prompt_tokens});
}

uint32_t Completion::top() const {
  return settings_.constraint || settings_.logprobs >= 0 ? 0 : settings_.sampler.top();
}

bool Completion::take(std::span<const backend::Output> rows, uint32_t /*pos*/, SamplerScratch& scratch) {
  begin_decode();
  if (settings_.max_tokens == 0) {
    end(chat::FinishReason::kLength);
    return true;
  }
  chat::Delta delta;
  std::string shown;
  const auto n_drafted = static_cast<uint32_t>(rows.size()) - 1;
  usage_.drafted_tokens += n_drafted;
  uint32_t n_right = 0;
  // Every row is sampled as if it came alone, and the draft decides no more than how many there are to sample: a row counts
  // when the token drawn from the one before it is the one that it was computed for.
  while (true) {
    const backend::Output& row = rows[n_right];
    const auto token = choose(row, scratch);
    if (!token) {
      send(std::move(delta), std::move(shown));
      fail(token.error());
      return true;
    }
    if (settings_.logprobs >= 0) delta.tokens.push_back(info_of(row.values, *token));
    const auto reason = accept(*token, shown);
    if (reason) {
      shown += text_.finish();
      send(std::move(delta), std::move(shown));
      end(*reason);
      return true;
    }
    if (n_right == n_drafted || *token != draft_[n_right]) break;
    ++n_right;
    ++usage_.accepted_tokens;
  }
  if (n_drafted > 0) lookup_->judge(n_right, n_right < n_drafted);
  send(std::move(delta), std::move(shown));
  return false;
}

void Completion::begin_decode() {
  if (phase_ != Phase::kPrefill) return;
  phase_ = Phase::kDecode;
  first_token_ = Clock::now();
  usage_.prefill_seconds = seconds(first_token_ - started_);
}

void Completion::send(chat::Delta delta, std::string shown) {
  put_text(delta, std::move(shown));
  if (!delta.text.empty() || !delta.tokens.empty()) sink_(std::move(delta));
}

void Completion::guess(uint32_t most) {
  draft_ = {};
  if (!lookup_ || most == 0) return;
  // The last token of an answer is never computed, so neither is a guess of it.
  const uint32_t left = tokens_left();
  if (left > 1) draft_ = lookup_->guess(tokens_, std::min(most, left - 1));
}

/// Tokens that may still be generated, the next one included.
uint32_t Completion::tokens_left() const {
  const size_t room = size_t{settings_.context} + 1 - std::min<size_t>(tokens_.size(), size_t{settings_.context} + 1);
  return static_cast<uint32_t>(
      std::min<size_t>(room, settings_.max_tokens - std::min(usage_.completion_tokens, settings_.max_tokens)));
}

Result<int32_t> Completion::choose(const backend::Output& row, SamplerScratch& scratch) {
  const Sampler& sampler = settings_.sampler;
  if (!row.top.empty()) return sampler.sample_top(row, tokens_, scratch);
  const auto logits = row.values;
  if (!settings_.constraint) return sampler.sample(logits, tokens_, state_, scratch);
  const auto& constraint = *settings_.constraint;
  const uint32_t left = tokens_left();
  if (constraint.shortest() > left) {
    return std::unexpected(Error::refused(fmt::format(
        "{} tokens are left, ending the document that was begun may take {}", left, constraint.shortest())));
  }
  const SamplerState before = state_;
  auto token = sampler.sample(logits, tokens_, state_, scratch, constraint.allowed());
  if (!token || constraint.fits(*token, left - 1)) return token;
  // Drawn freely first, so that only an answer that would not have fitted is called cut.
  state_ = before;
  cut_ = true;
  return sampler.sample(logits, tokens_, state_, scratch, constraint.allowed_within(left - 1));
}

std::optional<chat::FinishReason> Completion::accept(int32_t token, std::string& shown) {
  tokens_.push_back(token);
  ++usage_.completion_tokens;
  const chat::FinishReason whole = cut_ ? chat::FinishReason::kLength : chat::FinishReason::kStop;
  if (tokenizer_.is_end_of_generation(token)) return whole;
  shown += text_.push(tokenizer_.piece(token));
  if (text_.stopped()) return chat::FinishReason::kStop;
  if (settings_.constraint) {
    settings_.constraint->accept(token);
    if (settings_.constraint->is_complete()) return whole;
  }
  if (usage_.completion_tokens >= settings_.max_tokens) return chat::FinishReason::kLength;
  if (tokens_.size() > settings_.context) return chat::FinishReason::kContextFull;
  return std::nullopt;
}

chat::TokenInfo Completion::info_of(std::span<const float> logits, int32_t chosen) const {
  const auto described = [this](int32_t id, double logprob) {
    return chat::TokenLogprob{id, std::string(tokenizer_.piece(id, true)), static_cast<float>(logprob)};
  };
  const double log_sum = log_sum_exp(logits);
  chat::TokenInfo info;
  info.chosen = described(chosen, static_cast<double>(logits[static_cast<size_t>(chosen)]) - log_sum);
  for (const auto& [id, logprob] : top_logprobs(logits, log_sum, static_cast<uint32_t>(settings_.logprobs))) {
    info.top.push_back(described(id, logprob));
  }
  return info;
}

void Completion::end(chat::FinishReason reason) {
  close_timings();
  outcome_ = chat::Finished{reason, text_.stop_text(), usage_};
}

void Completion::close_timings() {
  if (phase_ == Phase::kDecode) usage_.decode_seconds = seconds(Clock::now() - first_token_);
}

void Completion::fail(Error error) {
  outcome_ = chat::Failed{std::move(error)};
}

void Completion::cancel() {
  if (std::string rest = text_.finish(); !rest.empty()) {
    chat::Delta delta;
    put_text(delta, std::move(rest));
    sink_(std::move(delta));
  }
  end(chat::FinishReason::kCancelled);
}

void Completion::conclude() {
  sink_(std::move(outcome_));
}

}  // namespace ingle::engine
