#include "engine/completion.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/utf8.h"
#include "chat/errors.h"
#include "engine/forced_text.h"
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
  const size_t room = settings_.context - std::min<size_t>(tokens_.size(), settings_.context);
  const size_t most = tokens_.size() + std::min<size_t>(settings_.max_tokens, room);
  tokens_.reserve(most);
  if (settings_.speculate) lookup_.emplace(most);
}

void Completion::inherit(const SequenceState& state, size_t n_tokens) {
  state_ = state.sampler;
  // A document goes on where it stood; after words of somebody else's there is none to go on with.
  if (settings_.constraint || tokens_.size() != n_tokens) return;
  settings_.constraint = state.constraint;
  loops_ = state.loops;
}

void Completion::started(uint32_t n_cached) {
  if (phase_ != Phase::kWaiting) return;  // after a preemption the client sees a pause, not a second beginning
  phase_ = Phase::kPrefill;
  started_ = Clock::now();
  usage_.queued_seconds = seconds(started_ - arrived_);
  usage_.cached_tokens = std::min(n_cached, usage_.prompt_tokens);  // forced text stands after the prompt
  sink_(chat::Prefill{usage_.cached_tokens, usage_.prompt_tokens});
}

void Completion::progressed(uint32_t n_stored) {
  if (phase_ == Phase::kPrefill) sink_(chat::Prefill{std::min(n_stored, usage_.prompt_tokens), usage_.prompt_tokens});
}

bool Completion::begin() {
  if (tokens_left() == 0) return false;
  const Clock::time_point begun = Clock::now();
  const auto reason = say_forced(unsent_);
  if (!reason) return false;
  usage_.queued_seconds = seconds(begun - arrived_);
  usage_.decode_seconds = seconds(Clock::now() - begun);
  finish_text(unsent_);
  send(std::exchange(unsent_, {}));
  end(*reason);
  return true;
}

uint32_t Completion::top() const {
  if (settings_.logprobs >= 0) return 0;
  return settings_.constraint ? settings_.sampler.top_under_mask() : settings_.sampler.top();
}

bool Completion::wants_preparation() const {
  if (!settings_.constraint || !forced_.empty()) return false;
  return !settings_.constraint->knows_allowed() || (after_healed_ && !after_healed_->knows_allowed());
}

void Completion::prepare() {
  settings_.constraint->allowed();
  if (after_healed_) after_healed_->allowed();
}

bool Completion::take(std::span<const backend::Output> rows, uint32_t pos, SamplerScratch& scratch) {
  begin_decode();
  if (tokens_left() == 0) {
    end(settings_.max_tokens == 0 ? chat::FinishReason::kLength : chat::FinishReason::kContextFull);
    return true;
  }
  std::string shown = std::exchange(unsent_, {});
  const auto n_drafted = static_cast<uint32_t>(rows.size()) - 1;
  const bool is_guess = certain_.empty();
  if (is_guess) usage_.drafted_tokens += n_drafted;
  uint32_t n_right = 0;
  // Every row is sampled as if it came alone, and the draft decides no more than how many there are to sample: a row counts
  // when the tokens before it, drawn or forced, are those that it was computed for.
  while (true) {
    const backend::Output& row = rows[n_right];
    const auto token = choose(row, scratch);
    if (!token) {
      send(std::move(shown));
      fail(token.error());
      return true;
    }
    auto reason = accept(*token, shown);
    if (settings_.logprobs >= 0 && !before_answer()) untold_.push_back({info_of(row.values, *token), n_read()});
    if (!reason) reason = say_forced(shown);
    if (reason) {
      finish_text(shown);
      send(std::move(shown));
      end(*reason);
      return true;
    }
    const size_t n_known = tokens_.size() - 1 - pos;
    const uint32_t before = n_right;
    while (n_right < std::min<size_t>(n_known, n_drafted) && draft_[n_right] == tokens_[pos + 1 + n_right])
      ++n_right;
    if (is_guess) usage_.accepted_tokens += n_right - before;
    if (n_right < n_known) break;
  }
  if (is_guess && n_drafted > 0) lookup_->judge(n_right, n_right < n_drafted);
  send(std::move(shown));
  return false;
}

void Completion::begin_decode() {
  if (phase_ != Phase::kPrefill) return;
  phase_ = Phase::kDecode;
  first_token_ = Clock::now();
  usage_.prefill_seconds = seconds(first_token_ - started_);
}

void Completion::send(std::string shown) {
  chat::Delta delta;
  put_text(delta, std::move(shown));
  delta.tokens = tokens_given();
  delta.tool_calls = std::exchange(pieces_, {});
  delta.thinking = std::exchange(thought_, {});
  if (!delta.text.empty() || !delta.tokens.empty() || !delta.tool_calls.empty() || !delta.thinking.empty())
    sink_(std::move(delta));
}

/// A token is told with the end of its text; the one that a stop string cuts, and what came after it, never.
std::vector<chat::TokenInfo> Completion::tokens_given() {
  const bool all = text_.n_given() == n_read();  // also those whose text is in a call
  std::vector<chat::TokenInfo> tokens;
  while (!untold_.empty() && (all || untold_.front().end <= text_.n_given())) {
    tokens.push_back(std::move(untold_.front().info));
    untold_.pop_front();
  }
  return tokens;
}

/// Bytes of the answer's text, with those that may turn out to be of a call.
size_t Completion::n_read() const {
  return text_.n_read() + (settings_.calls ? settings_.calls->n_held() : 0);
}

void Completion::guess(uint32_t most) {
  draft_ = {};
  certain_.clear();
  // The last token of an answer is never computed, so neither is a guess of it.
  const uint32_t left = tokens_left();
  most = std::min(most, left > 0 ? left - 1 : 0);
  if (most == 0) return;
  certain_.assign(forced_.begin(),
                  forced_.begin() + static_cast<std::ptrdiff_t>(std::min<size_t>(most, forced_.size())));
  if (settings_.speculate && healed_ != text::kNoToken && forced_.size() < most) certain_.push_back(healed_);
  if (!certain_.empty()) {
    draft_ = certain_;
  } else if (lookup_) {
    draft_ = lookup_->guess(tokens_, most);
  }
}

/// Tokens that may still be generated, the next one included.
uint32_t Completion::tokens_left() const {
  const size_t room = settings_.context - std::min<size_t>(tokens_.size(), settings_.context);
  return static_cast<uint32_t>(
      std::min<size_t>(room, settings_.max_tokens - std::min(usage_.completion_tokens, settings_.max_tokens)));
}

Result<int32_t> Completion::choose(const backend::Output& row, SamplerScratch& scratch) {
  const Sampler& sampler = settings_.sampler;
  if (!forced_.empty()) {
    // Without a constraint a row may be its largest logits alone, and nothing hangs on them.
    if (!row.values.empty()) INGLE_TRY_VOID(sampler.check(row.values));
    const int32_t token = forced_.front();
    forced_.pop_front();
    return token;
  }
  if (!settings_.constraint) return choose_freely(row, scratch);
  return before_answer() ? choose_before_answer(row, scratch) : choose_allowed(row, scratch);
}

Result<int32_t> Completion::choose_freely(const backend::Output& row, SamplerScratch& scratch) {
  if (!settings_.constraint && !row.top.empty()) return settings_.sampler.sample_top(row, tokens_, scratch);
  return settings_.sampler.sample(row.values, tokens_, state_, scratch);
}

/// Thoughts are free, but what follows them is the document: a token may not reach from one into the other, nor end all.
Result<int32_t> Completion::choose_before_answer(const backend::Output& row, SamplerScratch& scratch) {
  text::thinking::Splitter& thinking = *settings_.thinking;
  constexpr size_t kRoomToThink = 16;
  const bool has_room = tokens_left() > settings_.constraint->shortest() + settings_.thinking_end.size() + kRoomToThink;
  if (thinking.may_think() && thinking.missing().empty() && !has_room) {
    thinking.begin_answer();
    return choose_allowed(row, scratch);
  }
  const SamplerState before = state_;
  const auto token = choose_freely(row, scratch);
  if (!token) return token;
  text::thinking::Splitter after = thinking;
  after.push(mark_or_piece(*token));
  if (!tokenizer_.is_end_of_generation(*token) && after.before_answer()) {
    // Space after the thinking is taken once: a model that goes on with it finds no document.
    const bool is_space =
        !thinking.thinks() && !after.thinks() && thinking.missing().empty() && after.missing().empty();
    if (!is_space || n_spaces_++ == 0) return token;
  }
  state_ = before;
  if (thinking.thinks()) {
    end_thinking();
  } else if (const std::string mark = thinking.missing(); !mark.empty()) {
    const auto rest = tokenizer_.encode(mark, {.parse_special = true, .continues = true}, /*trusted=*/true);
    forced_.assign(rest.begin(), rest.end());
  } else {
    thinking.begin_answer();
    return choose_allowed(row, scratch);
  }
  const int32_t first = forced_.front();
  forced_.pop_front();
  return first;
}

bool Completion::is_thinking_to_end() const {
  if (!settings_.thinking || !settings_.thinking->thinks() || !forced_.empty()) return false;
  if (usage_.thinking_tokens >= settings_.max_thinking) return true;
  // The document needs its room.
  return settings_.constraint && tokens_left() <= settings_.constraint->shortest() + settings_.thinking_end.size() + 1;
}

void Completion::end_thinking() {
  const std::string mark = settings_.thinking->missing();
  if (mark.empty()) {
    forced_.assign(settings_.thinking_end.begin(), settings_.thinking_end.end());
  } else {
    const auto rest = tokenizer_.encode(mark, {.parse_special = true, .continues = true}, /*trusted=*/true);
    forced_.assign(rest.begin(), rest.end());
  }
}

/// A control token is none of the text, unless it is one of the marks around the thinking.
std::string Completion::mark_or_piece(int32_t token) const {
  if (!tokenizer_.is_control(token)) return std::string(tokenizer_.piece(token));
  const std::string_view spelling = tokenizer_.piece(token, true);
  return settings_.thinking->is_of_mark(spelling) ? std::string(spelling) : std::string();
}

Result<int32_t> Completion::choose_allowed(const backend::Output& row, SamplerScratch& scratch) {
  const Sampler& sampler = settings_.sampler;
  const auto& constraint = *settings_.constraint;
  const uint32_t left = tokens_left();
  const uint32_t shortest = constraint.shortest();
  if (shortest > left) {
    return std::unexpected(Error::refused(
        fmt::format("{} tokens are left, ending the document that was begun may take {}", left, shortest)));
  }
  // A loop ends on the shortest way, whatever room there is.
  const uint32_t room = loops_.loops() ? std::max(shortest, 1U) : left;
  const SamplerState before = state_;
  auto token = sampler.sample_allowed(row, tokens_, state_, scratch, constraint.allowed());
  if (token && !constraint.fits(*token, room - 1)) {
    // Drawn freely first, so that only an answer that would not have fitted is called cut.
    state_ = before;
    cut_ = true;
    token = sampler.sample_allowed(row, tokens_, state_, scratch, constraint.allowed_within(room - 1));
  }
  if (token) loops_.see(*token);
  return token;
}

std::optional<chat::FinishReason> Completion::accept(int32_t token, std::string& shown) {
  if (!begin_ && text_.may_stop() && usage_.completion_tokens == 0) begin_ = settings_.constraint;
  tokens_.push_back(token);
  ++usage_.completion_tokens;
  const chat::FinishReason whole = cut_ ? chat::FinishReason::kLength : chat::FinishReason::kStop;
  if (tokenizer_.is_end_of_generation(token)) return whole;
  const bool is_of_answer = !before_answer();
  read(token, shown);
  if (!is_of_answer && before_answer() && settings_.thinking->has_thought()) ++usage_.thinking_tokens;
  if (broken_call_ || text_.stopped()) return chat::FinishReason::kStop;
  if (settings_.constraint && is_of_answer) {
    settings_.constraint->accept(token);
    if (settings_.constraint->is_complete()) return whole;
    if (loops_.loops() && settings_.constraint->accepts()) return chat::FinishReason::kLength;
  }
  if (usage_.completion_tokens >= settings_.max_tokens) return chat::FinishReason::kLength;
  if (tokens_.size() >= settings_.context) return chat::FinishReason::kContextFull;
  return std::nullopt;
}

/// Text that must come next is not asked for: it is known, and computed along with the next token that is to be chosen.
std::optional<chat::FinishReason> Completion::say_forced(std::string& shown) {
  if (is_thinking_to_end()) end_thinking();
  if (!settings_.constraint || !forced_.empty() || before_answer()) return std::nullopt;
  healed_ = text::kNoToken;
  after_healed_.reset();
  const uint32_t left = tokens_left();
  ForcedText text;
  if (settings_.short_answer) {
    cut_ = !settings_.short_answer->is_only;
    text.tokens = std::move(settings_.short_answer->tokens);
    settings_.short_answer.reset();
  } else if (settings_.constraint->shortest() > left) {
    return std::nullopt;  // choose_allowed() says what is wrong
  } else {
    text = find_forced_text(*settings_.constraint, tokenizer_, left,
                            [this](int32_t token) { return !settings_.sampler.bans(token); });
  }
  healed_ = text.guess;
  if (settings_.logprobs >= 0) {
    forced_.assign(text.tokens.begin(), text.tokens.end());
    return std::nullopt;
  }
  for (const int32_t token : text.tokens) {
    if (const auto reason = accept(token, shown)) return reason;
  }
  if (healed_ != text::kNoToken && settings_.speculate) {
    after_healed_ = settings_.constraint;
    after_healed_->accept(healed_);
  }
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
  info.is_end = tokenizer_.is_end_of_generation(chosen);
  return info;
}

void Completion::read(int32_t token, std::string& shown) {
  if (before_answer()) {
    read_thinking(token, shown);
  } else if (settings_.calls && tokenizer_.is_control(token)) {
    read_answer(std::string(1, text::tools::kControlByte).append(tokenizer_.piece(token, true)), shown);
  } else {
    read_answer(tokenizer_.piece(token), shown);
  }
}

/// What the bytes are of a call goes to the pieces, where no stop string is looked for.
void Completion::read_answer(std::string_view bytes, std::string& shown) {
  if (!settings_.calls) return show(bytes, shown);
  auto content = settings_.calls->read(bytes, pieces_);
  if (content) {
    show(*content, shown);
  } else {
    broken_call_ = std::move(content).error();
  }
}

void Completion::read_thinking(int32_t token, std::string& shown) {
  const auto piece = settings_.thinking->push(mark_or_piece(token));
  think(piece.thinking, !settings_.thinking->thinks());
  if (!piece.answer.empty()) read_answer(piece.answer, shown);
}

void Completion::think(std::string_view bytes, bool is_end) {
  thought_held_ += bytes;
  const size_t whole = is_end ? thought_held_.size() : base::complete_utf8_prefix(thought_held_);
  thought_ += base::to_valid_utf8(thought_held_.substr(0, whole));
  thought_held_.erase(0, whole);
}

void Completion::show(std::string_view text, std::string& shown) {
  add_shown(text_.push(text), shown);
}

void Completion::add_shown(std::string_view text, std::string& shown) {
  if (settings_.check || begin_) document_ += text;
  shown += text;
}

void Completion::finish_text(std::string& shown) {
  if (before_answer()) {
    const auto piece = settings_.thinking->finish();
    think(piece.thinking, true);
    if (!piece.answer.empty()) read_answer(piece.answer, shown);
  }
  if (settings_.calls && !broken_call_) {
    auto content = settings_.calls->finish(pieces_);
    if (content) {
      show(*content, shown);
    } else {
      broken_call_ = std::move(content).error();
    }
  }
  add_shown(text_.finish(), shown);
}

/// What the constraint left out of its schema. The error names the place in the schema, whose text is the client's; places
/// in the document may be named by the model.
Status Completion::check_document() const {
  const bool is_whole = !text_.stopped() && !before_answer() && settings_.constraint && settings_.constraint->accepts();
  const bool is_call = settings_.calls && settings_.calls->has_calls();
  if (!settings_.check || !is_whole || is_call) return {};
  INGLE_TRY(const auto wrong, settings_.check->validate(document_));
  if (!wrong) return {};
  return std::unexpected(
      chat::answer_breaks_schema({.keyword = wrong->keyword, .path = wrong->schema_path, .tool = {}}));
}

/// The text before a stop string is a document of its own. The tokens that were drawn may reach beyond it, so it is read again.
bool Completion::is_whole_when_stopped() const {
  if (!begin_ || (settings_.calls && settings_.calls->has_calls())) return true;
  text::grammar::Constraint constraint = *begin_;
  std::string_view rest = document_;
  for (const int32_t token : tokenizer_.encode(document_, {.continues = true}, /*trusted=*/false)) {
    const std::string_view piece = tokenizer_.piece(token);
    if (!rest.starts_with(piece) || !constraint.fits(token, UINT32_MAX)) return false;
    constraint.accept(token);
    rest.remove_prefix(piece.size());
  }
  return rest.empty() && constraint.accepts();
}

void Completion::end(chat::FinishReason reason) {
  close_timings();
  if (broken_call_) return fail(*std::move(broken_call_));
  if (reason == chat::FinishReason::kStop && text_.stopped() && !is_whole_when_stopped())
    reason = chat::FinishReason::kLength;
  if (reason == chat::FinishReason::kStop && settings_.calls && settings_.calls->has_calls())
    reason = chat::FinishReason::kToolCalls;
  if (const auto fits = check_document(); !fits && reason != chat::FinishReason::kCancelled) return fail(fits.error());
  outcome_ = chat::Finished{.reason = reason,
                            .stop_text = text_.stop_text(),
                            .usage = usage_,
                            .looped = reason == chat::FinishReason::kLength && loops_.loops(),
                            .tokens = settings_.return_tokens ? tokens_ : std::vector<int32_t>()};
}

void Completion::close_timings() {
  if (phase_ == Phase::kDecode) usage_.decode_seconds = seconds(Clock::now() - first_token_);
}

void Completion::fail(Error error) {
  outcome_ = chat::Failed{std::move(error)};
}

void Completion::cancel() {
  std::string shown = std::exchange(unsent_, {});
  finish_text(shown);
  broken_call_.reset();  // it may be broken because it was cut
  send(std::move(shown));
  end(chat::FinishReason::kCancelled);
}

void Completion::conclude() {
  sink_(std::move(outcome_));
}

}  // namespace ingle::engine
