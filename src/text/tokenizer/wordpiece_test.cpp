// WordPiece and BERT's splitter. Digests and expected words come from Hugging Face's tokenizers 0.21.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/sha256.h"
#include "text/tokenizer/bert_splitter.h"
#include "text/tokenizer/code_points.h"
#include "text/tokenizer/testing/vocabs.h"
#include "text/tokenizer/tokenizer.h"

namespace ingle::text {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::word_vocab;

using Ids = std::vector<TokenId>;
constexpr TokenId kUnk = 1, kCls = 2, kSep = 3;

std::unique_ptr<Tokenizer> make(Vocab vocab) {
  auto tokenizer = Tokenizer::create(std::move(vocab));
  EXPECT_TRUE(tokenizer) << (tokenizer ? "" : tokenizer.error().message());
  return std::move(tokenizer).value();
}

std::unique_ptr<Tokenizer> small() {
  return make(word_vocab({"un", "##aff", "##able", "run", "##n", "##ing", "hello", ",", "world", "!", "東", "cafe", "r",
                          "##u", "it", "'", "s"}));
}

std::vector<std::string> words(std::string_view text, BertSplitter splitter = {}) {
  std::string joined;
  std::vector<uint32_t> ends;
  splitter.split(text, joined, ends);
  std::vector<std::string> out;
  uint32_t begin = 0;
  for (const uint32_t end : ends) {
    out.push_back(joined.substr(begin, end - begin));
    begin = end;
  }
  return out;
}

/// Of every character between letters and before two accents in the wrong order.
std::string digest_of_all_characters(BertSplitter splitter) {
  std::string all;
  for (char32_t c = 0; c < 0x110000; ++c) {
    // Decomposed since Unicode 13, which those tokenizers do not know yet.
    if ((c >= 0xD800 && c < 0xE000) || c == 0x11938) continue;
    std::string text = "A";
    append_utf8(c, text);
    text +=
        "\xCC\x81\xCC\xA3"
        "b";
    for (const std::string& word : words(text, splitter))
      all += word + '\n';
  }
  return base::sha256_hex(std::as_bytes(std::span(all)));
}

TEST(BertSplitter, treats_every_character_as_the_tokenizer_of_the_models_does) {
  EXPECT_EQ(digest_of_all_characters({true, true}), "0c270731d4a561f5d249e2985f603532813a1dd2e87f8c0392522bacc104db89");
  EXPECT_EQ(digest_of_all_characters({false, false}),
            "0c849d922bcc12cc1253a70d2f3d0e9cfde5b6f162865c82d6860903c982f85e");
  EXPECT_EQ(digest_of_all_characters({true, false}),
            "b927168a147679be13bd14aa2c8a206bf1aabbd5a5ac1a7d001cc4562b8b6800");
  EXPECT_EQ(digest_of_all_characters({false, true}),
            "f3f381895290790a884d43d63f026b82bfca03fc3025178b7e07cb8251eb2efb");
}

TEST(BertSplitter, splits_at_white_space_punctuation_and_chinese_characters) {
  EXPECT_THAT(words("  Hello,\tit's\n東京! "), ElementsAre("hello", ",", "it", "'", "s", "東", "京", "!"));
  EXPECT_THAT(words(""), IsEmpty());
  EXPECT_THAT(words(" \t"), IsEmpty());
}

TEST(BertSplitter, takes_accents_and_case_only_where_the_model_does) {
  EXPECT_THAT(words("École"), ElementsAre("ecole"));
  EXPECT_THAT(words("École", {.lowercase = false, .strip_accents = false}), ElementsAre("École"));
  EXPECT_THAT(words("École", {.lowercase = true, .strip_accents = false}), ElementsAre("école"));
}

TEST(BertSplitter, drops_bytes_that_are_not_utf8) {
  EXPECT_THAT(words("a\xFF\xFE"
                    "b"),
              ElementsAre("ab"));
  EXPECT_THAT(words("\xC0\x80x\xED\xA0\x80y\xF4\x90\x80\x80z\xE4\xB8"), ElementsAre("xyz"));
}

TEST(BertSplitter, orders_a_million_accents_without_stumbling) {
  std::string text = "q";
  for (int i = 0; i < 500'000; ++i)
    text += i % 2 == 0 ? "\xE0\xA3\x93" : "\xCC\x81";  // U+08D3 stays, U+0301 goes
  EXPECT_EQ(words(text)[0].size(), 1U + 250'000U * 3U);
}

TEST(WordPiece, takes_the_longest_piece_each_time) {
  EXPECT_EQ(small()->encode("unaffable running", {}), (Ids{5, 6, 7, 8, 9, 10}));
  EXPECT_EQ(small()->encode("Café, 東!", {}), (Ids{16, 12, 15, 14}));
}

TEST(WordPiece, makes_a_word_that_cannot_be_spelled_one_unknown_token) {
  EXPECT_EQ(small()->encode("unaffablex run", {}), (Ids{kUnk, 8}));
  EXPECT_EQ(small()->encode("able", {}), (Ids{kUnk})) << "'##able' begins no word";
  const auto t = make(word_vocab({"a", "##a"}));
  EXPECT_EQ(t->encode(std::string(100, 'a'), {}).size(), 100U);
  EXPECT_EQ(t->encode(std::string(101, 'a'), {}), (Ids{kUnk}));
}

TEST(WordPiece, does_not_take_the_mark_of_a_beginning_for_text) {
  const auto t = make(word_vocab({"x", "##x", "a"}));
  EXPECT_EQ(t->encode("a\xE2\x96\x81x", {}), (Ids{kUnk})) << "U+2581 is a character like others";
  EXPECT_EQ(t->encode("\xE2\x96\x81x", {}), (Ids{kUnk}));
}

TEST(WordPiece, frames_texts_and_pairs_where_asked) {
  const auto t = small();
  EXPECT_EQ(t->encode("hello", {.add_bos = true}), (Ids{kCls, 11, kSep}));
  EXPECT_EQ(t->encode("", {.add_bos = true}), (Ids{kCls, kSep}));
  EXPECT_EQ(t->encode_pair("hello", "world", {.add_bos = true}), (Ids{kCls, 11, kSep, 13, kSep}));
  EXPECT_EQ(t->encode_pair("hello", "world", {}), (Ids{11, 13}));
}

TEST(WordPiece, frames_texts_of_files_that_call_the_separator_the_end) {
  Vocab vocab = word_vocab({"a"});
  vocab.eos = vocab.sep;
  vocab.add_eos = true;
  vocab.add_sep = false;
  EXPECT_THAT(make(vocab)->encode("a", {.add_bos = true}), ElementsAre(kCls, 5, kSep));
  vocab.add_eos = false;
  EXPECT_THAT(make(vocab)->encode("a", {.add_bos = true}), ElementsAre(kCls, 5));
}

TEST(WordPiece, finds_control_tokens_in_trusted_text_only) {
  const auto t = small();
  EXPECT_EQ(t->encode("hello[SEP]world", {.parse_special = true}, true), (Ids{11, kSep, 13}));
  const Ids typed = t->encode("hello[SEP]world", {.parse_special = true}, false);
  EXPECT_EQ(typed, (Ids{11, kUnk, kUnk, kUnk, 13}));
}

TEST(WordPiece, decodes_to_words_with_spaces_between) {
  const auto t = small();
  EXPECT_EQ(t->decode(t->encode("Unaffable running, hello world!", {})), "unaffable running, hello world!");
  EXPECT_EQ(t->decode(t->encode("hello world", {.add_bos = true}), true), "[CLS] hello world [SEP]");
  EXPECT_EQ(t->decode(Ids{6, 7}), "affable");
  EXPECT_EQ(t->decode({}), "");
}

TEST(WordPiece, refuses_vocabularies_without_the_tokens_it_needs) {
  const auto refusal = [](Vocab vocab) {
    const auto tokenizer = Tokenizer::create(std::move(vocab));
    return tokenizer ? "accepted" : tokenizer.error().message();
  };
  Vocab vocab = word_vocab({"a"});
  vocab.unk = kNoToken;
  EXPECT_THAT(refusal(vocab), HasSubstr("tokenizer.ggml.unknown_token_id: missing"));
  vocab = word_vocab({"a"});
  vocab.sep = kNoToken;
  EXPECT_THAT(refusal(vocab), HasSubstr("tokenizer.ggml.seperator_token_id is missing"));
  vocab = word_vocab({"a"});
  vocab.bos = 77;
  EXPECT_THAT(refusal(vocab), HasSubstr("77, but there are 6 tokens"));
}

}  // namespace
}  // namespace ingle::text
