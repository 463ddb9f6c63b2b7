// The tokenizer against its plain counterparts, over vocabularies and texts made of a seeded generator.
#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <thread>

#include "text/tokenizer/special_finder.h"
#include "text/tokenizer/testing/reference.h"
#include "text/tokenizer/testing/vocabs.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::text {
namespace {

using Ids = std::vector<TokenId>;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  size_t below(size_t n) { return engine_() % n; }
  /// Few letters, so that tokens overlap and merges compete.
  std::string text(std::string_view letters, size_t longest) {
    std::string out;
    for (size_t n = below(longest + 1); n > 0; --n)
      out += letters[below(letters.size())];
    return out;
  }

 private:
  std::mt19937 engine_;
};

TEST(SpecialFinder, cuts_like_a_search_for_one_token_after_the_other) {
  Random random(1);
  for (int round = 0; round < 3000; ++round) {
    std::set<std::string> texts;
    for (size_t i = random.below(8); i > 0; --i)
      texts.insert(random.text("ab ", 5));
    texts.erase("");
    std::vector<SpecialToken> tokens;
    for (const std::string& text : texts) {
      tokens.push_back({text, static_cast<TokenId>(tokens.size()), random.below(2) == 0, random.below(4) == 0});
    }
    const std::string text = random.text("aab c\n", 40);
    const size_t middle = random.below(text.size() + 1);
    std::vector<Stretch> trusted;
    if (middle > 1) trusted.push_back({random.below(middle), middle - 1});
    if (middle < text.size()) trusted.push_back({middle, text.size()});
    const auto finder = SpecialFinder::build(tokens);
    ASSERT_TRUE(finder);
    const auto parts = finder->cut(text, trusted);
    const auto expected = testing::plain_cut(text, tokens, trusted);
    ASSERT_EQ(parts.size(), expected.size()) << "'" << text << "' round " << round;
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i].text, expected[i].text) << "'" << text << "' round " << round;
      EXPECT_EQ(parts[i].token, expected[i].token);
    }
  }
}

TEST(SentencePiece, joins_like_a_search_for_the_best_pair) {
  Random random(2);
  for (int round = 0; round < 500; ++round) {
    std::set<std::string> texts;
    for (int i = 0; i < 12; ++i)
      texts.insert(random.text("abc\xC3\xA9", 4));
    texts.erase("");
    Vocab vocab;
    vocab.model = "llama";
    vocab.add_bos = false;
    vocab.add_space_prefix = false;
    // Few scores: equal ones must be settled by position.
    for (const std::string& text : texts) {
      testing::add_token(vocab, text, TokenKind::kNormal, static_cast<float>(random.below(3)));
    }
    vocab.bos = vocab.eos = vocab.unk = 0;
    const Vocab copy = vocab;
    const auto tokenizer = Tokenizer::create(std::move(vocab));
    ASSERT_TRUE(tokenizer);
    for (int i = 0; i < 8; ++i) {
      const std::string text = random.text("aabbcc\xC3\xA9", 60);
      Ids expected = testing::plain_sentencepiece(copy, text);
      Ids ids = (*tokenizer)->encode(text, {});
      // Bytes without a token become the unknown one here, which the counterpart leaves out.
      std::erase(ids, 0);
      std::erase(expected, 0);
      EXPECT_EQ(ids, expected) << "round " << round;
    }
  }
}

TEST(ByteBpe, merges_like_a_search_for_the_best_pair) {
  Random random(3);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::string> parts = {"a", "b", "c"};
    std::vector<std::string> merges;
    std::set<std::string> merged;
    for (int i = 0; i < 12; ++i) {
      const std::string left = parts[random.below(parts.size())];
      const std::string right = parts[random.below(parts.size())];
      if (!merged.insert(left + right).second) continue;
      merges.push_back(left + " " + right);
      parts.push_back(left + right);
    }
    const Vocab vocab = testing::byte_vocab("gpt-2", merges);
    const auto tokenizer = Tokenizer::create(vocab);
    ASSERT_TRUE(tokenizer);
    for (int i = 0; i < 8; ++i) {
      const std::string word = random.text("aabbc", 60);
      EXPECT_EQ((*tokenizer)->encode(word, {}), testing::plain_bpe(vocab, word)) << "round " << round;
    }
  }
}

TEST(Tokenizer, gives_repeated_words_the_ids_of_their_first_time) {
  const auto tokenizer = Tokenizer::create(testing::byte_vocab("gpt-2", {"a b", "ab c", "Ġ a"}));
  ASSERT_TRUE(tokenizer);
  const std::string line = "abc ab a.\n";
  const Ids once = (*tokenizer)->encode(line, {});
  std::string text;
  Ids expected;
  for (int i = 0; i < 1000; ++i) {
    text += line;
    expected.insert(expected.end(), once.begin(), once.end());
  }
  EXPECT_EQ((*tokenizer)->encode(text, {}), expected);
}

TEST(Tokenizer, is_used_by_many_threads_at_once) {
  const auto tokenizer = Tokenizer::create(testing::byte_vocab("deepseek-v3", {"a b", "ab c", "Ġ a"}));
  ASSERT_TRUE(tokenizer);
  const std::string text = "abc ab 12345 \xE4\xB8\x96 <|im_end|>";
  const EncodeOptions options = {.add_bos = false, .parse_special = true};
  const Ids expected = (*tokenizer)->encode(text, options);
  std::vector<std::jthread> threads;
  for (const char* pre : {"youtu", "jais-2", "tiny_aya", "youtu"}) {
    threads.emplace_back([&, pre] {
      for (int i = 0; i < 50; ++i)
        EXPECT_EQ((*tokenizer)->encode(text, options), expected);
      EXPECT_TRUE(Tokenizer::create(testing::byte_vocab(pre, {})));
    });
  }
}

}  // namespace
}  // namespace ingle::text
