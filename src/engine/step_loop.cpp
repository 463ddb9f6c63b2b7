#include "engine/step_loop.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "base/check.h"

namespace ingle::engine {
namespace {

constexpr size_t kMaxKept = 256;          // handles that clients may hold
constexpr size_t kMaxRecent = 32;         // ended requests that can still be forked
constexpr uint32_t kLeastChunk = 16;      // a prompt gets on, however slow the model is
constexpr int kGapsAlone = 8;             // times the gap: what a step may take while nobody waits for a next token
constexpr uint32_t kRestoredAtOnce = 16;  // pages from disk while others wait for their next token
constexpr std::chrono::milliseconds kLastPages{1500};  // for what has not been stored when the engine ends

}  // namespace

StepLoop::StepLoop(backend::Executor& executor, Shape shape, InFlight& in_flight,
                   std::unique_ptr<PageFile> pages_on_disk)
    : executor_(executor),
      shape_(shape),
      in_flight_(in_flight),
      cache_(executor.n_pages(), executor.page_tokens()),
      pages_on_disk_(std::move(pages_on_disk)) {}

void StepLoop::run(const std::stop_token& stop, Mailbox& mailbox) {
  std::vector<Mailbox::Message> messages;
  // A message of nothing wakes the loop, which then stores more.
  if (pages_on_disk_)
    keeper_.emplace(cache_, executor_, std::move(pages_on_disk_), [&] { mailbox.push([](StepLoop&) {}); });
  while (true) {
    const bool idle = running_.empty() && waiting_.empty();
    if (idle && shape_.cores != nullptr) shape_.cores->leave();
    if (idle) say_pause(std::chrono::nanoseconds::max());
    if (keeper_) keeper_->store_some(!idle);
    publish_stats();
    mailbox.drain(idle, stop, messages);
    for (auto& message : messages)
      message(*this);
    messages.clear();
    if (stop.stop_requested()) break;
    start_waiting();
    if (!running_.empty()) step();
  }
  end_all(Error::cancelled("the model was unloaded"));
  if (keeper_) keeper_->finish(kLastPages);
  keeper_.reset();
}

void StepLoop::submit(std::unique_ptr<Job> job, std::string_view continue_from) {
  waiting_.arrive(*job);
  if (!continue_from.empty()) {
    const auto found = kept_.find(continue_from);
    if (found == kept_.end() || found->second.client != job->client) {
      job->fail(Error::not_found(fmt::format("no kept sequence is called '{}'", continue_from)));
      end(std::move(job));
      return;
    }
    job->kv = cache_.fork(found->second.kv);
    job->inherit(found->second.state, found->second.tokens.size());
  }
  if (job->begin()) {
    end(std::move(job));
  } else {
    waiting_.push(std::move(job));
  }
}

void StepLoop::cancel(std::string_view id) {
  auto job = waiting_.remove(id);
  const auto running = std::ranges::find_if(running_, [id](const auto& r) { return r->id() == id; });
  if (!job && running != running_.end()) {
    job = std::move(*running);
    running_.erase(running);
  }
  if (!job) return;
  job->cancel();
  end(std::move(job));
}

Result<std::string> StepLoop::keep(std::string_view id) {
  if (kept_.size() >= kMaxKept) {
    return std::unexpected(
        Error::exhausted(fmt::format("{} sequences are kept already", kMaxKept)).hint("release some of them"));
  }
  Kept kept;
  const auto is_meant = [id](const auto& job) { return job->id() == id; };
  const auto running = std::ranges::find_if(running_, is_meant);
  const auto ended = std::find_if(recent_.rbegin(), recent_.rend(), [id](const Ended& e) { return e.id == id; });
  if (running != running_.end()) {
    kept = {(*running)->tokens(), (*running)->state(), (*running)->client, cache_.fork((*running)->kv)};
  } else if (ended != recent_.rend()) {
    // Its pages went to the prefix cache; what was evicted meanwhile will be computed again, to the same bits.
    kept = {ended->tokens, ended->state, ended->client, cache_.open(cache_.scope_of(ended->client))};
    cache_.match(kept.kv, kept.tokens);
  } else {
    return std::unexpected(Error::not_found(fmt::format("no request '{}' is running or has just ended", id)));
  }
  std::string handle = fmt::format("sequence-{}", ++n_kept_ever_);
  kept_.emplace(handle, std::move(kept));
  return handle;
}

void StepLoop::release(std::string_view handle) {
  const auto found = kept_.find(handle);
  if (found == kept_.end()) return;
  cache_.close(found->second.kv);
  kept_.erase(found);
}

Result<std::vector<int32_t>> StepLoop::tokens_of(std::string_view handle) const {
  const auto found = kept_.find(handle);
  if (found == kept_.end()) {
    return std::unexpected(Error::not_found(fmt::format("no kept sequence is called '{}'", handle)));
  }
  return found->second.tokens;
}

void StepLoop::start_waiting() {
  make_place();
  while (!waiting_.empty() && running_.size() < shape_.limits.max_sequences) {
    auto job = waiting_.take([this](Job& waiting) {
      if (prefix_is_coming(waiting)) return JobQueue::Verdict::kSkip;
      // Nobody overtakes a long prompt that waits for pages: it would wait for ever.
      const bool started = try_start(waiting) || (free_pages() && try_start(waiting));
      return started || running_.empty() ? JobQueue::Verdict::kTake : JobQueue::Verdict::kStop;
    });
    if (!job) return;
    if (job->holds_pages() && job->was_charged) {
      running_.push_back(std::move(job));
      continue;
    }
    job->fail(Error::exhausted(fmt::format("the request needs more KV pages than are free: {} of {} are free",
                                           cache_.available(), cache_.n_pages()))
                  .hint("release kept sequences, or load the model with a larger context"));
    end(std::move(job));
  }
}

/// Those that only wait to be stored on disk.
bool StepLoop::free_pages() {
  return keeper_ && keeper_->let_go();
}

/// With what the cache already holds of its text. False: more of it comes from disk, after the next step of the others.
bool StepLoop::open(Job& job) {
  job.kv = cache_.open(job.shares_pages() ? cache_.scope_of(job.client) : KvCache::kAlone);
  const auto wanted = std::span(job.tokens()).first(job.first_result());
  cache_.match(job.kv, wanted);
  const uint32_t at_once = running_.empty() ? UINT32_MAX : kRestoredAtOnce;
  if (keeper_ && job.shares_pages() && !keeper_->restore(job.kv, job.client, wanted, at_once, job.page_keys))
    return false;
  cache_.match_rest(job.kv, wanted);
  return true;
}

/// What was computed can be found again.
void StepLoop::close(Job& job) {
  cache_.publish_rest(job.kv, job.tokens());
  cache_.close(job.kv);
}

/// Somebody is computing pages that this one begins with: it waits for them instead of computing them too.
bool StepLoop::prefix_is_coming(Job& job) const {
  if (job.holds_pages() || !job.shares_pages()) return false;
  const uint32_t page_tokens = cache_.page_tokens();
  return std::ranges::any_of(running_, [&](const auto& other) {
    // Caches of clients are kept apart, and nobody waits for who may have to wait.
    if (other->client != job.client || (other->is_background() && !job.is_background())) return false;
    const size_t n_coming = cache_.size(other->kv) / page_tokens + 1;
    return n_coming <= std::min(job.first_result(), other->n_wanted()) / page_tokens &&
           job.beginning(n_coming, page_tokens) == other->beginning(n_coming, page_tokens);
  });
}

/// When all places are taken, a client that has none gets one of those of the client that has most, and interactive work
/// gets those of background work but for one. Who gave way goes on later from the pages that it leaves in the cache.
void StepLoop::make_place() {
  if (waiting_.empty() || running_.size() < shape_.limits.max_sequences) return;
  std::map<std::string_view, uint32_t> places;
  uint32_t n_background = 0;
  for (const auto& job : running_) {
    ++places[job->client];
    n_background += job->is_background() ? 1 : 0;
  }
  const auto most = std::ranges::max_element(places, {}, [](const auto& client) { return client.second; });
  const auto takes_background = [&](const Job& job) { return !job.is_background() && n_background > 1; };
  const Job* next = waiting_.first([&](Job& job) {
    const bool may_take = takes_background(job) || (most->second > 1 && !places.contains(job.client));
    return may_take && !prefix_is_coming(job);
  });
  if (next == nullptr) return;
  const auto gives_way = [&](const std::unique_ptr<Job>& job) {
    if (takes_background(*next)) return job->is_background();
    return job->client == most->first && job->is_background() >= next->is_background();
  };
  const auto victim = std::find_if(running_.rbegin(), running_.rend(), gives_way);
  if (victim == running_.rend()) return;
  const auto index = std::distance(victim, running_.rend()) - 1;
  view_running();
  views_.erase(views_.begin() + index);
  if (!may_start(next->n_wanted(), views_, cache_.available(), shape_.limits)) return;
  preempt(static_cast<size_t>(index));
  if (auto job = waiting_.take([&](Job& waiting) {
        return &waiting == next && try_start(waiting) ? JobQueue::Verdict::kTake : JobQueue::Verdict::kSkip;
      }))
    running_.push_back(std::move(job));
}

bool StepLoop::try_start(Job& job) {
  const bool fresh = !job.holds_pages();
  if (fresh && !open(job)) {
    cache_.close(job.kv);
    job.kv = Job::kNoSequence;
    return false;
  }
  if (!fresh && cache_.size(job.kv) > job.first_result()) cache_.truncate(job.kv, job.first_result());
  const uint32_t n_stored = cache_.size(job.kv);
  view_running();
  // A shared page that still has room is copied before the first write.
  const uint32_t for_copy = cache_.copies_page(job.kv) ? cache_.page_tokens() : 0;
  if (may_start(job.n_wanted() - n_stored + for_copy, views_, cache_.available(), shape_.limits)) {
    job.started(n_stored);
    if (!std::exchange(job.was_charged, true)) {
      waiting_.charge(job, job.n_wanted() - n_stored);
      stats_.cached_tokens += n_stored;
    }
    return true;
  }
  if (fresh) {
    cache_.close(job.kv);
    job.kv = Job::kNoSequence;
  }
  return false;
}

void StepLoop::view_running() {
  views_.clear();
  for (const auto& job : running_) {
    const uint32_t n_stored = cache_.size(job->kv);
    views_.push_back({.n_stored = n_stored,
                      .n_todo = job->n_wanted() - n_stored,
                      .n_pages = static_cast<uint32_t>(cache_.pages(job->kv).size()),
                      .copies_page = cache_.copies_page(job->kv),
                      .first_logit = job->first_result(),
                      .n_draft = static_cast<uint32_t>(job->draft().size()),
                      .answers = job->answers(),
                      .background = job->is_background(),
                      .served = waiting_.served(*job)});
  }
}

bool StepLoop::plan() {
  while (!running_.empty()) {
    view_running();
    StepLimits limits = shape_.limits;
    limits.prefill_chunk = chunk();
    plan_step(views_, cache_.available(), limits, plan_);
    if ((plan_.preempt || plan_.stuck) && free_pages()) continue;
    if (plan_.preempt) {
      preempt(*plan_.preempt);
    } else if (plan_.stuck) {
      auto job = std::move(running_.back());
      running_.pop_back();
      job->fail(Error::exhausted(fmt::format("the KV cache is full after {} tokens: other sequences are kept in it",
                                             cache_.size(job->kv)))
                    .hint("release kept sequences, or load the model with a larger context"));
      end(std::move(job));
    } else {
      return true;
    }
  }
  return false;
}

/// Prompt rows in the next step: as many as there is time for while others wait for their next tokens.
uint32_t StepLoop::chunk() const {
  StepCost::Work answers;
  uint32_t deepest = 0;
  for (const SequenceView& view : views_) {
    if (view.answers) answers += StepCost::of_prompt(view.n_stored, view.n_todo);
    if (!view.answers) deepest = std::max(deepest, view.n_stored);
  }
  const uint32_t most = shape_.limits.prefill_chunk;
  if (answers.n_rows == 0) return cost_.rows_within({}, deepest, shape_.token_gap * kGapsAlone, kLeastChunk, most);
  return cost_.rows_within(answers, deepest, shape_.token_gap, kLeastChunk, std::min(most, cost_.reach()));
}

void StepLoop::preempt(size_t index) {
  auto job = std::move(running_[index]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(index));
  close(*job);
  job->kv = Job::kNoSequence;
  ++stats_.preemptions;
  waiting_.give_back(std::move(job));
}

void StepLoop::guess() {
  const uint32_t most = shape_.limits.max_draft_rows;
  for (const auto& job : running_) {
    const uint32_t n_todo = job->n_wanted() - cache_.size(job->kv);
    job->guess(n_todo < most && running_.size() < most ? most - n_todo : 0);
  }
}

void StepLoop::step() {
  guess();
  if (!plan()) return;
  StepCost::Work work;
  for (const Share& share : plan_.shares)
    work += StepCost::of_prompt(cache_.size(running_[share.sequence]->kv), share.n_rows + share.n_draft);
  say_pause(cost_.expected(work));
  const auto begin = std::chrono::steady_clock::now();
  if (shape_.cores != nullptr) executor_.use_threads(shape_.cores->take(executor_.threads()));
  ended_.assign(running_.size(), false);
  run_shares(false);
  run_shares(true);
  ++stats_.steps;
  stats_.rows += work.n_rows;
  cost_.learn(work, std::chrono::steady_clock::now() - begin);
  drop_ended();
}

void StepLoop::say_pause(std::chrono::nanoseconds until_next) const {
  if (shape_.on_pause) shape_.on_pause(until_next);
}

void StepLoop::run_shares(bool hidden) {
  chosen_.clear();
  rows_.clear();
  tables_.clear();
  for (const Share& share : plan_.shares) {
    Job& job = *running_[share.sequence];
    const uint32_t n_stored = cache_.size(job.kv);
    const bool gives_hidden = job.wants_hidden() && n_stored + share.n_rows == job.n_wanted();
    if (gives_hidden != hidden) continue;
    copies_.clear();
    const uint32_t n_known = n_stored + share.n_rows;
    INGLE_CHECK(cache_.reserve(job.kv, n_known + share.n_draft, copies_));
    for (const auto [from, to] : copies_)
      executor_.copy_page(from, to);
    for (uint32_t pos = n_stored; pos < n_known + share.n_draft; ++pos) {
      rows_.push_back({.token = pos < n_known ? job.tokens()[pos] : job.draft()[pos - n_known],
                       .pos = pos,
                       .sequence = static_cast<uint32_t>(tables_.size()),
                       .want_logits = pos >= job.first_result(),
                       .top = hidden ? 0 : job.top(),
                       .keep_all = job.wants_all()});
    }
    tables_.push_back(cache_.pages(job.kv));
    chosen_.push_back(share);
  }
  if (rows_.empty()) return;
  prepare_aside();
  const auto results = compute(hidden);
  aside_.join();
  if (!results) {
    for (const Share& share : chosen_) {
      running_[share.sequence]->fail(results.error());
      ended_[share.sequence] = true;
    }
    return;
  }
  hand_out(*results);
}

/// What constraints allow next is found while the model computes how likely it is.
void StepLoop::prepare_aside() {
  preparing_.clear();
  for (const Share& share : chosen_) {
    Job& job = *running_[share.sequence];
    if (job.wants_preparation() && cache_.size(job.kv) + share.n_rows == job.n_wanted()) preparing_.push_back(&job);
  }
  if (preparing_.empty()) return;
  aside_.start([this] {
    for (Job* job : preparing_)
      job->prepare();
  });
}

Result<std::span<const backend::Output>> StepLoop::compute(bool hidden) {
  // Scratch memory grows with the step; the sequences of this one end, others and the engine go on.
  try {
    return executor_.run({.rows = rows_, .sequences = tables_, .want_hidden = hidden});
  } catch (const std::bad_alloc&) {
    return std::unexpected(Error::exhausted(fmt::format("no memory for a step of {} tokens", rows_.size()))
                               .hint("close other programs, or load the model with a smaller context"));
  }
}

/// Sampling, masks and text may ask for memory that is not there; this request ends then, the others and the engine go on.
bool StepLoop::take(Job& job, std::span<const backend::Output> results, uint32_t pos) {
  try {
    return job.take(results, pos, scratch_);
  } catch (const std::bad_alloc&) {
    job.fail(Error::exhausted("no memory for the next token of this answer").hint("close other programs"));
    return true;
  }
}

void StepLoop::hand_out(std::span<const backend::Output> results) {
  for (const Share& share : chosen_) {
    Job& job = *running_[share.sequence];
    const uint32_t begin = cache_.size(job.kv);
    const uint32_t end = begin + share.n_rows;
    const uint32_t first = std::max(begin, job.first_result());
    if (!job.answers()) stats_.prompt_tokens += share.n_rows;
    cache_.commit(job.kv, std::span(job.tokens()).first(end));
    job.progressed(end);
    if (first >= end) continue;
    const size_t n = size_t{end + share.n_draft - first};
    const size_t n_known = job.tokens().size();
    ended_[share.sequence] = take(job, results.first(n), first);
    stats_.generated_tokens += job.tokens().size() - n_known;
    waiting_.charge(job, (job.tokens().size() - n_known) * JobQueue::kCostOfAnswer);
    results = results.subspan(n);
    if (share.n_draft == 0) continue;
    // What was guessed right is stored; the rest is forgotten before anything could share its pages.
    size_t n_stored = end;
    while (n_stored < end + share.n_draft && n_stored + 1 < job.tokens().size() &&
           job.tokens()[n_stored] == job.draft()[n_stored - end])
      ++n_stored;
    stats_.drafted_tokens += share.n_draft;
    stats_.accepted_tokens += n_stored - end;
    cache_.commit(job.kv, std::span(job.tokens()).first(n_stored));
    cache_.truncate(job.kv, static_cast<uint32_t>(n_stored));
  }
}

void StepLoop::drop_ended() {
  // Taken out first: conclude() runs code of the client's, which must not see a half-changed list.
  for (size_t i = running_.size(); i > 0; --i) {
    if (!ended_[i - 1]) continue;
    auto job = std::move(running_[i - 1]);
    running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i - 1));
    end(std::move(job));
  }
}

void StepLoop::end(std::unique_ptr<Job> job) {
  if (job->holds_pages()) {
    if (keeper_ && job->shares_pages()) keeper_->keep(job->kv, job->client, job->tokens());
    close(*job);
  }
  if (job->holds_pages() && job->can_fork()) {
    if (recent_.size() >= kMaxRecent) recent_.pop_front();
    // A constraint holds memory for its automaton; what has ended is continued without.
    SequenceState state = job->state();
    state.constraint.reset();
    recent_.push_back({job->id(), job->tokens(), std::move(state), job->client});
  }
  ++stats_.requests;
  waiting_.leave(*job);
  in_flight_.remove(job->id());
  publish_stats();  // who hears of the end finds it counted
  job->conclude();
}

void StepLoop::publish_stats() {
  stats_.running = static_cast<uint32_t>(running_.size());
  stats_.waiting = static_cast<uint32_t>(waiting_.size());
  stats_.page_tokens = cache_.page_tokens();
  stats_.kv_pages_total = cache_.n_pages();
  stats_.kv_pages_parked = cache_.n_parked();
  stats_.kv_pages_used = cache_.n_pages() - cache_.available();
  const std::lock_guard lock(published_mutex_);
  published_ = stats_;
}

chat::Stats StepLoop::stats() const {
  const std::lock_guard lock(published_mutex_);
  return published_;
}

void StepLoop::end_all(const Error& error) {
  for (auto& job : running_)
    waiting_.give_back(std::move(job));
  running_.clear();
  while (auto job = waiting_.take([](Job&) { return JobQueue::Verdict::kTake; })) {
    job->fail(error);
    end(std::move(job));
  }
}

}  // namespace ingle::engine
