#include "engine/prompt_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace ingle::engine {
namespace {

using ::testing::IsEmpty;
using ::testing::Le;
using ::testing::SizeIs;

std::vector<int32_t> tokens_of(std::string_view text) {
  return {text.begin(), text.end()};
}

std::string guess_after(PromptLookup& lookup, std::string_view text, uint32_t most = 15) {
  const auto guess = lookup.guess(tokens_of(text), most);
  return {guess.begin(), guess.end()};
}

TEST(PromptLookup, guesses_what_followed_the_same_tokens_before) {
  PromptLookup lookup(100);
  EXPECT_EQ(guess_after(lookup, "the quick brown fox jumps. the quick brown", 4), " fox");
}

TEST(PromptLookup, says_nothing_where_nothing_repeats) {
  PromptLookup lookup(100);
  EXPECT_EQ(guess_after(lookup, ""), "");
  EXPECT_EQ(guess_after(lookup, "ab"), "");
  EXPECT_EQ(guess_after(lookup, "abcdefghijkl"), "");
  EXPECT_EQ(guess_after(lookup, "abcdefghijklbc"), "");  // two tokens are too few
}

TEST(PromptLookup, continues_the_longest_match_and_of_equal_ones_the_latest) {
  PromptLookup longest(100);
  EXPECT_EQ(guess_after(longest, "xxabcdef-1 yyabcdef-2 xxabcdef-", 1), "1");
  PromptLookup latest(100);
  EXPECT_EQ(guess_after(latest, "pabcdef-1 qabcdef-2 rabcdef-", 1), "2");
}

TEST(PromptLookup, goes_on_with_its_own_guess_in_a_loop) {
  PromptLookup lookup(100);
  EXPECT_EQ(guess_after(lookup, "abababababab", 4), "abab");
}

TEST(PromptLookup, never_guesses_more_than_it_may) {
  const std::string text = std::string(40, 'a') + "b" + std::string(40, 'a');
  PromptLookup lookup(100);
  EXPECT_THAT(guess_after(lookup, text, 3), SizeIs(3));
  for (int i = 0; i < 50; ++i)
    lookup.judge(3, false);
  EXPECT_THAT(guess_after(lookup, text, 1000), SizeIs(Le(PromptLookup::kMostGuessed)));
  EXPECT_EQ(guess_after(lookup, text, 0), "");
}

TEST(PromptLookup, guesses_further_while_it_is_right_and_pauses_while_it_is_wrong) {
  const std::string text = "one two, three. one two, ";
  PromptLookup lookup(100);
  const size_t at_first = guess_after(lookup, text).size();
  ASSERT_GT(at_first, 0U);
  for (int i = 0; i < 20; ++i)
    lookup.judge(4, false);
  EXPECT_GT(guess_after(lookup, text).size(), at_first);
  int n_silent = 0;
  for (int i = 0; i < 300; ++i) {
    if (guess_after(lookup, text).empty()) {
      ++n_silent;
    } else {
      lookup.judge(0, true);
    }
  }
  EXPECT_GT(n_silent, 200);
  EXPECT_LT(n_silent, 290);  // it is tried again some time
}

TEST(PromptLookup, finds_its_way_back_into_a_copy_after_a_word_was_replaced) {
  const std::string source = "int count = first + second; return count; ";
  PromptLookup lookup(200);
  std::string text = source + "int ";
  ASSERT_EQ(guess_after(lookup, text, 2), "co");
  lookup.judge(2, false);
  text += "count = ";
  ASSERT_EQ(guess_after(lookup, text, 4), "firs");
  lookup.judge(0, true);  // the answer says "other" instead
  text += "o";
  EXPECT_EQ(guess_after(lookup, text, 3), "");
  text += "ther ";
  EXPECT_EQ(guess_after(lookup, text, 2), "+ ");
}

TEST(PromptLookup, forgets_a_copy_that_was_left_long_ago) {
  PromptLookup lookup(200);
  std::string text = "0123456789abcdefghij/0123456789";
  ASSERT_EQ(guess_after(lookup, text, 4), "abcd");
  lookup.judge(0, true);
  text += "ABCDEFGHIJKLMNOP";
  EXPECT_EQ(guess_after(lookup, text + "c", 4), "");
}

}  // namespace
}  // namespace ingle::engine
