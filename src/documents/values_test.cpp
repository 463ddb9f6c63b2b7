#include "documents/values.h"

#include <gtest/gtest.h>

namespace ingle::documents {
namespace {

std::string amount(std::string_view text, DecimalSign hint = DecimalSign::kUnknown) {
  const auto parsed = parse_number(text, hint);
  return parsed ? format_amount(parsed->value) : "-";
}

TEST(Values, read_amounts_in_both_conventions) {
  EXPECT_EQ(amount("1.005,55"), "1005.55");
  EXPECT_EQ(amount("1,005.55"), "1005.55");
  EXPECT_EQ(amount("1 005,55"), "1005.55");
  EXPECT_EQ(amount("1'005.55"), "1005.55");
  EXPECT_EQ(amount("12,5"), "12.50");
  EXPECT_EQ(amount("0.79"), "0.79");
  EXPECT_EQ(amount("1.234.567"), "1234567.00");
  EXPECT_EQ(amount("-8,79"), "-8.79");
  EXPECT_EQ(amount("8,79-"), "-8.79");
}

TEST(Values, a_number_that_could_be_either_is_read_as_the_document_writes) {
  EXPECT_EQ(amount("1.234", DecimalSign::kComma), "1234.00");
  EXPECT_EQ(amount("1.234", DecimalSign::kPoint), "1.23");
  EXPECT_EQ(amount("10,375", DecimalSign::kPoint), "10375.00");
}

TEST(Values, what_is_no_number_is_none) {
  for (const char* text : {"", "-", "1.2.3", "11.03.2018", "1,2,3", "12a", "99999999999999999999", "1.23,45.6"})
    EXPECT_EQ(amount(text), "-") << text;
}

TEST(Values, are_written_with_a_point_and_the_places_of_their_kind) {
  EXPECT_EQ(format_amount(*parse_plain_decimal("100.005")), "100.01");
  EXPECT_EQ(format_amount(*parse_plain_decimal("-0.001")), "0.00");
  EXPECT_EQ(format_price(*parse_plain_decimal("0.025")), "0.025");
  EXPECT_EQ(format_price(*parse_plain_decimal("3")), "3.00");
  EXPECT_EQ(format_quantity(*parse_plain_decimal("400.00")), "400");
  EXPECT_EQ(format_quantity(*parse_plain_decimal("6.5")), "6.5");
  EXPECT_FALSE(parse_plain_decimal("1e5"));
}

TEST(Values, dates_exist_or_are_none) {
  EXPECT_EQ(format_date(*parse_iso_date("20240229")), "2024-02-29");
  EXPECT_EQ(format_date(*parse_iso_date("2024-02-29T10:00:00")), "2024-02-29");
  EXPECT_FALSE(parse_iso_date("20230229"));
  EXPECT_FALSE(parse_iso_date("2024-13-01"));
  EXPECT_FALSE(parse_iso_date("2024"));
}

TEST(Values, ibans_are_checked_by_length_and_remainder) {
  EXPECT_TRUE(is_valid_iban("DE89370400440532013000"));
  EXPECT_TRUE(is_valid_iban("FR1420041010050500013M02606"));
  EXPECT_FALSE(is_valid_iban("DE89370400440532013001"));
  EXPECT_FALSE(is_valid_iban("DE8937040044053201300"));
  EXPECT_FALSE(is_valid_iban("XX89370400440532013000"));
  EXPECT_FALSE(is_valid_iban(""));
}

TEST(Values, vat_ids_are_checked_by_form_and_digits) {
  EXPECT_EQ(check_vat_id("DE136695976"), VatCheck::kChecked);
  EXPECT_EQ(check_vat_id("DE136695975"), VatCheck::kWrongDigits);
  EXPECT_EQ(check_vat_id("GB123456789"), VatCheck::kFormOnly);
  EXPECT_EQ(check_vat_id("ATU12345678"), VatCheck::kFormOnly);
  EXPECT_EQ(check_vat_id("FR32123456789"), VatCheck::kChecked);
  EXPECT_EQ(check_vat_id("INV12345"), VatCheck::kNotOne);
}

}  // namespace
}  // namespace ingle::documents
