#include "engine/scheduler.h"

#include <algorithm>
#include <tuple>

namespace ingle::engine {
namespace {

constexpr uint32_t kBackgroundPart = 8;  // of a chunk, where others have prompts too

/// The most rows, at most `wanted`, whose pages exist.
uint32_t rows_that_fit(const SequenceView& sequence, uint32_t wanted, uint32_t available, uint32_t page_tokens) {
  const uint32_t extra = sequence.copies_page ? 1 : 0;
  if (available < extra) return 0;
  const uint64_t capacity = (uint64_t{sequence.n_pages} + available - extra) * page_tokens;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, capacity - std::min<uint64_t>(capacity, sequence.n_stored)));
}

/// The most rows, at most `wanted`, that keep at most `max_logit_rows` logits.
uint32_t rows_with_logits(const SequenceView& sequence, uint32_t wanted, uint32_t max_logit_rows) {
  const uint32_t silent = sequence.first_logit > sequence.n_stored ? sequence.first_logit - sequence.n_stored : 0;
  return static_cast<uint32_t>(std::min<uint64_t>(wanted, uint64_t{silent} + max_logit_rows));
}

uint32_t logits_of(const SequenceView& sequence, uint32_t n_rows) {
  const uint32_t end = sequence.n_stored + n_rows;
  return end - std::min(end, std::max(sequence.n_stored, sequence.first_logit));
}

/// A row, or few that the answer waits for.
bool is_short(const SequenceView& sequence) {
  constexpr uint32_t kMostRows = 32;
  return sequence.n_todo == 1 || (sequence.answers && sequence.n_todo <= kMostRows);
}

class Planner {
 public:
  Planner(std::span<const SequenceView> running, uint32_t available, const StepLimits& limits, Plan& plan)
      : running_(running),
        limits_(limits),
        plan_(plan),
        pages_(available),
        rows_(limits.max_rows),
        logits_(limits.max_logit_rows) {}

  /// False when no row of the sequence fits.
  bool add(uint32_t index, uint32_t wanted) {
    const SequenceView& sequence = running_[index];
    uint32_t n = std::min({sequence.n_todo, wanted, rows_});
    n = rows_with_logits(sequence, n, logits_);
    n = rows_that_fit(sequence, n, pages_, limits_.page_tokens);
    if (n == 0) return false;
    pages_ -= pages_for(sequence, n, limits_.page_tokens);
    rows_ -= n;
    logits_ -= logits_of(sequence, n);
    plan_.shares.push_back({index, n});
    return true;
  }

  /// Rows of the prompts in `order`, `chunk` in all. Answers what is left of it.
  uint32_t add_prompts(std::span<const uint32_t> order, uint32_t chunk) {
    // Short ones first, as far as half of it goes: they are why somebody waits for a first token.
    uint32_t for_short = order.size() > 1 ? chunk / 2 : 0;
    for (const uint32_t i : order) {
      if (running_[i].n_todo > for_short || !add(i, for_short)) continue;
      for_short -= plan_.shares.back().n_rows;
      chunk -= plan_.shares.back().n_rows;
    }
    for (const uint32_t i : order) {
      if (chunk == 0) break;
      if (!has_share(i) && add(i, chunk)) chunk -= plan_.shares.back().n_rows;
    }
    return chunk;
  }

  /// Drafts of the sequences that have a share, as far as rows, logits and pages go round.
  void add_drafts() {
    if (limits_.max_rows - rows_ >= limits_.max_draft_rows) return;
    uint32_t room = std::min(limits_.max_draft_rows - (limits_.max_rows - rows_), std::min(rows_, logits_));
    auto n_left =
        static_cast<uint32_t>(std::ranges::count_if(plan_.shares, [&](const Share& s) { return may_draft(s); }));
    for (Share& share : plan_.shares) {
      const SequenceView& sequence = running_[share.sequence];
      if (!may_draft(share)) continue;
      const uint32_t held = pages_for(sequence, share.n_rows, limits_.page_tokens);
      const uint32_t wanted = share.n_rows + std::min(sequence.n_draft, room / n_left);
      const uint32_t n = rows_that_fit(sequence, wanted, pages_ + held, limits_.page_tokens);
      share.n_draft = n - share.n_rows;
      pages_ -= pages_for(sequence, n, limits_.page_tokens) - held;
      room -= share.n_draft;
      --n_left;
    }
  }

 private:
  bool has_share(uint32_t index) const {
    return std::ranges::find(plan_.shares, index, &Share::sequence) != plan_.shares.end();
  }
  /// A draft stands behind the last known token.
  bool may_draft(const Share& share) const {
    const SequenceView& sequence = running_[share.sequence];
    return sequence.n_draft > 0 && share.n_rows == sequence.n_todo;
  }

  std::span<const SequenceView> running_;
  const StepLimits& limits_;
  Plan& plan_;
  uint32_t pages_;
  uint32_t rows_;
  uint32_t logits_;
};

/// Sequences with prompt to compute, those of interactive requests first. Answers how many those are.
size_t order_prompts(std::span<const SequenceView> running, std::vector<uint32_t>& order) {
  order.clear();
  for (uint32_t i = 0; i < running.size(); ++i)
    if (!is_short(running[i])) order.push_back(i);
  std::ranges::sort(order, {}, [&](uint32_t i) { return std::tuple(running[i].background, running[i].served, i); });
  return static_cast<size_t>(std::ranges::count_if(order, [&](uint32_t i) { return !running[i].background; }));
}

/// Who gives its pages back: the youngest, but background work before others.
uint32_t youngest(std::span<const SequenceView> running) {
  for (size_t i = running.size(); i > 0; --i)
    if (running[i - 1].background) return static_cast<uint32_t>(i - 1);
  return static_cast<uint32_t>(running.size() - 1);
}

}  // namespace

uint32_t pages_for(const SequenceView& sequence, uint32_t n_rows, uint32_t page_tokens) {
  if (n_rows == 0) return 0;
  const uint32_t total = (sequence.n_stored + n_rows - 1) / page_tokens + 1;
  return (total > sequence.n_pages ? total - sequence.n_pages : 0) + (sequence.copies_page ? 1 : 0);
}

void plan_step(std::span<const SequenceView> running, uint32_t available_pages, const StepLimits& limits, Plan& plan) {
  plan.shares.clear();
  plan.preempt.reset();
  plan.stuck = false;
  if (running.empty()) return;

  Planner planner(running, available_pages, limits, plan);
  bool short_of_pages = false;
  const auto n_short = static_cast<uint32_t>(std::ranges::count_if(running, is_short));
  uint32_t spare = limits.max_rows - std::min(n_short, limits.max_rows);  // a row of each is sure
  for (uint32_t i = 0; i < running.size(); ++i) {
    if (!is_short(running[i])) continue;
    if (!planner.add(i, 1 + std::min(running[i].n_todo - 1, spare))) {
      short_of_pages = true;
    } else {
      spare -= plan.shares.back().n_rows - 1;
    }
  }
  if (!short_of_pages) {
    const auto interactive = order_prompts(running, plan.order);
    const auto prompts = std::span<const uint32_t>(plan.order);
    // Background work gets what is left, and a little in any case.
    const uint32_t kept = interactive < prompts.size() ? std::max(1U, limits.prefill_chunk / kBackgroundPart) : 0;
    const uint32_t left = planner.add_prompts(prompts.first(interactive), limits.prefill_chunk - kept);
    planner.add_prompts(prompts.subspan(interactive), left + kept);
  }
  if (!short_of_pages) planner.add_drafts();
  if (short_of_pages || plan.shares.empty()) {
    plan.shares.clear();
    if (running.size() > 1) {
      plan.preempt = youngest(running);
    } else {
      plan.stuck = true;
    }
  }
}

bool may_start(uint32_t n_tokens, std::span<const SequenceView> running, uint32_t available_pages,
               const StepLimits& limits) {
  if (running.size() >= limits.max_sequences) return false;
  // What the running ones are known to need still, and a page more for each, so that nobody is let in only to be
  // turned out again at the next page border.
  uint64_t promised = 0;
  for (const SequenceView& sequence : running)
    promised += pages_for(sequence, sequence.n_todo, limits.page_tokens) + 1;
  const uint64_t needed = uint64_t{n_tokens} / limits.page_tokens + 1;
  return running.empty() ? needed <= available_pages : needed + promised <= available_pages;
}

}  // namespace ingle::engine
