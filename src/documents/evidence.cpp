#include "documents/evidence.h"

#include <algorithm>
#include <string>

#include "documents/invoice/keywords.h"
#include "documents/invoice/scan.h"
#include "documents/text_index.h"
#include "documents/values.h"

namespace ingle::documents {
namespace {

bool is_date(std::string_view field) {
  return field.ends_with("_date");
}
bool is_amount(std::string_view field) {
  return field.ends_with("_total") || field == "due_payable" || field == "total" || field == "unit_price" ||
         field == "quantity";
}
bool is_identifier(std::string_view field) {
  return field == "iban" || field.ends_with("_vat_id");
}

std::string single_spaced(std::string_view text) {
  std::string out;
  for (const std::string& word : words_of(fold(text)))
    out += word + " ";
  return out;
}

/// The dates that a text states, each in both orders of day and month where both are dates.
bool states_date(const Sheet& sheet, const Date& wanted) {
  return std::ranges::any_of(find_dates(sheet), [&](const DateHit& hit) {
    const Date swapped{hit.date.year, hit.date.day, hit.date.month};
    return hit.date == wanted ||
           (swapped == wanted && sheet.index().folded(hit.span).find_first_of("/-") != std::string_view::npos);
  });
}

bool states_amount(const Sheet& sheet, Micros wanted) {
  for (const DecimalSign sign : {DecimalSign::kComma, DecimalSign::kPoint}) {
    const auto amounts = find_amounts(sheet, sign);
    if (std::ranges::any_of(amounts, [&](const Amount& amount) { return amount.value == wanted; })) return true;
  }
  return false;
}

bool states(std::string_view field, std::string_view value, const Sheet& sheet, std::string_view text) {
  if (is_date(field)) {
    const auto date = parse_iso_date(value);
    return date && states_date(sheet, *date);
  }
  if (is_amount(field)) {
    const auto amount = parse_plain_decimal(value);
    return amount && states_amount(sheet, *amount);
  }
  if (is_identifier(field)) return compact(text).find(compact(value)) != std::string::npos;
  if (field == "currency") {
    const auto hits = find_currencies(sheet);
    return std::ranges::any_of(hits, [&](const CurrencyHit& hit) { return hit.code == value; });
  }
  return single_spaced(text).find(single_spaced(value)) != std::string::npos;
}

}  // namespace

bool says(std::string_view field, std::string_view value, std::string_view text) {
  const Document document = document_from_text(text);
  const Sheet sheet(document);
  if (is_identifier(field)) return compact(text) == compact(value);
  if (is_date(field) || is_amount(field) || field == "currency") return states(field, value, sheet, text);
  return single_spaced(text) == single_spaced(value);
}

bool is_printed(std::string_view field, std::string_view value, std::string_view text) {
  const Document document = document_from_text(text);
  return states(field, value, Sheet(document), text);
}

}  // namespace ingle::documents
