#include "text/grammar/language.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/byte_language.h"

namespace ingle::text::grammar {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Language pattern(std::string_view text) {
  auto made = Language::from_pattern(text);
  EXPECT_TRUE(made.has_value()) << text << ": " << made.error().message();
  return made ? *made : Language::none();
}

struct Case {
  std::string pattern;
  std::vector<std::string> good;
  std::vector<std::string> bad;
};

void check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    const Language language = pattern(c.pattern);
    for (const std::string& text : c.good)
      EXPECT_TRUE(language.contains(text)) << c.pattern << " must take " << text;
    for (const std::string& text : c.bad)
      EXPECT_FALSE(language.contains(text)) << c.pattern << " must not take " << text;
  }
}

TEST(Language, a_pattern_is_found_anywhere_unless_it_is_anchored) {
  check({
      {"b", {"b", "abc", "xxb"}, {"", "a"}},
      {"^b", {"b", "bc"}, {"ab", ""}},
      {"b$", {"b", "ab"}, {"bc", ""}},
      {"^b$", {"b"}, {"bb", ""}},
      {"^a|b$", {"ac", "cb"}, {"cac", "bc"}},
      {"^(a|b$)", {"ac", "b"}, {"bc"}},
      {"(^|,)x($|,)", {"x", "a,x", "x,b", "a,x,b"}, {"ax", "xa", "a,xb"}},
      {"", {"", "anything"}, {}},
      {"a^b|$c", {}, {"ab", "c", "a^b"}},
      {"^(?:^a$)$", {"a"}, {"aa"}},
      {"(?:^)*a", {"a", "ba"}, {}},
  });
}

TEST(Language, repetitions_are_counted) {
  check({
      {"^a{2,3}$", {"aa", "aaa"}, {"a", "aaaa"}},
      {"^a{2,}$", {"aa", "aaaaaaa"}, {"a", ""}},
      {"^a{0}b$", {"b"}, {"ab"}},
      {"^(ab?){2}$", {"aa", "aba", "abab"}, {"a", "aaa"}},
      {"^(a*)*$", {"", "aaa"}, {"b"}},
      {"^(a*)+?b??$", {"", "aaab", "b"}, {"bb"}},
      {"^(a+)+b$", {"aaaab"}, {"aaaa"}},
      {"^(|a){3}$", {"", "aaa"}, {"aaaa"}},
      {"^a{,3}$", {"a{,3}"}, {"aaa"}},
      {"^{}x{$", {"{}x{"}, {"x"}},
  });
}

TEST(Language, classes_and_escapes_are_those_of_ecmascript) {
  check({
      {R"(^\d$)", {"0"}, {"\u07c0", "a"}},
      {R"(^\w$)", {"a", "_", "9"}, {"é", "-"}},
      {R"(^\W$)", {"é", "-"}, {"a"}},
      {R"(^\s$)", {" ", "\t", "\v", "\f", "\u00a0", "\ufeff", "\n", "\u2029", "\u2003"}, {"\x01", "\u2013"}},
      {R"(^.$)", {"a", "😀", "\x01"}, {"\n", "\r", "\u2028", "ab"}},
      {R"(^[^a-c\d]$)", {"d", "é", "😀"}, {"b", "5"}},
      {R"(^[\w-]$)", {"-", "a"}, {"+"}},
      {R"(^[a-\d]$)", {"-", "a", "5"}, {"b"}},
      {R"(^[]$)", {}, {"", "]"}},
      {R"(^[^]$)", {"\n", "a"}, {"", "ab"}},
      {R"(^\u0041\x42\u{43}\cJ\0$)", {std::string("ABC\n\0", 5)}, {"ABC"}},
      {R"(^\uD83D\uDC32*$)", {"", "🐲🐲"}, {"🐉"}},
      {"^🐲*$", {"", "🐲🐲"}, {"🐉", "D"}},
      {R"(^\-\_\@\/\.$)", {"-_@/."}, {}},
      {R"([\b])", {"\b"}, {"b"}},
      {R"(^(?<year>\d{4})$)", {"2024"}, {"24"}},
  });
}

TEST(Language, properties_of_unicode_are_known) {
  check({
      {R"(^\p{Letter}+$)", {"Hello", "π", "é"}, {"123", ""}},
      {R"(^\p{L}+$)", {"Hello", "π"}, {"1"}},
      {R"(^\P{L}+$)", {"12 !"}, {"a"}},
      {R"(^\p{digit}+$)", {"42", "৪২"}, {"-%#"}},
      {R"(^\p{Lu}\p{Ll}$)", {"Éa"}, {"aÉ"}},
      {R"(^\p{Script=Greek}$)", {"α"}, {"a"}},
      {R"(^\p{sc=Han}$)", {"漢"}, {"あ"}},
      {R"(^\p{scx=Hira}$)", {"あ", "ー"}, {"漢"}},
      {R"(^\p{General_Category=Decimal_Number}$)", {"5"}, {"a"}},
      {R"(^[^\p{ASCII}]$)", {"é"}, {"e"}},
      {R"(^\p{Alphabetic}\p{White_Space}$)", {"a "}, {"1 "}},
      {R"(^\p{Emoji_Presentation}$)", {"😀"}, {"a"}},
      {R"(^\p{Any}$)", {"a", "\U0010FFFF"}, {""}},
  });
  EXPECT_FALSE(Language::from_pattern(R"(\p{Nonsense})").has_value());
  EXPECT_FALSE(Language::from_pattern(R"(\p{sc:Greek})").has_value());
  EXPECT_FALSE(Language::from_pattern(R"(\pL)").has_value());
}

TEST(Language, borders_of_words_are_seen) {
  check({
      {R"(\bcat\b)", {"cat", "a cat", "cat!"}, {"cats", "concat", "_cat"}},
      {R"(^\Bx)", {}, {"x"}},
      {R"(a\Bb)", {"ab"}, {"a b"}},
      {R"(\b$)", {"a", "! a"}, {"", "a!"}},
      {R"(^(?:\b\w+\b ?)+$)", {"one two"}, {"one  two", ""}},
  });
}

TEST(Language, lookarounds_hold_wherever_they_stand) {
  check({
      {"^(?!admin$)[a-z]+$", {"adm", "admins", "x"}, {"admin", ""}},
      {R"(^(?=.*[A-Z])(?=.*\d).{4,}$)", {"aB3x", "1234A"}, {"abcd", "ABCD", "A1"}},
      {"^(?!.*--)[a-z-]+$", {"a-b-c"}, {"a--b"}},
      {"a(?=b)", {"ab", "cab"}, {"a", "ac"}},
      {"^(?:a(?!b)|b)*$", {"aa", "ba", "bba"}, {"ab", "aab"}},
      {"(?<=a)b", {"ab", "xab"}, {"b", "cb"}},
      {"(?<!a)b", {"b", "cb", "abb"}, {"ab"}},
      {"(?<=^|,)x", {"x", "a,x"}, {"ax"}},
      {"^(?=a|b$)", {"ax", "b"}, {"bx"}},
      {R"(^(?!(?:con|prn)(?:\.|$))\w+)", {"cons", "x"}, {"con", "prn.txt"}},
      {"x(?!.*x)y", {"xy", "xxy"}, {"xyx", "x"}},
      {R"((?=\bfoo)\w+)", {"foobar", "a foo"}, {"xfoo"}},
      {"(?!)", {}, {"", "a"}},
      {"^(?=(?!b)[a-c])", {"a", "c"}, {"b", "d"}},
  });
}

TEST(Language, what_no_automaton_can_follow_is_refused) {
  for (const char* text : {R"((a)\1)", R"((?<n>a)\k<n>)", "(?<=a(?=b))c", "(?=(?<=a)b)"}) {
    const auto made = Language::from_pattern(text);
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_EQ(made.error().code(), ErrorCode::kRefused) << text;
  }
  for (const char* text : {"(", ")", "[", "a**", "*a", "a{3,2}", R"(\a)", R"(\Z)", "(?i)a", "(?P<n>a)", "(?#x)",
                           "a{2}{3}", "\\", R"(\u{110000})", R"(\u12)", "[b-a]", "^*", "\xFF"}) {
    const auto made = Language::from_pattern(text);
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_EQ(made.error().code(), ErrorCode::kUsage) << text;
  }
}

TEST(Language, what_would_be_too_large_is_refused_and_names_no_time) {
  for (const char* text : {"a{1,1000000000}", "(a{1,1000}){1,1000}", "((((a{99}){99}){99}){99})", ".*a.{40}$",
                           "^(?=.*a.{30})(?=.*b.{30})$"}) {
    const auto made = Language::from_pattern(text);
    ASSERT_FALSE(made.has_value()) << text;
    EXPECT_THAT(made.error().message(), HasSubstr("too large")) << text;
  }
  EXPECT_FALSE(Language::of_lengths(0, 1'000'000'000).has_value());
  Budget small(1000);
  EXPECT_FALSE(Language::from_pattern("^(a|b|c){40}$", &small).has_value());
}

TEST(Language, one_budget_bounds_many_patterns) {
  Budget all(20'000'000);
  int n_made = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto made = Language::from_pattern("a.{" + std::to_string(8 + i % 4) + "}$", &all);
    n_made += made.has_value() ? 1 : 0;
    EXPECT_EQ(made.has_value(), !all.is_spent());
  }
  EXPECT_GT(n_made, 5);
  EXPECT_LT(n_made, 1000);
}

TEST(Language, is_the_same_value_however_it_was_made) {
  EXPECT_EQ(pattern("^(a|b)*$"), pattern("^[ab]*?$"));
  EXPECT_EQ(pattern("^a{2,3}$"), pattern("^(aa|aaa)$"));
  EXPECT_EQ(pattern(""), Language::any());
  EXPECT_EQ(pattern("[]"), Language::none());
  EXPECT_EQ(*pattern("^[^]{2,5}$").complement()->complement(), *Language::of_lengths(2, 5));
  const std::vector<std::string> names = {"foo", "bar", "baz"};
  EXPECT_EQ(*Language::of_literals(names), pattern("^(foo|ba[rz])$"));
}

TEST(Language, operations_are_those_of_sets) {
  const Language a = pattern("^[a-m]+$");
  const Language b = pattern("^[g-z]+$");
  const Language both = *a.intersect(b);
  const Language either = *a.unite(b);
  EXPECT_EQ(both, pattern("^[g-m]+$"));
  EXPECT_TRUE(either.contains("abc") && either.contains("xyz") && !either.contains("az"));
  EXPECT_EQ(*a.without(b), *a.intersect(*b.complement()));
  EXPECT_TRUE(*both.is_subset_of(a));
  EXPECT_FALSE(*a.is_subset_of(both));
  EXPECT_TRUE(*pattern("^a").is_disjoint_from(pattern("^b")));
  EXPECT_TRUE(both.intersect(*Language::of_lengths(0, 0))->is_empty());
  EXPECT_TRUE(a.unite(*a.complement())->is_any());
}

TEST(Language, few_members_are_listed) {
  EXPECT_THAT(*pattern("^(b|a[xy]?)$").members(10), ElementsAre("a", "ax", "ay", "b"));
  EXPECT_FALSE(pattern("^a*$").members(10).has_value());
  EXPECT_FALSE(Language::any().members(10).has_value());
  EXPECT_TRUE(Language::none().members(10)->empty());
}

TEST(Language, distances_are_bytes_inside_a_json_string) {
  const auto distance = [](std::string_view text) {
    const Language language = pattern(text);
    return language.dfa().distance(language.dfa().start());
  };
  EXPECT_EQ(distance("^abc$"), 3U);
  EXPECT_EQ(distance("^(abc|é)$"), 2U);
  EXPECT_EQ(distance("^[\"\\\\]{2}$"), 4U);
  EXPECT_EQ(distance(R"(^\x01$)"), 6U);
  EXPECT_EQ(distance(R"(^\n😀$)"), 6U);
  EXPECT_EQ(distance(""), 0U);
}

bool spells(const ByteLanguage& bytes, std::string_view text) {
  ByteLanguage::Place place = bytes.start();
  for (size_t i = 0; i < text.size(); ++i) {
    const uint32_t before = bytes.distance(place);
    if (!bytes.step(place, static_cast<uint8_t>(text[i]))) return false;
    EXPECT_GE(bytes.distance(place) + 1, before) << text << " at " << i;
  }
  return bytes.accepts(place);
}

TEST(ByteLanguage, reads_json_strings_with_the_escapes_they_must_have) {
  const ByteLanguage any(Language::any(), Spelling::kJsonString);
  for (const char* good : {"", "abc", "é€😀", R"(\"\\\b\f\n\r\t)", R"(\u0000\u001f\u000b)", "/", "\x7F"})
    EXPECT_TRUE(spells(any, good)) << good;
  for (const char* bad : {"\"", "\n", R"(\/)", R"(\u0041)", R"(\u000a)", R"(\u001F)", R"(\x)", "\xC3", "\xED\xA0\x80",
                          "\xC0\x80", "\xF4\x90\x80\x80", "\xE0\x80\x80", "\xFF"})
    EXPECT_FALSE(spells(any, bad)) << bad;
}

TEST(ByteLanguage, leaves_a_way_at_the_first_byte_that_leads_nowhere) {
  const ByteLanguage bytes(pattern("^[a-éЖ]\\n$"), Spelling::kJsonString);
  EXPECT_TRUE(spells(bytes, "é\\n"));
  ByteLanguage::Place place = bytes.start();
  ASSERT_TRUE(bytes.step(place, 0xC3));
  EXPECT_EQ(bytes.distance(place), 3U);
  ByteLanguage::Place other = place;
  EXPECT_FALSE(bytes.step(other, 0xAA));  // ê
  EXPECT_TRUE(bytes.step(place, 0xA9));
  EXPECT_FALSE(bytes.step(place, 'n'));
  ByteLanguage::Place third = bytes.start();
  EXPECT_FALSE(bytes.step(third, 0xC4));
  EXPECT_TRUE(spells(ByteLanguage(pattern("^a\\n\"$"), Spelling::kPlain), "a\n\""));
}

TEST(ByteLanguage, knows_no_way_through_bytes_that_cannot_be_said) {
  std::bitset<256> available;
  for (unsigned c = 'a'; c <= 'z'; ++c)
    available.set(c);
  EXPECT_EQ(ByteLanguage(pattern("^(abcd|1)$"), Spelling::kPlain, available).distance({1, 0}), 4U);
  EXPECT_GE(ByteLanguage(pattern("^é$"), Spelling::kPlain, available).distance({1, 0}), kFar);
}

}  // namespace
}  // namespace ingle::text::grammar
