// Checks of IBAN and VAT identification numbers.
// Sources: SWIFT's IBAN registry (lengths); Council directive 2006/112/EC article 215 and the Commission's VIES
// questions and answers (forms of VAT identification numbers); ISO 7064 for the check digits.
#include <algorithm>
#include <array>
#include <cstdint>

#include "documents/values.h"

namespace ingle::documents {
namespace {

struct IbanLength {
  std::string_view country;
  uint8_t length;
};
constexpr IbanLength kIbanLengths[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22}, {"BH", 22},
    {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22}, {"DK", 18}, {"DO", 28},
    {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23},
    {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26},
    {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21},
    {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15},
    {"PK", 24}, {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SE", 24},
    {"SI", 19}, {"SK", 24}, {"SM", 27}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
};

/// d: a digit, a: a letter, x: either, *: nothing more is said about the rest.
struct VatForm {
  std::string_view country;
  std::string_view form;
};
constexpr VatForm kVatForms[] = {
    {"AT", "Udddddddd"},     {"BE", "dddddddddd"},   {"BG", "ddddddddd"},    {"BG", "dddddddddd"},
    {"CH", "Edddddddddaaa"}, {"CH", "Eddddddddd"},   {"CY", "dddddddda"},    {"CZ", "dddddddd"},
    {"CZ", "ddddddddd"},     {"CZ", "dddddddddd"},   {"DE", "ddddddddd"},    {"DK", "dddddddd"},
    {"EE", "ddddddddd"},     {"EL", "ddddddddd"},    {"ES", "xdddddddx"},    {"FI", "dddddddd"},
    {"FR", "xxddddddddd"},   {"GB", "ddddddddd"},    {"GB", "dddddddddddd"}, {"HR", "ddddddddddd"},
    {"HU", "dddddddd"},      {"IE", "dxddddda"},     {"IE", "dxdddddaa"},    {"IT", "ddddddddddd"},
    {"LT", "ddddddddd"},     {"LT", "dddddddddddd"}, {"LU", "dddddddd"},     {"LV", "ddddddddddd"},
    {"MT", "dddddddd"},      {"NL", "dddddddddBdd"}, {"NO", "dddddddddMVA"}, {"PL", "dddddddddd"},
    {"PT", "ddddddddd"},     {"RO", "dddddd"},       {"RO", "ddddddd"},      {"RO", "dddddddd"},
    {"RO", "ddddddddd"},     {"RO", "dddddddddd"},   {"SE", "dddddddddddd"}, {"SI", "dddddddd"},
    {"SK", "dddddddddd"},    {"XI", "ddddddddd"},
};

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
constexpr bool is_letter(char c) {
  return c >= 'A' && c <= 'Z';
}

bool fits(std::string_view text, std::string_view form) {
  if (text.size() != form.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool ok = form[i] == 'd'   ? is_digit(c)
                    : form[i] == 'a' ? is_letter(c)
                    : form[i] == 'x' ? is_digit(c) || is_letter(c)
                                     : c == form[i];
    if (!ok) return false;
  }
  return true;
}

int digit(std::string_view text, size_t i) {
  return text[i] - '0';
}

/// ISO 7064, MOD 11,10.
bool is_mod_11_10(std::string_view digits) {
  int product = 10;
  for (size_t i = 0; i + 1 < digits.size(); ++i) {
    int sum = (digit(digits, i) + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  return (11 - product) % 10 == digit(digits, digits.size() - 1);
}

bool is_luhn(std::string_view digits) {
  int sum = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    int value = digit(digits, digits.size() - 1 - i);
    if (i % 2 == 1) value = value * 2 > 9 ? value * 2 - 9 : value * 2;
    sum += value;
  }
  return sum % 10 == 0;
}

long number(std::string_view digits) {
  long value = 0;
  for (const char c : digits)
    value = value * 10 + (c - '0');
  return value;
}

/// Nothing where the country's rule is not among the simple ones.
std::optional<bool> check_digits(std::string_view country, std::string_view rest) {
  if (country == "DE") return is_mod_11_10(rest);
  if (country == "HR") return is_mod_11_10(rest);
  if (country == "IT") return is_luhn(rest);
  if (country == "BE") return 97 - number(rest.substr(0, 8)) % 97 == number(rest.substr(8));
  if (country == "LU") return number(rest.substr(0, 6)) % 89 == number(rest.substr(6));
  if (country == "FR" && is_digit(rest[0]) && is_digit(rest[1]))
    return (12 + 3 * (number(rest.substr(2)) % 97)) % 97 == number(rest.substr(0, 2));
  return std::nullopt;
}

}  // namespace

size_t iban_length(std::string_view country) {
  const auto* row = std::ranges::find(kIbanLengths, country, &IbanLength::country);
  return row == std::end(kIbanLengths) ? 0 : row->length;
}

bool is_valid_iban(std::string_view text) {
  if (text.size() < 15 || text.size() != iban_length(text.substr(0, 2))) return false;
  if (!is_digit(text[2]) || !is_digit(text[3])) return false;
  int remainder = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[(i + 4) % text.size()];
    if (is_digit(c)) {
      remainder = (remainder * 10 + (c - '0')) % 97;
    } else if (is_letter(c)) {
      remainder = (remainder * 100 + (c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return remainder == 1;
}

VatCheck check_vat_id(std::string_view text) {
  if (text.size() < 8) return VatCheck::kNotOne;
  const std::string_view country = text.substr(0, 2);
  const std::string_view rest = text.substr(2);
  const bool has_form = std::ranges::any_of(
      kVatForms, [&](const VatForm& row) { return row.country == country && fits(rest, row.form); });
  if (!has_form) return VatCheck::kNotOne;
  const auto right = check_digits(country, rest);
  if (!right) return VatCheck::kFormOnly;
  return *right ? VatCheck::kChecked : VatCheck::kWrongDigits;
}

}  // namespace ingle::documents
