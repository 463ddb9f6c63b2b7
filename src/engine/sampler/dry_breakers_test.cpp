#include <gtest/gtest.h>

#include "engine/sampler/dry.h"
#include "text/tokenizer/testing/vocabs.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::engine {
namespace {

using Tails = std::vector<std::vector<int32_t>>;

class DryBreakersTest : public ::testing::Test {
 protected:
  std::unique_ptr<text::Tokenizer> tokenizer_ =
      text::Tokenizer::create(text::testing::byte_vocab("gpt-2", {"a b", "b :"})).value();
  int32_t ab_ = tokenizer_->find("ab");
  int32_t b_colon_ = tokenizer_->find("b:");

  DryBreakers find(std::vector<std::string> texts) { return find_dry_breakers(texts, *tokenizer_); }
};

TEST_F(DryBreakersTest, a_token_that_contains_the_text_breaks_alone) {
  const auto breakers = find({"b"});
  EXPECT_EQ(breakers.at('b'), Tails{{}});
  EXPECT_EQ(breakers.at(ab_), Tails{{}});
  EXPECT_EQ(breakers.at(b_colon_), Tails{{}});
  EXPECT_FALSE(breakers.contains('a'));
}

TEST_F(DryBreakersTest, a_token_that_ends_with_the_beginning_needs_the_rest_after_it) {
  const auto breakers = find({"b:"});
  EXPECT_EQ(breakers.at('b'), Tails{{':'}});
  EXPECT_EQ(breakers.at(ab_), Tails{{':'}});
  EXPECT_EQ(breakers.at(b_colon_), Tails{{}});
  EXPECT_FALSE(breakers.contains(':'));
}

TEST_F(DryBreakersTest, breakers_that_begin_alike_share_a_head) {
  const auto breakers = find({"xy", "xz", "xy"});
  EXPECT_EQ(breakers.at('x'), (Tails{{'y'}, {'z'}}));
}

TEST_F(DryBreakersTest, empty_texts_break_nothing_and_long_ones_are_cut) {
  EXPECT_TRUE(find({""}).empty());
  const auto breakers = find({std::string(1000, 'q')});
  for (const auto& tail : breakers.at('q'))
    EXPECT_LE(tail.size(), 20U);
}

}  // namespace
}  // namespace ingle::engine
