#include "chat/errors.h"

#include <gtest/gtest.h>

namespace ingle::chat {
namespace {

TEST(PromptTooLong, is_recognised_with_its_counts_also_inside_other_text) {
  const auto counts = as_prompt_too_long(prompt_too_long({.prompt_tokens = 5000, .context_tokens = 4096}).within("x"));
  ASSERT_TRUE(counts.has_value());
  EXPECT_EQ(counts->prompt_tokens, 5000U);
  EXPECT_EQ(counts->context_tokens, 4096U);
}

TEST(PromptTooLong, is_not_seen_in_other_errors) {
  EXPECT_FALSE(as_prompt_too_long(Error::refused("the prompt has many tokens, the context holds 5")).has_value());
  EXPECT_FALSE(as_prompt_too_long(Error::refused("the prompt has 5 tokens")).has_value());
  EXPECT_FALSE(as_prompt_too_long(Error::usage("the prompt has 5 tokens, the context holds 4")).has_value());
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

}  // namespace
}  // namespace ingle::chat
