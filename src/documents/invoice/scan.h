// Finding what looks like a value: amounts, dates, identifiers, currencies. No meaning yet, only form and place in the
// text. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "documents/invoice/sheet.h"
#include "documents/values.h"

namespace ingle::documents {

struct Amount {
  Span span;  // the number with its sign, without the currency
  Micros value = 0;
  uint8_t decimals = 0;
  bool has_currency = false;  // a sign or code of a currency stands beside it
  bool is_percent = false;
};
/// Which sign this document sets before decimals, by its unambiguous amounts.
DecimalSign decimal_sign_of(const Sheet& sheet);
std::vector<Amount> find_amounts(const Sheet& sheet, DecimalSign hint);

struct DateHit {
  Span span;
  Date date;
  bool ambiguous = false;  // day and month might be the other way round, and nothing in the document says which
};
std::vector<DateHit> find_dates(const Sheet& sheet);

struct Identifier {
  Span span;
  std::string value;     // compact
  bool checked = false;  // its check digits are right, or its country has none
};
std::vector<Identifier> find_ibans(const Sheet& sheet);
std::vector<Identifier> find_vat_ids(const Sheet& sheet);

struct CurrencyHit {
  Span span;
  std::string code;      // ISO 4217
  bool is_code = false;  // three letters rather than a sign or a word
};
std::vector<CurrencyHit> find_currencies(const Sheet& sheet);

}  // namespace ingle::documents
