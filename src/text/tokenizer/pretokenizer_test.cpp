#include "text/tokenizer/pretokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "text/tokenizer/pretokenizer_table.h"

namespace ingle::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Words = std::vector<std::string>;

Words split(std::string_view name, std::string_view text) {
  const PreTokenizer* splitter = PreTokenizer::find(name);
  EXPECT_NE(splitter, nullptr) << name;
  std::vector<uint32_t> ends;
  splitter->split(text, ends);
  Words words;
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

TEST(PreTokenizer, of_gpt2_takes_one_space_along_and_splits_lower_case_contractions) {
  EXPECT_EQ(split("gpt-2", "I'm  here, I'M 123x!\n\n a"),
            Words({"I", "'m", " ", " here", ",", " I", "'", "M", " 123", "x", "!", "\n\n", " a"}));
  EXPECT_EQ(split("gpt-2", "a  "), Words({"a", "  "}));
}

TEST(PreTokenizer, of_smollm_isolates_each_digit) {
  EXPECT_EQ(split("smollm", "ab 12²"), Words({"ab", " ", "1", "2", "²"}));
}

TEST(PreTokenizer, of_llama3_takes_three_digits_and_line_ends_behind_punctuation) {
  EXPECT_EQ(split("llama-bpe", "12345 (ab) {\r\n\n x'LL"),
            Words({"123", "45", " (", "ab", ")", " {\r\n\n", " x", "'LL"}));
  EXPECT_EQ(split("llama-bpe", "a \n \n  b"), Words({"a", " \n \n", " ", " b"}));
}

TEST(PreTokenizer, of_qwen2_takes_one_digit) {
  EXPECT_EQ(split("qwen2", "a12 ¼x"), Words({"a", "1", "2", " ", "¼", "x"}));
}

TEST(PreTokenizer, knows_classes_of_characters_beyond_ascii) {
  EXPECT_EQ(split("qwen2", "größe١٢ 世界。\u3000\u3000x"),
            Words({"größe", "١", "٢", " 世界", "。", "\u3000", "\u3000x"}));
  // A combining mark is no letter to one, and a part of the word to the other.
  EXPECT_EQ(split("qwen2", "e\u0301a"), Words({"e", "\u0301a"}));
  EXPECT_EQ(split("qwen35", "e\u0301a"), Words({"e\u0301a"}));
}

TEST(PreTokenizer, of_gpt4o_keeps_contractions_and_splits_where_capitals_begin) {
  EXPECT_EQ(split("gpt-4o", "don't HTMLParser a/b/\n"), Words({"don't", " HTMLParser", " a", "/b", "/\n"}));
  EXPECT_EQ(split("tekken", "camelCaseX"), Words({"camel", "Case", "X"}));
}

TEST(PreTokenizer, of_deepseek_v3_isolates_han_and_kana) {
  EXPECT_EQ(split("deepseek-v3", "ab世界カタx1234"), Words({"ab", "世界カタ", "x", "123", "4"}));
}

TEST(PreTokenizer, of_tiny_aya_counts_digits_from_the_right) {
  EXPECT_EQ(split("tiny_aya", "1234567"), Words({"1", "234", "567"}));
  EXPECT_EQ(split("tiny_aya", "123456"), Words({"123", "456"}));
  EXPECT_EQ(split("tiny_aya", "12"), Words({"12"}));
}

TEST(PreTokenizer, keeps_what_no_expression_matches_as_a_word) {
  EXPECT_EQ(split("bloom", "a (b), 世。"), Words({"a", " (", "b", "),", " 世", "。"}));
}

TEST(PreTokenizer, covers_any_text_with_words_in_every_row) {
  const std::string text =
      "It's 12345 über-naïve\u00a0\u3000 \r\n\n\t世界ABCabc١٢٣ \u0301\u200d\xF0\x9F\x98\x80 <|x|>  end\x01\x00 \U000E0001   ";
  for (const PreTokenizerRow& row : pretokenizer_rows()) {
    std::string joined;
    for (const std::string& word : split(row.names[0], text)) {
      EXPECT_FALSE(word.empty()) << row.names[0];
      joined += word;
    }
    EXPECT_EQ(joined, text) << row.names[0];
  }
}

TEST(PreTokenizer, splits_long_runs_in_every_row) {
  // Quadratic work would make this test hang, and an exhausted stack or match limit would lose the last word.
  constexpr size_t kRun = 1 << 16;
  for (const PreTokenizerRow& row : pretokenizer_rows()) {
    for (const char* unit : {" ", "\n", "a", "A", "7", "!", "aA", " \n", "\u3000", "漢", "\u0301"}) {
      std::string text;
      while (text.size() < kRun)
        text += unit;
      const Words words = split(row.names[0], text + "x.");
      ASSERT_FALSE(words.empty());
      EXPECT_LE(words.back().size(), 2U + std::string_view(unit).size()) << row.names[0] << " " << unit;
    }
  }
}

TEST(PreTokenizer, finds_nothing_under_an_unknown_name) {
  EXPECT_EQ(PreTokenizer::find("no-such"), nullptr);
  EXPECT_THAT(PreTokenizer::known_names(), HasSubstr("qwen2"));
}

TEST(PreTokenizerTable, has_each_name_once_and_sorted_sets_beyond_ascii) {
  std::vector<std::string_view> names;
  for (const PreTokenizerRow& row : pretokenizer_rows()) {
    names.insert(names.end(), row.names.begin(), row.names.end());
    EXPECT_LE(row.sets.size(), 3U);
    for (const auto& set : row.sets) {
      char32_t last = 0x7F;
      for (const CodePointRange& range : set) {
        EXPECT_GT(range.first, last);
        EXPECT_GE(range.last, range.first);
        last = range.last;
      }
    }
  }
  std::ranges::sort(names);
  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace ingle::text
