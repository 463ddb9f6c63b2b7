#include "chat/errors.h"

#include <gtest/gtest.h>

namespace ingle::chat {
namespace {

TEST(PromptTooLong, is_recognised_with_its_counts_also_inside_other_text) {
  const Error error = prompt_too_long({.prompt_tokens = 5000, .context_tokens = 4096, .model_tokens = 8192});
  EXPECT_EQ(error.message(),
            "the prompt has 5000 tokens, the context holds 4096 of the 8192 that the model was made for");
  const auto counts = as_prompt_too_long(Error(error).within("x"));
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->prompt_tokens, 5000U);
  EXPECT_EQ(counts->context_tokens, 4096U);
  EXPECT_EQ(counts->model_tokens, 8192U);
}

TEST(PromptTooLong, says_so_where_no_context_would_do) {
  for (const uint64_t context : {4096U, 8192U}) {
    const Error error = prompt_too_long({.prompt_tokens = 9031, .context_tokens = context, .model_tokens = 8192});
    EXPECT_EQ(error.message(), "the prompt has 9031 tokens; at most 8192 fit this model");
    EXPECT_EQ(error.hint(), "shorten the text");
    EXPECT_EQ(as_prompt_too_long(error)->context_tokens, 8192U);
  }
  EXPECT_EQ(prompt_too_long({.prompt_tokens = 300, .context_tokens = 256}).message(),
            "the prompt has 300 tokens; at most 256 fit this model");
}

TEST(PromptTooLong, is_not_seen_in_other_errors) {
  EXPECT_FALSE(as_prompt_too_long(Error::refused("the prompt has many tokens; at most 5 fit this model")).has_value());
  EXPECT_FALSE(as_prompt_too_long(Error::refused("the prompt has 5 tokens")).has_value());
  EXPECT_FALSE(as_prompt_too_long(Error::usage("the prompt has 5 tokens; at most 4 fit this model")).has_value());
}

TEST(Words, hints_name_what_the_caller_calls_a_context_and_an_answer) {
  const Error prompt = prompt_too_long({.prompt_tokens = 5000, .context_tokens = 4096, .model_tokens = 8192});
  EXPECT_EQ(prompt.hint(), "shorten the text, or ask for a larger context");
  EXPECT_EQ(hint_in({.context = "--ctx "}, prompt), "shorten the text, or ask for a larger context: --ctx 5512");
  const Error tall = prompt_too_long({.prompt_tokens = 8000, .context_tokens = 4096, .model_tokens = 8192});
  EXPECT_EQ(hint_in({.context = "--ctx "}, tall), "shorten the text, or ask for a larger context: --ctx 8192");
  const Error answer = answer_too_short({.needed_tokens = 11, .allowed_tokens = 3});
  EXPECT_EQ(answer.message(), "the shortest text of the format may take 11 tokens, the answer may have 3");
  EXPECT_EQ(hint_in({.answer = "'max_tokens': "}, answer),
            "allow at least 'max_tokens': 11; one that says something takes more");
  EXPECT_EQ(hint_in({}, answer), "allow at least 11 tokens; one that says something takes more");
  const Error room =
      answer_too_short({.needed_tokens = 11, .allowed_tokens = 3, .prompt_tokens = 61, .model_tokens = 1000});
  EXPECT_EQ(hint_in({.context = "'num_ctx': "}, room), "shorten the text, or ask for a larger context: 'num_ctx': 584");
  const Error large = context_too_large({.asked_tokens = 100'000, .model_tokens = 8192});
  EXPECT_EQ(hint_in({.context = "'num_ctx': "}, large), "ask for at most 'num_ctx': 8192");
  EXPECT_EQ(hint_in({.context = "--ctx "}, Error::refused("no").hint("because")), "because");
}

TEST(AnswerBreaksSchema, is_recognised_and_names_keyword_place_and_tool) {
  const Error answer = answer_breaks_schema({.keyword = "uniqueItems", .path = "#/properties/n", .tool = {}});
  EXPECT_TRUE(is_answer_breaks_schema(answer));
  EXPECT_EQ(answer.message(), "the answer breaks its schema: 'uniqueItems' does not hold, at #/properties/n");
  const Error call = answer_breaks_schema({.keyword = "contains", .path = "#", .tool = "f"}).within("x");
  EXPECT_TRUE(is_answer_breaks_schema(call));
  EXPECT_NE(call.message().find("arguments of 'f'"), std::string::npos);
  EXPECT_FALSE(is_answer_breaks_schema(Error::refused("'uniqueItems' cannot be enforced")));
  EXPECT_FALSE(is_answer_breaks_schema(Error::usage(answer.message())));
}

TEST(ChatErrors, a_full_queue_is_told_apart_from_memory_that_is_exhausted) {
  EXPECT_TRUE(is_queue_full(queue_full(520)));
  EXPECT_TRUE(is_queue_full(queue_full(520).within("x")));
  EXPECT_FALSE(is_queue_full(Error::exhausted("no memory for a step")));
  EXPECT_FALSE(is_queue_full(Error::refused(queue_full(1).message())));
}

TEST(HintIn, the_hint_of_who_knows_better_stays) {
  const Error error = prompt_too_long({.prompt_tokens = 9, .context_tokens = 4, .model_tokens = 100});
  EXPECT_NE(hint_in({.context = "--ctx "}, error).find("--ctx "), std::string::npos);
  EXPECT_EQ(hint_in({.context = "--ctx "}, Error(error).hint("embed it in parts")), "embed it in parts");
}

}  // namespace
}  // namespace ingle::chat
