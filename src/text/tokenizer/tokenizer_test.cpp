#include "text/tokenizer/tokenizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text {
namespace {

using testing::add_token;
using testing::byte_vocab;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::piece_vocab;

using Ids = std::vector<TokenId>;
constexpr EncodeOptions kPlain = {};
constexpr EncodeOptions kSpecial = {.add_bos = false, .parse_special = true};

std::unique_ptr<Tokenizer> make(Vocab vocab) {
  auto tokenizer = Tokenizer::create(std::move(vocab));
  EXPECT_TRUE(tokenizer) << (tokenizer ? "" : tokenizer.error().message());
  return std::move(tokenizer).value();
}

std::string refusal(Vocab vocab) {
  const auto tokenizer = Tokenizer::create(std::move(vocab));
  return tokenizer ? "accepted" : tokenizer.error().message();
}

std::vector<std::string> pieces(const Tokenizer& t, std::string_view text, EncodeOptions options = kPlain) {
  std::vector<std::string> out;
  for (const TokenId id : t.encode(text, options))
    out.emplace_back(t.spelling(id));
  return out;
}

// Byte-level BPE

TEST(ByteBpe, merges_the_pair_of_the_best_rank_first) {
  const auto t = make(byte_vocab("gpt-2", {"b c", "a b", "a bc"}));
  EXPECT_THAT(pieces(*t, "abc"), ElementsAre("abc"));
  const auto other = make(byte_vocab("gpt-2", {"a b", "b c", "a bc"}));
  EXPECT_THAT(pieces(*other, "abc"), ElementsAre("ab", "c"));
}

TEST(ByteBpe, merges_equal_ranks_from_left_to_right) {
  const auto t = make(byte_vocab("gpt-2", {"a a"}));
  EXPECT_THAT(pieces(*t, "aaaaa"), ElementsAre("aa", "aa", "a"));
}

TEST(ByteBpe, merges_do_not_cross_words) {
  const auto t = make(byte_vocab("gpt-2", {"a Ġ", "Ġ b"}));
  EXPECT_THAT(pieces(*t, "a b"), ElementsAre("a", "Ġb"));
}

TEST(ByteBpe, goes_through_merges_that_are_not_tokens) {
  Vocab vocab = byte_vocab("gpt-2", {"a b", "ab c"});
  vocab.tokens[256] = "no such text";
  const auto t = make(std::move(vocab));
  EXPECT_THAT(pieces(*t, "abc"), ElementsAre("abc"));
  EXPECT_THAT(pieces(*t, "abx"), ElementsAre("a", "b", "x"));
}

TEST(ByteBpe, drops_a_byte_that_has_no_token) {
  Vocab vocab = byte_vocab("gpt-2", {});
  vocab.tokens['b'] = "gone";
  vocab.tokens[0xC3] = "gone too";
  const auto t = make(std::move(vocab));
  EXPECT_THAT(t->encode("abc\xC3\xA9", kPlain), ElementsAre('a', 'c', 0xA9));
}

TEST(ByteBpe, takes_a_whole_word_only_where_the_pre_tokenizer_says_so) {
  const std::vector<std::string> merges = {"a b"};
  for (const auto& [pre, whole] : {std::pair("llama-bpe", true), std::pair("qwen2", false)}) {
    Vocab vocab = byte_vocab(pre, merges);
    const TokenId word = add_token(vocab, "abcd", TokenKind::kNormal);
    const auto t = make(std::move(vocab));
    EXPECT_EQ(t->encode("abcd", kPlain), whole ? Ids({word}) : Ids({256, 'c', 'd'})) << pre;
  }
}

TEST(ByteBpe, reads_invalid_utf8_as_replacement_characters) {
  const auto t = make(byte_vocab("gpt-2", {}));
  const Ids replacement = {0xEF, 0xBF, 0xBD};
  EXPECT_EQ(t->encode("\xFF", kPlain), replacement);
  EXPECT_EQ(t->encode("\xC3", kPlain), replacement);
  // Over-long forms and surrogates are decoded, as llama.cpp does.
  EXPECT_THAT(t->encode("\xC1\x81", kPlain), ElementsAre('A'));
  EXPECT_THAT(t->encode("\xED\xA0\x80", kPlain), ElementsAre(0xED, 0xA0, 0x80));
  EXPECT_EQ(t->encode("\xF5\x80\x80\x80", kPlain).size(), 12U);
}

TEST(ByteBpe, encodes_nul_and_every_other_byte) {
  const auto t = make(byte_vocab("gpt-2", {}));
  for (int byte = 0; byte < 128; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_THAT(t->encode({&c, 1}, kPlain), ElementsAre(byte));
  }
  EXPECT_THAT(t->encode("", kPlain), IsEmpty());
}

TEST(ByteBpe, decodes_what_it_encoded) {
  const auto t = make(byte_vocab("qwen2", {"Ġ w", "Ġw o", "Ã ¶"}));
  const std::string text = "a w\xC3\xB6rld, 1234\n\n\t  \xF0\x9F\x91\x8D wo";
  EXPECT_EQ(t->decode(t->encode(text, kPlain)), text);
}

TEST(ByteBpe, merges_a_megabyte_of_one_letter) {
  const auto t = make(byte_vocab("gpt-2", {"a a", "aa aa", "aaaa aaaa"}));
  EXPECT_EQ(t->encode(std::string(1 << 20, 'a'), kPlain), Ids(1 << 17, 258));
}

// SentencePiece

TEST(SentencePiece, joins_the_pair_of_the_best_score_first) {
  const auto t = make(piece_vocab({{"a", 0}, {"b", 0}, {"c", 0}, {"ab", -2}, {"bc", -1}}));
  EXPECT_THAT(pieces(*t, "xabc"), ElementsAre("<0xE2>", "<0x96>", "<0x81>", "<0x78>", "a", "bc"));
}

TEST(SentencePiece, puts_a_space_before_text_unless_the_file_says_no) {
  Vocab vocab = piece_vocab({{"\xE2\x96\x81", -5},
                             {"a", -5},
                             {"\xE2\x96\x81"
                              "a",
                              -1},
                             {"<h>", 0}});
  vocab.kinds.back() = TokenKind::kUserDefined;
  Vocab without = vocab;
  without.add_space_prefix = false;
  const auto t = make(std::move(vocab));
  EXPECT_THAT(pieces(*t, "a a"), ElementsAre("▁a", "▁a"));
  EXPECT_THAT(pieces(*t, "a<h>a"), ElementsAre("▁a", "<h>", "▁a"));
  EXPECT_THAT(t->encode("", kPlain), IsEmpty());
  const auto u = make(std::move(without));
  EXPECT_THAT(pieces(*u, "a a"), ElementsAre("a", "▁a"));
  EXPECT_EQ(u->decode(u->encode("a a", kPlain)), "a a");
}

TEST(SentencePiece, spells_unknown_characters_in_bytes) {
  Vocab vocab = piece_vocab({{"a", 0}});
  vocab.add_space_prefix = false;
  const auto t = make(std::move(vocab));
  EXPECT_THAT(pieces(*t, "a\xC3\xA9\xFF"), ElementsAre("a", "<0xC3>", "<0xA9>", "<0xFF>"));
  EXPECT_EQ(t->decode(t->encode("a\xC3\xA9\xFF", kPlain)), "a\xC3\xA9\xFF");
}

TEST(SentencePiece, falls_back_to_the_unknown_token_where_bytes_are_missing) {
  Vocab vocab;
  vocab.model = "llama";
  vocab.tokens = {"<unk>", "a"};
  vocab.kinds = {TokenKind::kUnknown, TokenKind::kNormal};
  vocab.bos = vocab.eos = 0;
  vocab.add_space_prefix = false;
  EXPECT_THAT(make(std::move(vocab))->encode("ab", kPlain), ElementsAre(1, 0));
}

TEST(SentencePiece, joins_a_megabyte_of_one_letter) {
  Vocab vocab = piece_vocab({{"a", -3}, {"aa", -2}, {"aaaa", -1}});
  vocab.add_space_prefix = false;
  EXPECT_EQ(make(std::move(vocab))->encode(std::string(1 << 20, 'a'), kPlain), Ids(1 << 18, 261));
}

// Special tokens and trust

TEST(SpecialTokens, are_found_in_trusted_text_only_when_asked_for) {
  const auto t = make(byte_vocab("gpt-2", {}));
  const TokenId end = t->find("<|im_end|>");
  EXPECT_THAT(t->encode("a<|im_end|>b", kSpecial), ElementsAre('a', end, 'b'));
  EXPECT_EQ(t->encode("<|im_end|>", kPlain).size(), 10U);
  EXPECT_EQ(t->encode("<|im_end|>", kSpecial, false).size(), 10U);
}

TEST(SpecialTokens, never_contain_an_untrusted_byte) {
  const auto t = make(byte_vocab("gpt-2", {}));
  const TokenId end = t->find("<|im_end|>");
  const std::string text = "x<|im_end|>y";
  for (size_t i = 0; i < text.size(); ++i) {
    const std::string_view all = text;
    const Segment segments[] = {{all.substr(0, i), true}, {all.substr(i, 1), false}, {all.substr(i + 1), true}};
    const bool inside = i >= 1 && i <= 10;
    EXPECT_EQ(t->encode(segments, kSpecial), inside ? t->encode(text, kPlain) : Ids({'x', end, 'y'})) << i;
  }
}

TEST(SpecialTokens, are_found_across_the_border_of_two_trusted_segments) {
  const auto t = make(byte_vocab("gpt-2", {}));
  const Segment segments[] = {{"<|im", true}, {"", false}, {"_end|>", true}};
  EXPECT_THAT(t->encode(segments, kSpecial), ElementsAre(t->find("<|im_end|>")));
}

TEST(SpecialTokens, of_the_user_defined_kind_are_found_everywhere) {
  const auto t = make(byte_vocab("gpt-2", {}));
  EXPECT_THAT(t->encode("a<tool>", kPlain, false), ElementsAre('a', t->find("<tool>")));
}

TEST(SpecialTokens, do_not_grow_out_of_ordinary_merges) {
  Vocab vocab = byte_vocab("gpt-2", {"[ x"});
  vocab.kinds[256] = TokenKind::kControl;
  EXPECT_THAT(make(std::move(vocab))->encode("[x", kPlain), ElementsAre('[', 'x'));
  Vocab whole = byte_vocab("llama-bpe", {});
  add_token(whole, "Ġend", TokenKind::kControl);
  EXPECT_EQ(make(std::move(whole))->encode(" end", kPlain).size(), 4U);
  Vocab sentencepiece = piece_vocab({{"<", 0}, {"s>", 0}, {"s", 0}, {">", 0}});
  sentencepiece.add_space_prefix = false;
  EXPECT_THAT(pieces(*make(std::move(sentencepiece)), "<s>"), ElementsAre("<", "s>"));
}

TEST(SpecialTokens, do_not_stand_in_for_bytes) {
  Vocab vocab = piece_vocab({{"a", 0}});
  vocab.add_space_prefix = false;
  vocab.kinds[3 + 'x'] = TokenKind::kControl;
  vocab.unk = 2;  // </s>
  EXPECT_THAT(make(std::move(vocab))->encode("axa", kPlain), ElementsAre(259, 259));
}

TEST(SpecialTokens, the_longest_goes_first_wherever_it_begins) {
  Vocab vocab = byte_vocab("gpt-2", {});
  const TokenId three = add_token(vocab, "abc", TokenKind::kUserDefined);
  const TokenId four = add_token(vocab, "bcde", TokenKind::kUserDefined);
  const TokenId two = add_token(vocab, "ab", TokenKind::kUserDefined);
  const auto t = make(std::move(vocab));
  EXPECT_THAT(t->encode("abcde", kPlain), ElementsAre('a', four));
  EXPECT_THAT(t->encode("abcd", kPlain), ElementsAre(three, 'd'));
  // What the long token leaves may still hold a shorter one.
  EXPECT_THAT(t->encode("ababcde", kPlain), ElementsAre(two, 'a', four));
}

TEST(SpecialTokens, equal_ones_are_taken_from_left_to_right) {
  Vocab vocab = byte_vocab("gpt-2", {});
  const TokenId two = add_token(vocab, "aa", TokenKind::kUserDefined);
  const TokenId three = add_token(vocab, "aaa", TokenKind::kUserDefined);
  EXPECT_THAT(make(std::move(vocab))->encode("aaaaaaaa", kPlain), ElementsAre(three, three, two));
}

TEST(SpecialTokens, of_phi3_swallow_the_white_space_behind_them) {
  Vocab vocab = piece_vocab({{"a", 0}});
  const TokenId end = add_token(vocab, "<|end|>", TokenKind::kControl);
  vocab.add_space_prefix = false;
  vocab.name = "Phi-3-mini";
  const TokenId a = 259;
  Vocab other = vocab;
  other.name = "other";
  const auto t = make(std::move(vocab));
  EXPECT_THAT(t->encode("<|end|> \n\ta", kSpecial), ElementsAre(end, a));
  EXPECT_THAT(t->encode("<s> a", kSpecial), ElementsAre(1, 3 + 0xE2, 3 + 0x96, 3 + 0x81, a));
  EXPECT_EQ(make(std::move(other))->encode("<|end|> a", kSpecial).size(), 5U);
}

TEST(SpecialTokens, show_in_decoded_text_only_on_request) {
  const auto t = make(byte_vocab("gpt-2", {}));
  const Ids ids = t->encode("a<|im_end|><tool>", kSpecial);
  EXPECT_EQ(t->decode(ids), "a<tool>");
  EXPECT_EQ(t->decode(ids, true), "a<|im_end|><tool>");
  EXPECT_EQ(t->piece(-1), "");
  EXPECT_EQ(t->piece(static_cast<TokenId>(t->size())), "");
}

// Roles

TEST(Roles, an_answer_ends_with_the_tokens_known_by_name) {
  const auto t = make(byte_vocab("gpt-2", {}));
  EXPECT_TRUE(t->is_end_of_generation(t->find("<|im_end|>")));
  EXPECT_TRUE(t->is_end_of_generation(t->find("<|endoftext|>")));
  EXPECT_FALSE(t->is_end_of_generation(t->find("<|im_start|>")));
  EXPECT_FALSE(t->is_end_of_generation('a'));
  EXPECT_FALSE(t->is_end_of_generation(-1));
}

TEST(Roles, a_token_that_ends_answers_is_a_control_token_whatever_the_file_says) {
  Vocab vocab = byte_vocab("gpt-2", {});
  const TokenId id = add_token(vocab, "<end_of_turn>", TokenKind::kUserDefined);
  const auto t = make(std::move(vocab));
  EXPECT_TRUE(t->is_control(id));
  EXPECT_TRUE(t->is_end_of_generation(id));
  EXPECT_EQ(t->encode("<end_of_turn>", kPlain).size(), 13U);
}

TEST(Roles, markup_of_gpt_oss_is_shown_but_stays_out_of_untrusted_text) {
  Vocab vocab = byte_vocab("gpt-4o", {});
  for (const char* name : {"<|return|>", "<|call|>", "<|end|>", "<|channel|>"}) {
    add_token(vocab, name, TokenKind::kControl);
  }
  const auto t = make(std::move(vocab));
  EXPECT_FALSE(t->is_end_of_generation(t->find("<|end|>")));
  EXPECT_TRUE(t->is_end_of_generation(t->find("<|return|>")));
  EXPECT_EQ(t->piece(t->find("<|channel|>")), "<|channel|>");
  EXPECT_GT(t->encode("<|channel|>", kSpecial, false).size(), 1U);
}

TEST(Roles, bos_is_added_only_where_the_model_wants_it) {
  Vocab vocab = byte_vocab("gpt-2", {});
  vocab.add_bos = true;
  const TokenId bos = vocab.bos;
  EXPECT_THAT(make(vocab)->encode("a", {.add_bos = true}), ElementsAre(bos, 'a'));
  EXPECT_THAT(make(vocab)->encode("a", kPlain), ElementsAre('a'));
  vocab.add_bos = false;
  EXPECT_THAT(make(vocab)->encode("a", {.add_bos = true}), ElementsAre('a'));
  vocab.add_bos.reset();
  EXPECT_FALSE(make(vocab)->special().add_bos);
  vocab.pre = "llama-bpe";
  EXPECT_TRUE(make(vocab)->special().add_bos);
  EXPECT_TRUE(make(piece_vocab({}))->special().add_bos);
}

// Hostile files

TEST(CreateTokenizer, names_what_it_knows_when_the_pre_tokenizer_is_unknown) {
  EXPECT_THAT(refusal(byte_vocab("no-such", {})), HasSubstr("tokenizer.ggml.pre: 'no-such' is not known; known are"));
  EXPECT_THAT(refusal(byte_vocab("no-such", {})), HasSubstr("llama-bpe"));
  EXPECT_THAT(refusal(byte_vocab("", {})), HasSubstr("tokenizer.ggml.pre: missing"));
}

TEST(CreateTokenizer, refuses_files_that_contradict_themselves) {
  auto changed = [](auto change) {
    Vocab vocab = byte_vocab("gpt-2", {"a b"});
    change(vocab);
    return refusal(std::move(vocab));
  };
  EXPECT_EQ(changed([](Vocab&) {}), "accepted");
  EXPECT_THAT(changed([](Vocab& v) { v.model = "t5"; }), HasSubstr("tokenizer.ggml.model: 't5'"));
  EXPECT_THAT(changed([](Vocab& v) { v.tokens.clear(); }), HasSubstr("no tokens"));
  EXPECT_THAT(changed([](Vocab& v) { v.tokens[5] = v.tokens[9]; }), HasSubstr("tokens 5 and 9 are the same"));
  EXPECT_THAT(changed([](Vocab& v) { v.kinds.pop_back(); }), HasSubstr("260 types for 261 tokens"));
  EXPECT_THAT(changed([](Vocab& v) { v.scores.resize(3); }), HasSubstr("3 scores for 261 tokens"));
  EXPECT_THAT(changed([](Vocab& v) { v.scores[7] = std::numeric_limits<float>::quiet_NaN(); }), HasSubstr("score 7"));
  EXPECT_THAT(changed([](Vocab& v) { v.merges.push_back("ab"); }), HasSubstr("merges: entry 1"));
  EXPECT_THAT(changed([](Vocab& v) { v.merges.push_back("a "); }), HasSubstr("merges: entry 1"));
  EXPECT_THAT(changed([](Vocab& v) { v.eos = 261; }), HasSubstr("eos_token_id: 261, but there are 261 tokens"));
  EXPECT_THAT(changed([](Vocab& v) { v.bos = -1, v.add_bos = true; }), HasSubstr("bos_token_id is missing"));
  EXPECT_THAT(changed([](Vocab& v) { v.kinds[3] = TokenKind::kByte; }), HasSubstr("token 3 is of the type 'byte'"));
  EXPECT_THAT(changed([](Vocab& v) { v.tokens[3].assign(1 << 17, 'x'); }), HasSubstr("token 3 has 131072 bytes"));
}

TEST(CreateTokenizer, accepts_what_files_in_use_get_wrong) {
  Vocab vocab = byte_vocab("gpt-2", {});
  vocab.pad = 1'000'000;
  vocab.tokens[7].clear();
  vocab.scores.push_back(0);
  const auto t = make(std::move(vocab));
  EXPECT_EQ(t->special().pad, kNoToken);
  EXPECT_EQ(t->spelling(7), "[EMPTY_7]");
}

}  // namespace
}  // namespace ingle::text
