#include "engine/scheduler.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

namespace ingle::engine {
namespace {

constexpr StepLimits kLimits = {
    .max_sequences = 4, .prefill_chunk = 8, .max_rows = 12, .max_logit_rows = 6, .max_draft_rows = 8, .page_tokens = 4};

SequenceView decoding(uint32_t n_stored) {
  return {.n_stored = n_stored, .n_todo = 1, .n_pages = (n_stored + 3) / 4, .first_logit = n_stored};
}
SequenceView prompt(uint32_t n_todo) {
  return {.n_todo = n_todo, .first_logit = n_todo - 1};
}

Plan plan_of(const std::vector<SequenceView>& running, uint32_t available) {
  Plan plan;
  plan_step(running, available, kLimits, plan);
  return plan;
}

std::vector<std::pair<uint32_t, uint32_t>> shares_of(const Plan& plan) {
  std::vector<std::pair<uint32_t, uint32_t>> shares;
  shares.reserve(plan.shares.size());
  for (const Share& s : plan.shares)
    shares.emplace_back(s.sequence, s.n_rows);
  return shares;
}

using Shares = std::vector<std::pair<uint32_t, uint32_t>>;

TEST(Scheduler, every_decoding_sequence_gets_a_row_before_prompts_share_the_chunk) {
  EXPECT_EQ(shares_of(plan_of({prompt(5), decoding(3), prompt(9), decoding(7)}, 100)),
            (Shares{{1, 1}, {3, 1}, {0, 5}, {2, 3}}));
}

TEST(Scheduler, a_short_prompt_waits_for_no_long_one_and_a_long_one_for_no_stream_of_short_ones) {
  EXPECT_EQ(shares_of(plan_of({prompt(100), prompt(3)}, 100)), (Shares{{1, 3}, {0, 5}}));
  EXPECT_EQ(shares_of(plan_of({prompt(100), prompt(3), prompt(3), prompt(2)}, 100)), (Shares{{1, 3}, {0, 5}}));
  EXPECT_EQ(shares_of(plan_of({prompt(100), prompt(2), prompt(2), prompt(2)}, 100)), (Shares{{1, 2}, {2, 2}, {0, 4}}));
}

TEST(Scheduler, of_long_prompts_that_of_the_client_who_was_served_least_is_first) {
  SequenceView much = prompt(100);
  much.served = 50;
  SequenceView little = prompt(100);
  little.served = 10;
  EXPECT_EQ(shares_of(plan_of({much, little}, 100)), (Shares{{1, 8}}));
  little.n_todo = 6;
  EXPECT_EQ(shares_of(plan_of({much, little}, 100)), (Shares{{1, 6}, {0, 2}}));
}

TEST(Scheduler, background_prompts_get_what_is_left_and_a_little_in_any_case) {
  SequenceView background = prompt(100);
  background.background = true;
  EXPECT_EQ(shares_of(plan_of({background, prompt(100)}, 100)), (Shares{{1, 7}, {0, 1}}));
  EXPECT_EQ(shares_of(plan_of({background, prompt(5)}, 100)), (Shares{{1, 5}, {0, 3}}));
  EXPECT_EQ(shares_of(plan_of({background}, 100)), (Shares{{0, 8}}));
}

TEST(Scheduler, background_work_gives_its_pages_back_before_others) {
  SequenceView background = decoding(8);
  background.background = true;
  EXPECT_EQ(plan_of({background, decoding(4), decoding(4)}, 0).preempt, 0U);
}

TEST(Scheduler, a_long_prompt_takes_a_chunk_a_step) {
  EXPECT_EQ(shares_of(plan_of({prompt(100)}, 100)), (Shares{{0, 8}}));
}

TEST(Scheduler, a_prompt_stops_where_pages_end) {
  EXPECT_EQ(shares_of(plan_of({prompt(8)}, 1)), (Shares{{0, 4}}));
}

TEST(Scheduler, the_youngest_gives_way_when_a_decoding_sequence_needs_a_page) {
  const Plan plan = plan_of({decoding(4), decoding(6)}, 0);
  EXPECT_TRUE(plan.shares.empty());
  EXPECT_EQ(plan.preempt, 1U);
}

TEST(Scheduler, a_sequence_alone_that_cannot_get_a_page_is_stuck) {
  EXPECT_TRUE(plan_of({decoding(4)}, 0).stuck);
  EXPECT_FALSE(plan_of({decoding(5)}, 0).stuck);  // there is room in its last page
}

TEST(Scheduler, counts_the_page_that_a_shared_one_is_copied_to) {
  SequenceView forked = decoding(5);
  forked.copies_page = true;
  EXPECT_EQ(pages_for(forked, 1, 4), 1U);
  EXPECT_TRUE(plan_of({forked}, 0).stuck);
  EXPECT_EQ(shares_of(plan_of({forked}, 1)), (Shares{{0, 1}}));
}

TEST(Scheduler, scoring_is_cut_where_it_would_keep_too_many_logits) {
  SequenceView score = prompt(20);
  score.first_logit = 1;
  EXPECT_EQ(shares_of(plan_of({score}, 100)), (Shares{{0, 7}}));  // row 0 keeps none
  score.first_logit = 19;
  EXPECT_EQ(shares_of(plan_of({score}, 100)), (Shares{{0, 8}}));
}

TEST(Scheduler, lets_a_request_in_when_its_pages_and_those_promised_exist) {
  EXPECT_TRUE(may_start(7, {}, 2, kLimits));
  EXPECT_FALSE(may_start(8, {}, 2, kLimits));  // the token after the prompt needs a page as well
  const std::vector<SequenceView> running = {prompt(8)};
  EXPECT_FALSE(may_start(3, running, 3, kLimits));
  EXPECT_TRUE(may_start(3, running, 4, kLimits));
  const std::vector<SequenceView> full(4, decoding(1));
  EXPECT_FALSE(may_start(1, full, 1000, kLimits));
}

SequenceView guessing(uint32_t n_stored, uint32_t n_draft) {
  SequenceView s = decoding(n_stored);
  s.n_draft = n_draft;
  return s;
}

TEST(Scheduler, drafts_share_what_a_small_step_leaves) {
  const Plan plan = plan_of({guessing(8, 9), decoding(8), guessing(8, 9)}, 100);
  ASSERT_EQ(plan.shares.size(), 3U);
  EXPECT_EQ(plan.shares[0].n_draft, 1U);
  EXPECT_EQ(plan.shares[1].n_draft, 0U);
  EXPECT_EQ(plan.shares[2].n_draft, 2U);  // six rows keep logits
}

TEST(Scheduler, a_prompt_goes_before_drafts) {
  const Plan plan = plan_of({guessing(8, 9), prompt(8)}, 100);
  EXPECT_EQ(shares_of(plan), (Shares{{0, 1}, {1, 8}}));
  EXPECT_EQ(plan.shares[0].n_draft, 0U);
}

TEST(Scheduler, a_draft_ends_where_pages_do_and_turns_nobody_out) {
  const Plan plan = plan_of({guessing(5, 9)}, 0);  // its second page has room for three
  ASSERT_EQ(plan.shares.size(), 1U);
  EXPECT_EQ(plan.shares[0].n_draft, 2U);
}

SequenceView forced(uint32_t n_stored, uint32_t n_todo) {
  return {.n_stored = n_stored,
          .n_todo = n_todo,
          .n_pages = (n_stored + 3) / 4,
          .first_logit = n_stored + n_todo - 1,
          .answers = true};
}

TEST(Scheduler, text_that_was_certain_does_not_queue_behind_prompts) {
  EXPECT_EQ(shares_of(plan_of({prompt(9), forced(7, 4)}, 100)), (Shares{{1, 4}, {0, 8}}));
  // Twelve rows in all, one of them sure for everybody who answers.
  EXPECT_EQ(shares_of(plan_of({forced(7, 20), decoding(3), forced(3, 5)}, 100)), (Shares{{0, 10}, {1, 1}, {2, 1}}));
}

SequenceView any_sequence() {
  SequenceView s;
  s.n_stored = *rc::gen::inRange(0U, 30U);
  s.n_todo = *rc::gen::inRange(1U, 40U);
  s.n_pages = (s.n_stored + 3) / 4;
  s.copies_page = s.n_stored % 4 != 0 && *rc::gen::arbitrary<bool>();
  s.first_logit = s.n_stored + s.n_todo - 1 - (*rc::gen::inRange(0, 4) == 0 ? *rc::gen::inRange(0U, s.n_todo) : 0U);
  s.answers = s.first_logit + 1 == s.n_stored + s.n_todo && *rc::gen::arbitrary<bool>();
  s.n_draft = s.n_todo == 1 || s.answers ? *rc::gen::inRange(0U, 12U) : 0U;
  return s;
}

RC_GTEST_PROP(Scheduler, a_plan_respects_every_limit_and_always_gets_on, ()) {
  std::vector<SequenceView> running;
  const auto n = *rc::gen::inRange(1U, 5U);
  running.reserve(n);
  for (uint32_t i = 0; i < n; ++i)
    running.push_back(any_sequence());
  const auto available = *rc::gen::inRange(0U, 30U);
  const Plan plan = plan_of(running, available);

  if (plan.shares.empty()) {
    RC_ASSERT(plan.stuck == (n == 1));
    RC_ASSERT(plan.preempt.has_value() == (n > 1));
    return;
  }
  uint32_t rows = 0;
  uint32_t prompt_rows = 0;
  uint32_t drafts = 0;
  uint32_t logits = 0;
  uint32_t pages = 0;
  for (const Share& share : plan.shares) {
    const SequenceView& s = running[share.sequence];
    RC_ASSERT(share.n_rows >= 1U);
    RC_ASSERT(share.n_rows <= s.n_todo);
    RC_ASSERT(share.n_draft <= s.n_draft);
    drafts += share.n_draft;
    rows += share.n_rows + share.n_draft;
    if (s.n_todo > 1 && !s.answers) prompt_rows += share.n_rows;
    RC_ASSERT(share.n_draft == 0 || share.n_rows == s.n_todo);
    pages += pages_for(s, share.n_rows + share.n_draft, 4);
    for (uint32_t i = 0; i < share.n_rows + share.n_draft; ++i) {
      logits += s.n_stored + i >= s.first_logit ? 1 : 0;
    }
  }
  RC_ASSERT(rows <= kLimits.max_rows);
  RC_ASSERT(drafts == 0 || rows <= kLimits.max_draft_rows);
  RC_ASSERT(prompt_rows <= kLimits.prefill_chunk);
  RC_ASSERT(logits <= kLimits.max_logit_rows);
  RC_ASSERT(pages <= available);
  for (uint32_t i = 0; i < n; ++i) {
    const bool planned = std::ranges::any_of(plan.shares, [i](const Share& s) { return s.sequence == i; });
    if (running[i].n_todo == 1) RC_ASSERT(planned);
  }
}

}  // namespace
}  // namespace ingle::engine
