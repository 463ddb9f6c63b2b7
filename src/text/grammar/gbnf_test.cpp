#include "text/grammar/gbnf.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/automaton.h"
#include "text/grammar/check_text.h"
#include "text/grammar/testing/walk.h"
#include "text/grammar/token_mask.h"
#include "text/tokenizer/testing/vocabs.h"

namespace ingle::text::grammar {
namespace {

using testing::accepts;
using ::testing::HasSubstr;

Result<std::shared_ptr<const Program>> made(std::string_view text) {
  return compile_gbnf(text, ByteSet().set());
}

struct Case {
  std::string grammar;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const auto program = made(c.grammar);
    ASSERT_TRUE(program.has_value()) << c.grammar << ": " << program.error().message();
    for (const std::string& text : c.good)
      EXPECT_TRUE(accepts(*program, text)) << c.grammar << " must take " << text;
    for (const std::string& text : c.bad)
      EXPECT_FALSE(accepts(*program, text)) << c.grammar << " must not take " << text;
  }
}

TEST(Gbnf, texts_sets_and_groups) {
  check({
      {R"(root ::= "yes" | "no")", {"yes", "no"}, {"", "y", "yesno", "maybe"}},
      {R"(root ::= "a" ("b" | "c" "d") [e-g] .)", {"abex", "acdg\n", "abf😀"}, {"abe", "acex", "abhx", "abe\xC3"}},
      {R"(root ::= [a-c-] [\]\\x] [^a-z\n])", {"a]A", "-\\é", "cx1"}, {"d]A", "a]a", "a]\n", "a[A"}},
      {R"(root ::= "\x41\u00e9\U0001F600\t\n\r\\\"\[\]\-")", {"Aé😀\t\n\r\\\"[]-"}, {"A"}},
      {R"(root ::= [ぁ-ゟ]+)", {"ひらがな"}, {"カ", "a", ""}},
      {R"(root ::= "" | () "x")", {"", "x"}, {"xx"}},
      {R"(root ::= [^])", {"a", "😀", "\n"}, {"", "\xFF", "\xC0\x80", "\xED\xA0\x80"}},
  });
}

TEST(Gbnf, repetitions_are_counted) {
  check({
      {R"(root ::= "a"* "b"+ "c"?)", {"b", "aabbc", "bc"}, {"", "a", "bcc", "c"}},
      {R"(root ::= "a"{2} [bc]{1,3} "d"{2,} "e"{0})",
       {"aabdd", "aabcbddddd"},
       {"abdd", "aadd", "aabcbcdd", "aabd", "aabdde"}},
      {R"(root ::= ("a" "b"?){ 2 , 3 })", {"aa", "abab", "aaa", "ababab"}, {"a", "aaaa", "b"}},
      {R"(root ::= ("a"?){2,4} "b")", {"b", "ab", "aaaab"}, {"aaaaab"}},
      {R"(root ::= ("a"*)* ("b"*)+ "c")", {"c", "aabbc"}, {"abac"}},
      {R"(root ::= "a"?+ "b")", {"b", "aaab"}, {"a"}},
      {R"(root ::= "a"{1,1000000000})", {"a", std::string(5000, 'a')}, {""}},
      {R"(root ::= "a"{1000}{1000})", {}, {"a"}},
  });
}

TEST(Gbnf, rules_comments_and_lines) {
  check({
      {"# a list\nroot  ::= item+   # of items\n\n\r\nitem ::= \"- \" [^\\n]+ \"\\n\"\nunused ::= \"x\"",
       {"- a\n", "- a\n- b c\n"},
       {"- a", "-\n"}},
      {"root ::= (\n  \"a\" # one\n  | \"b\"\n)+\n", {"a", "ba"}, {"", "c"}},
      {"root ::= \"a\" |\n  \"b\" |\n\n  \"c\"\nx ::= \"y\"", {"a", "b", "c"}, {"y"}},
      {"root ::= \"a\"\n  | \"b\"\n  | \"c\"\nx ::= \"y\"", {"a", "b", "c"}, {"y"}},
      {"root ::=\n  \"a\" my-rule_2 \"b\"\nmy-rule_2 ::= \"-\"", {"a-b"}, {"ab"}},
  });
}

TEST(Gbnf, rules_may_refer_to_themselves_behind_something) {
  check({
      {"root ::= \"(\" root* \")\"", {"()", "(()(()))"}, {"(", "())"}},
      {"root ::= term (\"+\" term)*\nterm ::= \"x\" | \"(\" root \")\"", {"x", "x+(x+x)"}, {"x+", "+x", "(x"}},
      {"root ::= \"a\" root | \"a\"", {"a", std::string(3000, 'a')}, {"", "b"}},
      // A rule that never ends is no way.
      {"root ::= \"x\" | endless\nendless ::= \"a\" endless", {"x"}, {"a", "aa"}},
  });
}

TEST(Gbnf, errors_say_where_and_what_to_do) {
  struct Wrong {
    std::string grammar;
    std::string told;
    std::string hint;
  };
  const std::vector<Wrong> cases = {
      {"", "there is no rule 'root'", "'root' says"},
      {"start ::= \"a\"", "there is no rule 'root'", ""},
      {"root ::= \"a\" other", "line 1, column 14: there is no rule 'other'", "other ::= ..."},
      {"root ::= \"é\" [a-z\n", "line 1, column 14: a '[' without ']'", ""},
      {"root ::= \"a\n\"", "line 1, column 10: a text without its second '\"'", "\\n"},
      {"# é\nroot = \"a\"", "line 2, column 6: '::=' was expected", "name ::="},
      {"root ::= \"a\"\n\"b\"", "line 2, column 1: the name of a rule", ""},
      {"root ::= (\"a\"", "line 1, column 10: a '(' without ')'", ""},
      {"root ::= \"a\")", "line 1, column 13: a ')' without '('", ""},
      {"root ::= *", "nothing stands before this '*'", ""},
      {"root ::= \"a\"{", "a number was expected", "{3,5}"},
      {"root ::= \"a\"{2", "'}' was expected", ""},
      {"root ::= \"a\"{3,2}", "at least 3 and at most 2", ""},
      {"root ::= \"\\q\"", "line 1, column 12: an escape that is not known", "\\uHHHH"},
      {"root ::= \"\\ud800\"", "U+D800 is no character", ""},
      {"root ::= \"\\x4\"", "2 hexadecimal digits", ""},
      {"root ::= [z-a]", "ends before it begins", ""},
      {"root ::= \"a\" & \"b\"", "'&' was not expected", ""},
      {"root ::= \"a\"\nroot ::= \"b\"", "line 2, column 1: the rule 'root' is defined twice", "'|'"},
      {"root ::= \"\xFF\"", "not UTF-8", ""},
  };
  for (const Wrong& wrong : cases) {
    const auto program = made(wrong.grammar);
    ASSERT_FALSE(program.has_value()) << wrong.grammar;
    EXPECT_EQ(program.error().code(), ErrorCode::kUsage) << wrong.grammar;
    EXPECT_THAT(program.error().message(), HasSubstr(wrong.told)) << wrong.grammar;
    EXPECT_THAT(program.error().hint(), HasSubstr(wrong.hint)) << wrong.grammar;
  }
}

TEST(Gbnf, what_cannot_be_done_is_refused) {
  for (const auto& [grammar, told] : std::vector<std::pair<std::string, std::string>>{
           {"root ::= <think> .*", "tokens cannot be named"},
           {"root ::= !<[1000]>*", "tokens cannot be named"},
           {"root ::= root \"a\" | \"b\"", "'root' leads back to itself"},
           {"root ::= sum\nsum ::= ws sum \"+\" | \"1\"\nws ::= \" \"*", "'sum' leads back to itself"},
           {"root ::= \"a\" root", "no document fits it"},
           {"root ::= [^\\x00-\\U0010FFFF]", "no document fits it"},
           {"root ::= \"a\"{1000000001}", "a count above"},
       }) {
    const auto program = made(grammar);
    ASSERT_FALSE(program.has_value()) << grammar;
    EXPECT_EQ(program.error().code(), ErrorCode::kRefused) << grammar << ": " << program.error().message();
    EXPECT_THAT(program.error().message(), HasSubstr(told)) << grammar;
  }
}

TEST(Gbnf, a_text_is_walked_through_the_masks_to_where_it_leaves_the_grammar) {
  constexpr const char* kGrammar = "root ::= \"a\" [é-ü]+ \".\"";
  const auto fit = [&](std::string_view text) { return fit_grammar(kGrammar, text).value(); };
  EXPECT_TRUE(fit("aéü.").accepts);
  EXPECT_FALSE(fit("aé").accepts);
  EXPECT_EQ(fit("aé").n_fitting, 3U);
  EXPECT_EQ(fit("aéz.").n_fitting, 3U);
  EXPECT_EQ(fit("aé..").n_fitting, 4U);
  EXPECT_EQ(fit_grammar("root ::= x", "").error().code(), ErrorCode::kUsage);
}

TEST(Gbnf, attacks_meet_limits) {
  const auto refused = [](const std::string& grammar) {
    const auto program = made(grammar);
    return !program.has_value() && program.error().code() == ErrorCode::kRefused;
  };
  EXPECT_TRUE(refused("root ::= " + std::string(60'000, '(')));
  EXPECT_TRUE(refused("root ::= " + std::string(60'000, '(') + "\"a\"" + std::string(60'000, ')')));
  std::string stacked = "root ::= \"a\"";
  for (int i = 0; i < 60'000; ++i)
    stacked += "+";
  EXPECT_TRUE(refused(stacked));
  EXPECT_TRUE(refused(std::string(2 << 20, ' ')));
  std::string wide = "root ::= \"a\"";
  for (int i = 0; i < 250'000; ++i)
    wide += "|a";
  EXPECT_TRUE(refused(wide));
  std::string sets = "root ::= ";
  for (int i = 0; i < 100'000; ++i)
    sets += ".";
  EXPECT_TRUE(refused(sets));
  // A chain of rules that only lead on is short; one that comes back to each of them is too deep.
  std::string chain;
  std::string nested;
  for (int i = 0; i < 50'000; ++i) {
    const std::string head = i == 0 ? "root" : "r" + std::to_string(i);
    const std::string next = "r" + std::to_string(i + 1);
    chain += head + "::=" + next + "\n";
    nested += head + "::=" + next + "\"x\"\n";
  }
  const auto led = made(chain + "r50000::=\"a\"");
  ASSERT_TRUE(led.has_value()) << led.error().message();
  EXPECT_TRUE(accepts(*led, "a"));
  EXPECT_TRUE(refused(nested + "r50000::=\"a\""));
  // Each byte can be read in very many ways.
  const auto ambiguous = made("root ::= ((\"a\" | \"aa\" | \"a\"?)* | [a-c]*){0,900} \".\"");
  ASSERT_TRUE(ambiguous.has_value()) << ambiguous.error().message();
  EXPECT_TRUE(accepts(*ambiguous, std::string(100, 'a') + "."));
}

TEST(Gbnf, masks_of_a_very_ambiguous_grammar_are_narrower_but_never_empty_and_the_same_with_little_memory) {
  constexpr const char* kGrammar =
      "root ::= (a a? | b){0,500} \".\"\na ::= ([a-z] [a-m]?){0,50}\nb ::= ([ -z]? [e-p] .){0,60}";
  std::vector<std::pair<std::string, float>> pieces;
  for (int i = 0; i < 26 * 26 * 26; ++i) {
    std::string piece = {static_cast<char>('a' + i % 26), static_cast<char>('a' + i / 26 % 26),
                         static_cast<char>('a' + i / 676)};
    pieces.emplace_back(piece, -1.0F);
    pieces.emplace_back(piece.substr(0, 2) + "xyz" + piece.substr(2), -1.0F);
  }
  const auto tokens = TokenTrie::build(*Tokenizer::create(text::testing::piece_vocab(pieces)).value());
  const auto program = made(kGrammar).value();
  Masker roomy(program, tokens);
  Masker tight(program, tokens, 1);
  State state = roomy.automaton().start();
  for (int i = 0; i < 3; ++i) {
    const auto wide = roomy.allowed(state);
    const TokenSet expected(wide.begin(), wide.end());
    const auto narrow = tight.allowed(state);
    EXPECT_EQ(TokenSet(narrow.begin(), narrow.end()), expected);
    TokenId id = static_cast<TokenId>(tokens->n_tokens()) - 1;
    while (!contains(expected, id) || tokens->is_end(id))
      --id;
    state = roomy.after(state, id);
  }
}

}  // namespace
}  // namespace ingle::text::grammar
