#include "text/grammar/token_trie.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/compile.h"
#include "text/grammar/distance.h"
#include "text/grammar/token_mask.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text::grammar {
namespace {

constexpr TokenId kEnd = 256;  // byte_vocab: <|endoftext|> ends an answer, <|im_start|> does not
constexpr TokenId kStart = 257;
constexpr TokenId kTool = 259;  // user-defined: text like any other

std::shared_ptr<const TokenTrie> tokens() {
  return TokenTrie::build(*Tokenizer::create(text::testing::byte_vocab("gpt-2", {})).value());
}

Masker masker_of(const std::shared_ptr<const TokenTrie>& trie, std::string_view literal) {
  ProgramBuilder builder(trie->single_bytes());
  const OpId start = builder.literal(literal, ProgramBuilder::kReturnOp);
  return {std::move(builder).finish(start, "test").value(), trie};
}

TEST(TokenTrie, a_control_token_has_its_spelling_behind_a_byte_that_no_text_has) {
  const auto trie = tokens();
  EXPECT_EQ(trie->piece(kStart), "\xFF<|im_start|>");
  EXPECT_TRUE(trie->controls().contains("<|im_start|>"));
  EXPECT_FALSE(trie->controls().contains("<tool>"));
  EXPECT_FALSE(trie->controls().contains("<|other|>"));
  EXPECT_EQ(trie->piece(kTool), "<tool>");
  EXPECT_TRUE(trie->is_end(kEnd));
  EXPECT_EQ(trie->piece(kEnd), "");
  EXPECT_EQ(trie->piece(255), "");  // the byte 0xFF as text could spell a control token
}

TEST(TokenTrie, only_a_grammar_that_names_a_control_token_allows_it) {
  const auto trie = tokens();
  Masker control = masker_of(trie, "\xFF<|im_start|>x");
  const auto start = control.enter(control.automaton().start());
  for (TokenId id = 0; id < static_cast<TokenId>(trie->n_tokens()); ++id)
    EXPECT_EQ(contains(control.allowed(start), id), id == kStart) << id;
  EXPECT_EQ(control.forced(start, 100), "");
  EXPECT_EQ(control.forced(control.accept(start, kStart), 100), "x");
  Masker text = masker_of(trie, "<|im_start|>");
  EXPECT_FALSE(contains(text.allowed(text.automaton().start()), kStart));
  EXPECT_TRUE(contains(text.allowed(text.automaton().start()), '<'));
}

}  // namespace
}  // namespace ingle::text::grammar
