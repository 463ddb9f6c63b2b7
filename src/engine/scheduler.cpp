#include "engine/scheduler.h"

#include <algorithm>

namespace ingle::engine {
namespace {

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
  uint32_t chunk = limits.prefill_chunk;
  for (uint32_t i = 0; i < running.size() && !short_of_pages && chunk > 0; ++i) {
    if (!is_short(running[i]) && planner.add(i, chunk)) chunk -= plan.shares.back().n_rows;
  }
  if (!short_of_pages) planner.add_drafts();
  if (short_of_pages || plan.shares.empty()) {
    plan.shares.clear();
    if (running.size() > 1) {
      plan.preempt = static_cast<uint32_t>(running.size() - 1);
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
