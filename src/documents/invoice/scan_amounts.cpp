#include <algorithm>
#include <array>
#include <string_view>

#include "documents/invoice/scan.h"

namespace ingle::documents {
namespace {

constexpr size_t kMaxAmountLength = 24;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || c == kOther;
}
bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}

struct CurrencyRow {
  std::string_view word;  // folded
  std::string_view code;
  bool upper_only;  // it is a word of some language too: only in capitals
};
constexpr CurrencyRow kCurrencies[] = {
    {"eur", "EUR", false}, {"euro", "EUR", false}, {"euros", "EUR", false}, {"usd", "USD", false},
    {"gbp", "GBP", false}, {"chf", "CHF", false},  {"sfr", "CHF", false},   {"sek", "SEK", false},
    {"nok", "NOK", false}, {"dkk", "DKK", false},  {"pln", "PLN", false},   {"zl", "PLN", false},
    {"czk", "CZK", false}, {"huf", "HUF", false},  {"ron", "RON", true},    {"bgn", "BGN", false},
    {"jpy", "JPY", false}, {"cad", "CAD", true},   {"aud", "AUD", true},    {"nzd", "NZD", false},
    {"isk", "ISK", false}, {"try", "TRY", true},   {"cny", "CNY", false},   {"inr", "INR", false},
    {"brl", "BRL", false}, {"mxn", "MXN", false},  {"zar", "ZAR", false},   {"hkd", "HKD", false},
    {"sgd", "SGD", false}, {"rsd", "RSD", false},  {"uah", "UAH", false},   {"ils", "ILS", true},
};

const CurrencyRow* currency_word(std::string_view word) {
  const auto* row = std::ranges::find(kCurrencies, word, &CurrencyRow::word);
  return row == std::end(kCurrencies) ? nullptr : row;
}

bool is_currency_sign(char c) {
  return c == kEuroSign || c == kPoundSign || c == kYenSign || c == '$';
}

bool currency_before(std::string_view text, size_t at) {
  while (at > 0 && (text[at - 1] == ' ' || text[at - 1] == '-'))
    --at;
  if (at == 0) return false;
  if (is_currency_sign(text[at - 1])) return true;
  size_t from = at;
  while (from > 0 && is_letter(text[from - 1]))
    --from;
  return currency_word(text.substr(from, at - from)) != nullptr;
}

bool currency_after(std::string_view text, size_t at) {
  while (at < text.size() && text[at] == ' ')
    ++at;
  if (at >= text.size()) return false;
  if (is_currency_sign(text[at])) return true;
  size_t to = at;
  while (to < text.size() && is_letter(text[to]))
    ++to;
  return currency_word(text.substr(at, to - at)) != nullptr;
}

/// The end of the number that begins at `at`: digits with separators between them.
size_t number_end(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && end - at < kMaxAmountLength) {
    if (is_digit(text[end])) {
      ++end;
      continue;
    }
    const bool separates = text[end] == '.' || text[end] == ',' || text[end] == '\'';
    if (separates && end + 1 < text.size() && is_digit(text[end + 1])) {
      ++end;
      continue;
    }
    // "1 234,50": a space groups when exactly three digits follow and decimals end the whole.
    if (text[end] == ' ' && end + 4 < text.size() && end - at <= 11 && is_digit(text[end + 1]) &&
        is_digit(text[end + 2]) && is_digit(text[end + 3]) && !is_digit(text[end + 4])) {
      const char next = text[end + 4];
      const bool decimals = (next == ',' || next == '.') && end + 6 < text.size() && is_digit(text[end + 5]) &&
                            is_digit(text[end + 6]) && (end + 7 >= text.size() || !is_digit(text[end + 7]));
      const bool more = next == ' ' && number_end(text, end + 1) > end + 4;
      const size_t group = text.substr(at, end - at).find_last_of(' ') == std::string_view::npos
                               ? end - at
                               : end - at - text.substr(at, end - at).find_last_of(' ') - 1;
      if ((decimals || more) && group <= 3 &&
          text.substr(at, end - at).find_first_of(".,'") == std::string_view::npos) {
        end += 4;
        continue;
      }
    }
    break;
  }
  return end;
}

/// Whether the number is a part of something else: a code, a date, a time.
bool is_part_of_more(std::string_view text, size_t from, size_t to) {
  if (from > 0) {
    const char before = text[from - 1];
    if (is_alnum(before) || before == '/' || before == '_' || before == '@') return true;
    if ((before == '.' || before == ',' || before == '-' || before == ':') && from > 1 && is_digit(text[from - 2]))
      return true;
    if (before == '-' && from > 1 && is_alnum(text[from - 2])) return true;
  }
  if (to < text.size()) {
    const char after = text[to];
    if (is_alnum(after) || after == '/' || after == '_' || after == '@') {
      return currency_after(text, to) ? is_digit(after) || after == '/' : true;
    }
    if ((after == '-' || after == ':') && to + 1 < text.size() && is_alnum(text[to + 1])) return true;
  }
  return false;
}

}  // namespace

std::vector<Amount> find_amounts(const Sheet& sheet, DecimalSign hint) {
  const std::string_view text = sheet.index().folded();
  std::vector<Amount> amounts;
  for (size_t at = 0; at < text.size() && amounts.size() < Sheet::kMaxValues;) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) {
      ++at;
      continue;
    }
    const size_t end = number_end(text, at);
    size_t from = at;
    at = end;
    if (is_part_of_more(text, from, end)) continue;
    size_t to = end;
    const bool minus_before = from > 0 && text[from - 1] == '-' && (from < 2 || !is_alnum(text[from - 2]));
    const bool minus_apart =
        from > 1 && text[from - 1] == ' ' && text[from - 2] == '-' && (from < 3 || text[from - 3] == ' ');
    if (minus_before) {
      --from;
    } else if (from > 1 && is_currency_sign(text[from - 1]) && text[from - 2] == '-') {
      from -= 2;
    } else if (to < text.size() && text[to] == '-' && (to + 1 >= text.size() || !is_alnum(text[to + 1]))) {
      ++to;
    }
    std::string number(text.substr(from, to - from));
    std::erase_if(number, is_currency_sign);
    const auto parsed = parse_number(number, hint);
    if (!parsed) continue;
    size_t after = to;
    while (after < text.size() && text[after] == ' ')
      ++after;
    Amount amount{
        {static_cast<uint32_t>(from), static_cast<uint32_t>(to)}, parsed->value, parsed->decimals, false, false};
    amount.is_percent = after < text.size() && text[after] == '%' && after - to <= 1;
    amount.has_currency = currency_before(text, from) || currency_after(text, to);
    if (minus_apart && amount.has_currency) {
      amount.span.from -= 2;
      amount.value = -amount.value;
    }
    amounts.push_back(amount);
  }
  return amounts;
}

DecimalSign decimal_sign_of(const Sheet& sheet) {
  const std::string_view text = sheet.index().folded();
  int commas = 0;
  int points = 0;
  for (size_t at = 0; at < text.size(); ++at) {
    if (!is_digit(text[at]) || (at > 0 && is_digit(text[at - 1]))) continue;
    const size_t end = number_end(text, at);
    if (!is_part_of_more(text, at, end)) {
      const auto parsed = parse_number(text.substr(at, end - at), DecimalSign::kUnknown);
      if (parsed && !parsed->ambiguous && parsed->decimals == 2) {
        commas += parsed->sign == DecimalSign::kComma;
        points += parsed->sign == DecimalSign::kPoint;
      }
    }
    at = end > at ? end - 1 : at;
  }
  if (commas == points) return DecimalSign::kUnknown;
  return commas > points ? DecimalSign::kComma : DecimalSign::kPoint;
}

std::vector<CurrencyHit> find_currencies(const Sheet& sheet) {
  const std::string_view text = sheet.index().folded();
  std::vector<CurrencyHit> hits;
  for (size_t at = 0; at < text.size() && hits.size() < Sheet::kMaxValues; ++at) {
    const auto position = static_cast<uint32_t>(at);
    if (is_currency_sign(text[at])) {
      const std::string_view code = text[at] == kEuroSign    ? "EUR"
                                    : text[at] == kPoundSign ? "GBP"
                                    : text[at] == kYenSign   ? "JPY"
                                                             : "USD";
      hits.push_back({{position, position + 1}, std::string(code), false});
    } else if (is_letter(text[at]) && (at == 0 || !is_alnum(text[at - 1]))) {
      size_t end = at;
      while (end < text.size() && is_alnum(text[end]))
        ++end;
      const CurrencyRow* row = currency_word(text.substr(at, end - at));
      const Span span{position, static_cast<uint32_t>(end)};
      if (row != nullptr && (!row->upper_only || sheet.index().view(span) == row->code))
        hits.push_back({span, std::string(row->code), row->word.size() == 3});
      at = end - 1;
    }
  }
  return hits;
}

}  // namespace ingle::documents
