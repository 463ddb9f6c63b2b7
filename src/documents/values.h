// Numbers, dates and identifiers as documents write them, and their one normal form. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingle::documents {

/// A decimal number in millionths: exact for every amount that an invoice states.
using Micros = int64_t;
inline constexpr Micros kOne = 1'000'000;

/// "1234.5" with a point, an optional sign and no grouping, as XML writes it.
std::optional<Micros> parse_plain_decimal(std::string_view text);

/// What stands between the thousands and before the decimals where a number alone does not say it ("1.234").
enum class DecimalSign : uint8_t { kUnknown, kComma, kPoint };

struct ParsedNumber {
  Micros value = 0;
  DecimalSign sign = DecimalSign::kUnknown;  // what the number itself shows
  uint8_t decimals = 0;
  bool ambiguous = false;  // "1.234": read by the hint
};
/// A number in either convention: "1.005,55", "1,005.55", "1 005,55", "1'005.55", "-3", "8,79-". Folded text.
std::optional<ParsedNumber> parse_number(std::string_view folded, DecimalSign hint);

std::string format_amount(Micros value);    // point and two places
std::string format_price(Micros value);     // point and two places, more where there are more
std::string format_quantity(Micros value);  // no needless zeros

struct Date {
  int year = 0;
  int month = 0;
  int day = 0;
  friend auto operator<=>(const Date&, const Date&) = default;
};
bool is_valid(const Date& date);
std::string format_date(const Date& date);  // ISO 8601
/// "YYYY-MM-DD" or "YYYYMMDD", as XML writes it.
std::optional<Date> parse_iso_date(std::string_view text);

/// Upper case without spaces, dots and dashes.
std::string compact(std::string_view text);
/// ISO 13616: length of the country and remainder 1 modulo 97. `compacted` as compact() gives it.
bool is_valid_iban(std::string_view compacted);
/// The length that the country's IBANs have; 0: no such country in the registry.
size_t iban_length(std::string_view country);
/// Form of a European VAT identification number (and GB, CH, NO), with check digits where they are simple.
enum class VatCheck : uint8_t { kNotOne, kFormOnly, kChecked, kWrongDigits };
VatCheck check_vat_id(std::string_view compacted);

}  // namespace ingle::documents
