#include "text/grammar/grammar_cache.h"

#include <gtest/gtest.h>

#include <string>

#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text::grammar {
namespace {

std::shared_ptr<const TokenTrie> tokens() {
  static const auto made = TokenTrie::build(*Tokenizer::create(text::testing::byte_vocab("gpt-2", {})).value());
  return made;
}

std::string schema(size_t i) {
  return R"({"type":"object","properties":{"key)" + std::to_string(i) + R"(":{"type":"string"}}})";
}

void read_masks(const Constraint& start) {
  Constraint constraint = start;
  for (const char byte : std::string_view("{\"key"))
    if (contains(constraint.allowed(), byte)) constraint.accept(byte);
}

TEST(GrammarCache, the_same_grammar_is_compiled_once_and_its_masks_are_shared) {
  GrammarCache cache(tokens());
  const Constraint first = cache.from_schema(schema(1), {}).value();
  const Constraint second = cache.from_schema(schema(1), {}).value();
  EXPECT_EQ(first, second);
  EXPECT_EQ(first.allowed().data(), second.allowed().data());
  const Constraint other = cache.from_schema(schema(2), {}).value();
  EXPECT_FALSE(first == other);
  EXPECT_EQ(cache.contents().compiled, 2U);
}

TEST(GrammarCache, texts_to_copy_from_are_part_of_the_grammar) {
  GrammarCache cache(tokens());
  const std::string copying = R"({"type":"string","x-ingle-copy":"doc"})";
  const CopySource one{"doc", "apples"};
  const CopySource two{"doc", "pears"};
  Constraint first = cache.from_schema(copying, {&one, 1}).value();
  Constraint second = cache.from_schema(copying, {&two, 1}).value();
  EXPECT_EQ(cache.contents().compiled, 2U);
  first.accept('"');
  second.accept('"');
  EXPECT_TRUE(contains(first.allowed(), 'a'));
  EXPECT_FALSE(contains(second.allowed(), 'a'));
  EXPECT_TRUE(contains(second.allowed(), 'p'));
}

TEST(GrammarCache, kinds_of_grammars_do_not_meet_and_refusals_are_remembered) {
  GrammarCache cache(tokens());
  int asked = 0;
  const auto compile = [&]() -> Result<std::shared_ptr<const Program>> {
    ++asked;
    return std::unexpected(Error::refused("no"));
  };
  ASSERT_TRUE(cache.from_schema("true", {}).has_value());
  EXPECT_FALSE(cache.find_or_compile("other", "true", {}, compile).has_value());
  EXPECT_FALSE(cache.find_or_compile("other", "true", {}, compile).has_value());
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(cache.contents().grammars, 1U);
  // As many others later it is asked again: what is remembered is bounded.
  for (size_t i = 0; i < GrammarCache::kMostRefusals; ++i)
    EXPECT_EQ(cache.find_or_compile("other", std::to_string(i), {}, compile).error(), Error::refused("no"));
  asked = 0;
  EXPECT_FALSE(cache.find_or_compile("other", "true", {}, compile).has_value());
  EXPECT_EQ(asked, 1);
}

TEST(GrammarCache, that_there_was_no_memory_is_not_held_against_a_grammar) {
  GrammarCache cache(tokens());
  int asked = 0;
  const auto compile = [&]() -> Result<std::shared_ptr<const Program>> {
    ++asked;
    return std::unexpected(Error::exhausted("no memory"));
  };
  for (int i = 0; i < 2; ++i)
    EXPECT_FALSE(cache.find_or_compile("other", "true", {}, compile).has_value());
  EXPECT_EQ(asked, 2);
}

TEST(GrammarCache, grammars_that_never_come_twice_hold_bounded_memory) {
  constexpr size_t kBytes = size_t{1} << 20;
  GrammarCache cache(tokens(), kBytes);
  for (size_t i = 0; i < 3000; ++i) {
    const Constraint constraint = cache.from_schema(schema(i), {}).value();
    read_masks(constraint);
    // Only the last one may be more: nobody had asked for its masks yet when room was made.
    EXPECT_LE(cache.contents().bytes, kBytes + 100'000);
  }
  EXPECT_EQ(cache.contents().compiled, 3000U);
  EXPECT_GT(cache.contents().grammars, 1U);
  EXPECT_LT(cache.contents().grammars, 1000U);
}

/// The limit on unique grammars, where compiling them is not the point.
TEST(GrammarCache, a_hundred_thousand_unique_grammars_hold_no_more_than_a_thousand) {
  GrammarCache cache(tokens(), size_t{64} << 10);
  const auto small = compile_schema("{\"const\":1}", {}, tokens()->single_bytes()).value().program;
  size_t most = 0;
  for (size_t i = 0; i < 100'000; ++i) {
    const auto made = cache.find_or_compile("test", std::to_string(i), {},
                                            [&]() -> Result<std::shared_ptr<const Program>> { return small; });
    ASSERT_TRUE(made.has_value());
    most = std::max(most, cache.contents().bytes);
  }
  EXPECT_LE(most, size_t{64} << 10);
  EXPECT_EQ(cache.contents().compiled, 100'000U);
}

TEST(GrammarCache, what_is_in_use_and_what_was_used_last_stays) {
  GrammarCache cache(tokens(), 1);
  const Constraint used = cache.from_schema(schema(1), {}).value();
  read_masks(used);
  EXPECT_TRUE(cache.from_schema(schema(2), {}).has_value());
  EXPECT_TRUE(cache.from_schema(schema(3), {}).has_value());
  EXPECT_TRUE(cache.from_schema(schema(1), {}).has_value());
  EXPECT_EQ(cache.contents().compiled, 3U);
  EXPECT_TRUE(cache.from_schema(schema(2), {}).has_value());
  EXPECT_EQ(cache.contents().compiled, 4U);
}

TEST(Constraint, of_many_with_one_grammar_each_stands_where_it_stands) {
  GrammarCache cache(tokens());
  std::vector<Constraint> all;
  const std::string text = R"({"key1": "a"})";
  for (size_t i = 0; i < 20; ++i)
    all.push_back(cache.from_schema(schema(1), {}).value());
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t k = 0; k < i % text.size(); ++k)
      all[i].accept(text[k]);
  }
  std::vector<Constraint> copies = all;
  for (size_t i = 0; i < all.size(); ++i) {
    const Constraint before = all[i];
    for (size_t k = i % text.size(); k < text.size(); ++k) {
      ASSERT_TRUE(contains(all[i].allowed(), text[k])) << i << " " << k;
      all[i].accept(text[k]);
    }
    EXPECT_TRUE(all[i].is_complete());
    EXPECT_EQ(copies[i], before);
    EXPECT_FALSE(copies[i].is_complete());
    EXPECT_EQ(before.shortest() > 0, true);
  }
}

}  // namespace
}  // namespace ingle::text::grammar
