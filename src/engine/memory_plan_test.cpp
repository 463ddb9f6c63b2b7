#include "engine/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "chat/errors.h"
#include "gguf/file.h"
#include "kernels/kernels.h"
#include "models/model.h"
#include "models/testing/tiny.h"

namespace ingle::engine {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kMega = 1'000'000;

/// Round figures: a page of 1 MB, so that 4096 tokens are 128 MB and 4 spare pages are 4 MB.
MemoryNeeds needs() {
  return {.model = {.weights = 500 * kMega, .page = kMega, .work = 30 * kMega, .tables = 6 * kMega},
          .small_page = kMega / 2,
          .vocabulary = 14 * kMega,
          .context = 4096};
}

Options within(uint64_t free, bool may_shorten = false) {
  Options options;
  options.max_sequences = 4;
  options.max_memory_bytes = free;
  options.may_shorten = may_shorten;
  return options;
}

TEST(MemoryPlan, counts_weights_cache_and_work) {
  const auto planned = plan_memory(needs(), within(0));
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->plan.weights, 500 * kMega);
  EXPECT_EQ(planned->plan.work, 50 * kMega);
  EXPECT_EQ(planned->n_pages, 4U * 128 + 4);
  EXPECT_EQ(planned->plan.cache, (4 * 128 + 4) * kMega);
  EXPECT_EQ(planned->plan.wanted_context, 0U);
}

TEST(MemoryPlan, takes_fewer_pages_where_there_is_less_but_those_of_one_context_in_any_case) {
  for (uint64_t free = 682 * kMega; free < 1200 * kMega; free += 7 * kMega) {
    const auto planned = plan_memory(needs(), within(free));
    ASSERT_TRUE(planned) << free;
    EXPECT_LE(planned->plan.total(), free);
    EXPECT_GE(planned->n_pages, 128U + 4);
    EXPECT_EQ(planned->context, 4096U);
  }
  EXPECT_EQ(plan_memory(needs(), within(682 * kMega))->plan.total(), 682 * kMega);
}

TEST(MemoryPlan, refuses_with_every_figure_and_with_what_would_help) {
  const auto refused = plan_memory(needs(), within(650 * kMega));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), ErrorCode::kExhausted);
  EXPECT_EQ(refused.error().message(),
            "682 MB are needed (500 MB for weights, 132 MB for a context of 4096 tokens, 50 MB for work), 650 MB are "
            "free");
  EXPECT_EQ(refused.error().hint(), "take a context of 3072 tokens, or set kv_type to i8, or take a smaller model");
  // And what it says is true.
  MemoryNeeds shorter = needs();
  shorter.context = 3072;
  EXPECT_TRUE(plan_memory(shorter, within(650 * kMega)));
  MemoryNeeds small = needs();
  small.model.page = small.small_page;
  EXPECT_TRUE(plan_memory(small, within(650 * kMega)));
  EXPECT_EQ(plan_memory(needs(), within(100)).error().hint(), "take a smaller model");  // nothing else is enough
}

TEST(MemoryPlan, refuses_for_good_what_the_ceiling_forbids_in_its_shortest_form) {
  Options options = within(560 * kMega);
  options.memory_ceiling = 600 * kMega;  // there is room for 512 tokens, if nothing else runs
  EXPECT_EQ(plan_memory(needs(), options).error().code(), ErrorCode::kExhausted);
  options.memory_ceiling = 569 * kMega;
  const Error never = plan_memory(needs(), options).error();
  EXPECT_TRUE(chat::is_out_of_reach(never));
  EXPECT_EQ(never.message(),
            "682 MB are needed (500 MB for weights, 132 MB for a context of 4096 tokens, 50 MB for work), 569 MB are "
            "all that there can be");
  EXPECT_EQ(never.hint(), "take a smaller model");
  // A context that was named is needed whole, whatever others give back.
  options.context = 4096;
  options.memory_ceiling = 650 * kMega;
  EXPECT_EQ(plan_memory(needs(), options).error().hint(),
            "take a context of 3072 tokens, or set kv_type to i8, or take a smaller model");
  EXPECT_TRUE(chat::is_out_of_reach(plan_memory(needs(), options).error()));
}

TEST(MemoryPlan, shortens_a_context_that_nobody_named_when_it_may_and_says_so) {
  const auto planned = plan_memory(needs(), within(650 * kMega, true));
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->context, 3072U);
  EXPECT_EQ(planned->plan.wanted_context, 4096U);
  EXPECT_LE(planned->plan.total(), 650 * kMega);
  EXPECT_FALSE(plan_memory(needs(), within(560 * kMega, true)));  // 128 tokens are not worth it
}

TEST(MemoryPlan, never_shortens_a_context_that_was_named) {
  Options options = within(650 * kMega, true);
  options.context = 4096;
  EXPECT_EQ(plan_memory(needs(), options).error().code(), ErrorCode::kExhausted);
}

TEST(MemoryPlan, shortens_what_is_more_than_a_request_needs_and_no_further) {
  Options options = within(650 * kMega, true);
  options.context = 4096;
  options.least_context = 1000;
  EXPECT_EQ(plan_memory(needs(), options)->context, 3072U);
  options.max_memory_bytes = (500 + 50 + 4 + 32) * kMega;  // 1024 tokens
  EXPECT_EQ(plan_memory(needs(), options)->context, 1024U);
  options.least_context = 1025;
  EXPECT_EQ(plan_memory(needs(), options).error().code(), ErrorCode::kExhausted);
  options.least_context = 100;
  options.max_memory_bytes = (500 + 50 + 4 + 5) * kMega;  // 160 tokens
  EXPECT_EQ(plan_memory(needs(), options)->context, 100U);
  options.may_shorten = false;
  EXPECT_FALSE(plan_memory(needs(), options));
}

TEST(MemoryPlan, of_an_encoder_has_room_for_a_step_of_short_texts) {
  MemoryNeeds encoder = needs();
  encoder.encoder = true;
  encoder.max_rows = 512;
  const auto planned = plan_memory(encoder, within(0));
  ASSERT_TRUE(planned);
  EXPECT_EQ(planned->n_pages, 64U);
  EXPECT_THAT(plan_memory(encoder, within(600 * kMega, true)).error().message(), HasSubstr("64 MB for a step"));
}

TEST(MemoryPlan, is_to_the_byte_what_the_executor_of_every_tiny_model_says) {
  const auto folder = std::filesystem::path(INGLE_TEST_DATA) / "models";
  std::vector<std::filesystem::path> files;
  for (const auto& tiny : models::testing::read_tiny_cases(folder / "tiny"))
    files.push_back(tiny.model);
  for (const auto& tiny : models::testing::read_encoder_cases(folder / "encoders"))
    files.push_back(tiny.model);
  ASSERT_FALSE(files.empty());
  for (const auto& path : files) {
    std::vector<base::FileDescriptor> parts;
    parts.push_back(base::FileDescriptor::open_read(path).value());
    const auto loaded = models::load(gguf::File::open(parts, path.string()).value());
    ASSERT_TRUE(loaded) << path;
    for (const auto precision : {backend::Precision::kDefault, backend::Precision::kReference}) {
      backend::Options options;
      options.threads = 2;
      options.precision = precision;
      options.n_pages = 3;
      options.context = 64;
      options.max_rows = 37;
      const auto told = backend::footprint("cpu", loaded->program, options);
      const auto executor = backend::load("cpu", loaded->program, options);
      ASSERT_TRUE(told && executor) << path;
      EXPECT_EQ(told->weights, (*executor)->weight_bytes()) << path;
      EXPECT_EQ(told->work, (*executor)->work_bytes()) << path;
      EXPECT_EQ(told->page, (*executor)->page_bytes()) << path;
    }
  }
}

}  // namespace
}  // namespace ingle::engine
