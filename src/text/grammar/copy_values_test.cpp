#include "text/grammar/copy_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "text/grammar/testing/walk.h"

namespace ingle::text::grammar {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> values(const std::vector<CopiedValue>& found) {
  std::vector<std::string> out;
  for (const CopiedValue& value : found)
    out.push_back(value.value);
  return out;
}

std::vector<std::string> amounts(std::string_view text) {
  return values(amounts_in(text));
}

std::vector<std::string> dates(std::string_view text) {
  return values(dates_in(text));
}

TEST(CopyValues, amounts_are_read_in_every_convention) {
  EXPECT_THAT(amounts("1.234,56"), ElementsAre("1234.56"));
  EXPECT_THAT(amounts("1,234.56"), ElementsAre("1234.56"));
  EXPECT_THAT(amounts("1'234.50"), ElementsAre("1234.50"));
  EXPECT_THAT(amounts("1’234’567.05"), ElementsAre("1234567.05"));
  EXPECT_THAT(amounts("12,34"), ElementsAre("12.34"));
  EXPECT_THAT(amounts("0,123"), ElementsAre("0.123"));
  EXPECT_THAT(amounts("1.234.567"), ElementsAre("1234567"));
  EXPECT_THAT(amounts("12,34,567.80"), ElementsAre("1234567.80"));
  EXPECT_THAT(amounts("31"), ElementsAre("31"));
  EXPECT_THAT(amounts("007"), ElementsAre("7"));
}

TEST(CopyValues, spaces_group_thousands_or_separate_numbers) {
  EXPECT_THAT(amounts("1 234,56"), UnorderedElementsAre("1", "1234.56", "234.56"));
  EXPECT_THAT(amounts("1\u00a0234\u202f567"), UnorderedElementsAre("1", "1234", "1234567", "234", "234567", "567"));
  EXPECT_THAT(amounts("12 34"), ElementsAre("12", "34"));
  EXPECT_THAT(amounts("12  345"), ElementsAre("12", "345"));
}

TEST(CopyValues, both_readings_of_an_unclear_amount_are_found) {
  EXPECT_THAT(amounts("1.234"), ElementsAre("1234", "1.234"));
  EXPECT_THAT(amounts("12,345"), ElementsAre("12345", "12.345"));
}

TEST(CopyValues, signs_stand_before_or_after) {
  EXPECT_THAT(amounts("-12,50"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("−12.50"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("12,50-"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("12,50- EUR"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("-€12.50"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("€ -12.50"), ElementsAre("-12.50"));
  EXPECT_THAT(amounts("- 12,50"), ElementsAre("12.50", "-12.50"));
  EXPECT_THAT(amounts("(12.50)"), ElementsAre("12.50", "-12.50"));
  EXPECT_THAT(amounts("12,-"), ElementsAre("12"));
  EXPECT_THAT(amounts("-0.00"), ElementsAre("0.00"));
}

TEST(CopyValues, currencies_may_touch_an_amount_and_words_may_not) {
  EXPECT_THAT(amounts("€12,50 $3 EUR7 8kr 9USD"), ElementsAre("12.50", "3", "7", "8", "9"));
  EXPECT_THAT(amounts("INV-2024-7 a12 12b 03/04/2024 2024-05-01 12.03.2024 12:30 1.2.3"), IsEmpty());
}

TEST(CopyValues, dates_are_read_in_figures) {
  EXPECT_THAT(dates("2024-03-05"), ElementsAre("2024-03-05"));
  EXPECT_THAT(dates("2024-03-05T10:00:00"), ElementsAre("2024-03-05"));
  EXPECT_THAT(dates("2024/3/5 2024.3.15"), ElementsAre("2024-03-05", "2024-03-15"));
  EXPECT_THAT(dates("05.03.2024"), ElementsAre("2024-03-05"));
  EXPECT_THAT(dates("5. 3. 2024"), ElementsAre("2024-03-05"));
  EXPECT_THAT(dates("5.3.24 5.3.99"), ElementsAre("2024-03-05", "1999-03-05"));
  EXPECT_THAT(dates("03/04/2024"), UnorderedElementsAre("2024-03-04", "2024-04-03"));
  EXPECT_THAT(dates("03/25/2024"), ElementsAre("2024-03-25"));
  EXPECT_THAT(dates("25-03-2024"), ElementsAre("2024-03-25"));
  EXPECT_THAT(dates("04/04/2024"), ElementsAre("2024-04-04"));
  EXPECT_THAT(dates("20240229"), ElementsAre("2024-02-29"));
  EXPECT_THAT(dates("29.02.2023 31.04.2024 12.13.2024 1.2.3.2024 12.03.2024.5 12.03 20241301 x2024-03-05"), IsEmpty());
}

TEST(CopyValues, dates_are_read_with_names_of_months) {
  for (const char* text :
       {"3 March 2024",       "3rd March 2024",      "3rd of March, 2024", "March 3, 2024", "March 3rd 2024",
        "Mar. 3, 2024",       "2024 March 3",        "2024-Mar-03",        "3-Mar-2024",    "03MAR2024",
        "3 Mar '24",          "3. März 2024",        "3.März 2024",        "03. Mrz. 2024", "3 mars 2024",
        "3 de marzo de 2024", "3 de marzo del 2024", "3 marzo 2024",       "3 maart 2024",  "3\nMarch\n2024",
        "MARCH 3, 2024",      "3. Ma\u0308rz 2024"})
    EXPECT_THAT(dates(text), ElementsAre("2024-03-03")) << text;
  EXPECT_THAT(dates("1er août 2024"), ElementsAre("2024-08-01"));
  EXPECT_THAT(dates("1º de febrero de 2024"), ElementsAre("2024-02-01"));
  EXPECT_THAT(dates("24. Dezember 2024"), ElementsAre("2024-12-24"));
  EXPECT_THAT(dates("6 janv. 2024; 7 décembre 2024; 8 gennaio 2024; 9 mei 2024"),
              ElementsAre("2024-01-06", "2024-12-07", "2024-01-08", "2024-05-09"));
  EXPECT_THAT(dates("March 2024, 30 February 2024, 3 Marching 2024, May 2024"), IsEmpty());
}

TEST(CopyValues, make_a_language_of_what_may_be_said) {
  const std::string_view text = "Total 1.234,50 EUR on 03/04/2024, paid 100,00";
  const auto number = language_of_copies(CopyAs::kAmountNumber, text);
  ASSERT_TRUE(number.has_value());
  EXPECT_THAT(*number->members(10), ElementsAre("100", "1234.5"));
  EXPECT_THAT(*language_of_copies(CopyAs::kAmountText, text)->members(10), ElementsAre("100.00", "1234.50"));
  EXPECT_THAT(*language_of_copies(CopyAs::kDate, text)->members(10), ElementsAre("2024-03-04", "2024-04-03"));
  EXPECT_TRUE(language_of_copies(CopyAs::kDate, "nothing")->is_empty());
}

TEST(CopyValues, are_what_a_schema_takes) {
  constexpr std::string_view kText = "Total 1.234,50 EUR on 03/04/2024, paid 100,00 and -7";
  const auto takes = [&](const std::string& keywords, std::string_view document) {
    const auto program = testing::compiled(R"({"x-ingle-copy":"s",)" + keywords + "}", {{"s", kText}});
    EXPECT_TRUE(program.has_value()) << keywords << ": " << program.error().message();
    return program && testing::accepts(*program, document);
  };
  const std::string amount = R"("x-ingle-copy-as":"amount")";
  EXPECT_TRUE(takes(amount, "1234.5"));
  EXPECT_TRUE(takes(amount, "-7"));
  EXPECT_FALSE(takes(amount, "7"));
  EXPECT_FALSE(takes(amount, "1234.51"));
  EXPECT_FALSE(takes(amount, "\"1234.50\""));
  EXPECT_TRUE(takes(amount + R"(,"type":["string","null"])", "\"1234.50\""));
  EXPECT_TRUE(takes(amount + R"(,"type":["string","null"])", "null"));
  EXPECT_FALSE(takes(amount + R"(,"type":["string","null"])", "1234.5"));
  EXPECT_TRUE(takes(amount + R"(,"type":"integer")", "100"));
  EXPECT_FALSE(takes(amount + R"(,"type":"integer")", "1234.5"));
  EXPECT_TRUE(takes(amount + R"(,"minimum":0)", "100"));
  EXPECT_FALSE(takes(amount + R"(,"minimum":0)", "-7"));
  const std::string date = R"("x-ingle-copy-as":"date")";
  EXPECT_TRUE(takes(date, "\"2024-03-04\""));
  EXPECT_TRUE(takes(date, "\"2024-04-03\""));
  EXPECT_FALSE(takes(date, "\"2024-04-04\""));
  EXPECT_FALSE(takes(date + R"(,"pattern":"-04$")", "\"2024-04-03\""));
  EXPECT_FALSE(testing::compiled(R"({"x-ingle-copy":"s","x-ingle-copy-as":"date","type":"number"})", {{"s", kText}}));
}

TEST(CopyValues, tell_where_a_value_is_stated) {
  const std::string_view text = "é 3. März 2024 and 2024-03-03, 12,50-";
  EXPECT_THAT(find_copied_value(CopyAs::kDate, text, "2024-03-03"),
              ElementsAre(CodePointSpan{2, 14}, CodePointSpan{19, 29}));
  EXPECT_THAT(find_copied_value(CopyAs::kAmountNumber, text, "-12.5"), ElementsAre(CodePointSpan{31, 37}));
  EXPECT_THAT(find_copied_value(CopyAs::kAmountText, text, "99"), IsEmpty());
}

TEST(CopyValues, a_text_of_any_bytes_is_read) {
  EXPECT_THAT(amounts("\xFF\xFE 12 \xC3"), ElementsAre("12"));
  EXPECT_THAT(dates(std::string("\0\xE2\x28 2024-03-05", 14)), ElementsAre("2024-03-05"));
  std::string many;
  for (int i = 0; i < 20'000; ++i)
    many += "1 ";
  EXPECT_EQ(amounts(many).size(), 20'000U);
}

}  // namespace
}  // namespace ingle::text::grammar
