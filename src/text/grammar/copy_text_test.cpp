#include "text/grammar/copy_text.h"

#include <gtest/gtest.h>

#include "text/grammar/distance.h"
#include "text/grammar/testing/walk.h"

namespace ingle::text::grammar {
namespace {

bool may_copy(const std::string& source, const std::string& json, const char* schema = R"({"x-ingle-copy":"s"})") {
  const auto program = testing::compiled(schema, {{"s", source}});
  EXPECT_TRUE(program.has_value()) << program.error().message();
  return testing::accepts(*program, json);
}

TEST(CopyText, spans_begin_and_end_at_borders_of_words) {
  const std::string source = "Invoice INV-2024-7, total 1.234,56 EUR (19%) to a.b@c.de";
  for (const char* good : {"Invoice", "INV-2024-7", "Invoice INV-2024-7", "1.234,56", "1.234,56 EUR", "19%", "19",
                           "a.b@c.de", "EUR (19%) to", "(19%)"}) {
    EXPECT_TRUE(may_copy(source, '"' + std::string(good) + '"')) << good;
  }
  for (const char* bad : {"", "Invo", "nvoice", "INV", "2024", "INV-2024", "1.234", "234,56", "a.b", "total ", " total",
                          "invoice", "1.234,56 USD", ", total", "Invoice  INV-2024-7"}) {
    EXPECT_FALSE(may_copy(source, '"' + std::string(bad) + '"')) << bad;
  }
}

TEST(CopyText, white_space_of_any_kind_is_one_space) {
  const std::string source = "  Muster\r\n\tGmbH\xC2\xA0& Co  ";
  EXPECT_TRUE(may_copy(source, "\"Muster GmbH & Co\""));
  EXPECT_FALSE(may_copy(source, "\"Muster\\nGmbH\""));
  EXPECT_FALSE(may_copy(source, "\"Muster  GmbH\""));
}

TEST(CopyText, quotes_and_backslashes_are_escaped_and_nothing_else) {
  const std::string source = "the \"C:\\temp\" folder für Öl";
  EXPECT_TRUE(may_copy(source, R"("\"C:\\temp\"")"));
  EXPECT_TRUE(may_copy(source, R"("C:\\temp")"));
  EXPECT_TRUE(may_copy(source, R"("für Öl")"));
  EXPECT_FALSE(may_copy(source, R"("f\u00fcr")"));
  EXPECT_FALSE(may_copy(source, "\"f\xC3\""));
}

TEST(CopyText, words_of_scripts_without_spaces_can_be_cut_anywhere) {
  EXPECT_TRUE(may_copy("請求書番号12", "\"番号12\""));
  EXPECT_TRUE(may_copy("請求書番号12", "\"12\""));
}

TEST(CopyText, lengths_count_code_points_of_the_copy) {
  constexpr const char* kShort = R"({"x-ingle-copy":"s","maxLength":4})";
  EXPECT_TRUE(may_copy("für 1 Öl", "\"für\"", kShort));
  EXPECT_TRUE(may_copy("für 1 Öl", "\"1 Öl\"", kShort));
  EXPECT_FALSE(may_copy("für 1 Öl", "\"für 1\"", kShort));
  constexpr const char* kLong = R"({"x-ingle-copy":"s","minLength":3})";
  EXPECT_FALSE(may_copy("a b c", "\"a\"", kLong));
  EXPECT_TRUE(may_copy("a b c", "\"a b\"", kLong));
  EXPECT_FALSE(testing::compiled(kLong, {{"s", "a"}}).has_value());
}

TEST(CopyText, nothing_can_be_copied_from_nothing) {
  EXPECT_FALSE(testing::compiled(R"({"x-ingle-copy":"s"})", {{"s", " \n"}}).has_value());
  EXPECT_TRUE(may_copy("", "null", R"({"type":["string","null"],"x-ingle-copy":"s"})"));
  EXPECT_FALSE(testing::compiled(R"({"x-ingle-copy":"s","x-ingle-copy-as":"amount"})", {{"s", "one"}}).has_value());
  EXPECT_FALSE(testing::compiled(R"({"x-ingle-copy":"s","x-ingle-copy-as":"colour"})", {{"s", "1"}}).has_value());
}

TEST(CopyText, the_nearest_end_is_known_at_every_place) {
  const auto text = CopyText::create("ab abc").value();
  CopyText::Place place = text->root();
  EXPECT_EQ(text->distance(place, 1, 100), 2U);
  ASSERT_TRUE(text->step(place, 'a'));
  EXPECT_EQ(text->distance(place, 1, 100), 1U);
  ASSERT_TRUE(text->step(place, 'b'));
  EXPECT_EQ(text->distance(place, 1, 100), 0U);
  ASSERT_TRUE(text->step(place, 'c'));
  EXPECT_EQ(text->distance(place, 1, 100), 0U);
  EXPECT_FALSE(text->step(place, 'd'));
}

TEST(CopyText, a_span_that_the_vocabulary_cannot_spell_is_none) {
  const auto without_x = CopyText::create("ax b", std::bitset<256>().set().reset('x')).value();
  CopyText::Place place = without_x->root();
  EXPECT_EQ(without_x->distance(place, 1, 100), 1U);
  ASSERT_TRUE(without_x->step(place, 'a'));
  EXPECT_EQ(without_x->distance(place, 1, 100), kFar);
}

TEST(CopyText, a_text_that_repeats_itself_is_sorted_in_time) {
  std::string text;
  for (int i = 0; i < 20'000; ++i)
    text += "a ";
  EXPECT_TRUE(may_copy(text, "\"a a a\""));
  EXPECT_FALSE(CopyText::create(std::string(CopyText::kMaxBytes + 1, 'a')).has_value());
}

TEST(FindCopies, answers_spans_of_the_original_in_code_points) {
  const std::string source = "für\nÖl: 12,50 €\nund 12,50";
  EXPECT_EQ(find_copies(source, "für Öl"), (std::vector<CodePointSpan>{{0, 6}}));
  EXPECT_EQ(find_copies(source, "12,50"), (std::vector<CodePointSpan>{{8, 13}, {20, 25}}));
  EXPECT_EQ(find_copies(source, "12,50", 1).size(), 1U);
  EXPECT_TRUE(find_copies(source, "12").empty());
  EXPECT_TRUE(find_copies(source, "").empty());
  EXPECT_TRUE(find_copies("", "a").empty());
}

}  // namespace
}  // namespace ingle::text::grammar
