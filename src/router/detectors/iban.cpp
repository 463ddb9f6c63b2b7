// IBANs: ISO 13616 as the SWIFT registry lists it (country, length, structure of the account part) and ISO 7064 mod 97.
#include <algorithm>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

struct Country {
  char code[3];
  std::string_view structure;  // after country and check digits: counts of n digits, a capitals, c either
};

/// Sorted by code.
constexpr Country kCountries[] = {
    {"AD", "8n12c"},   {"AE", "19n"},    {"AL", "8n16c"},    {"AT", "16n"},      {"AZ", "4a20c"},    {"BA", "16n"},
    {"BE", "12n"},     {"BG", "4a6n8c"}, {"BH", "4a14c"},    {"BI", "23n"},      {"BR", "23n1a1c"},  {"BY", "4c4n16c"},
    {"CH", "5n12c"},   {"CR", "18n"},    {"CY", "8n16c"},    {"CZ", "20n"},      {"DE", "18n"},      {"DJ", "23n"},
    {"DK", "14n"},     {"DO", "4c20n"},  {"EE", "16n"},      {"EG", "25n"},      {"ES", "20n"},      {"FI", "14n"},
    {"FK", "2a12n"},   {"FO", "14n"},    {"FR", "10n11c2n"}, {"GB", "4a14n"},    {"GE", "2a16n"},    {"GI", "4a15c"},
    {"GL", "14n"},     {"GR", "7n16c"},  {"GT", "4c20c"},    {"HN", "4a20n"},    {"HR", "17n"},      {"HU", "24n"},
    {"IE", "4a14n"},   {"IL", "19n"},    {"IQ", "4a15n"},    {"IS", "22n"},      {"IT", "1a10n12c"}, {"JO", "4a4n18c"},
    {"KW", "4a22c"},   {"KZ", "3n13c"},  {"LB", "4n20c"},    {"LC", "4a24c"},    {"LI", "5n12c"},    {"LT", "16n"},
    {"LU", "3n13c"},   {"LV", "4a13c"},  {"LY", "21n"},      {"MC", "10n11c2n"}, {"MD", "20c"},      {"ME", "18n"},
    {"MK", "3n10c2n"}, {"MN", "16n"},    {"MR", "23n"},      {"MT", "4a5n18c"},  {"MU", "4a19n3a"},  {"NI", "4a20n"},
    {"NL", "4a10n"},   {"NO", "11n"},    {"OM", "3n16c"},    {"PK", "4a16c"},    {"PL", "24n"},      {"PS", "4a21c"},
    {"PT", "21n"},     {"QA", "4a21c"},  {"RO", "4a16c"},    {"RS", "18n"},      {"RU", "14n15c"},   {"SA", "2n18c"},
    {"SC", "4a20n3a"}, {"SD", "14n"},    {"SE", "20n"},      {"SI", "15n"},      {"SK", "20n"},      {"SM", "1a10n12c"},
    {"SO", "19n"},     {"ST", "21n"},    {"SV", "4a20n"},    {"TL", "19n"},      {"TN", "20n"},      {"TR", "6n16c"},
    {"UA", "6n19c"},   {"VA", "18n"},    {"VG", "4a16n"},    {"XK", "16n"},      {"YE", "4a4n18c"}};

/// Length of an IBAN with this structure that `text` begins with; 0: it does not.
size_t matched_length(std::string_view structure, std::string_view text) {
  constexpr size_t kHead = 4;
  size_t at = kHead;
  for (size_t i = 0; i < structure.size(); ++i) {
    size_t count = 0;
    while (is_digit(structure[i]))
      count = count * 10 + static_cast<size_t>(structure[i++] - '0');
    for (; count > 0; --count, ++at) {
      if (at >= text.size()) return 0;
      const bool fits = structure[i] == 'n' ? is_digit(text[at]) : structure[i] == 'c' || is_letter(text[at]);
      if (!fits) return 0;
    }
  }
  return at;
}

bool mod_97(std::string_view iban) {
  unsigned rest = 0;
  for (size_t i = 0; i < iban.size(); ++i) {
    const char c = to_upper(iban[(i + 4) % iban.size()]);
    rest = is_digit(c) ? (rest * 10 + static_cast<unsigned>(c - '0')) % 97
                       : (rest * 100 + static_cast<unsigned>(c - 'A' + 10)) % 97;
  }
  return rest == 1;
}

/// Nothing that belongs to a word or a number stands before it, except the very word IBAN.
bool may_begin(std::string_view text, size_t at) {
  if (!is_alnum(before(text, at))) return true;
  if (at < 4) return false;
  return std::ranges::equal(text.substr(at - 4, 4), std::string_view("IBAN"), {}, to_upper);
}

void scan(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kLongest = 34;
  size_t free_from = 0;
  for (size_t i = 0; i + 1 < text.size(); ++i) {
    if (i < free_from || !is_letter(text[i]) || !may_begin(text, i)) continue;
    const Reading reading = read_grouped(text, i, kLongest, is_alnum);
    if (reading.n < 5 || !is_digit(reading.chars[2]) || !is_digit(reading.chars[3])) continue;
    const char code[] = {to_upper(reading.chars[0]), to_upper(reading.chars[1])};
    const auto country = std::ranges::lower_bound(kCountries, std::string_view(code, 2), {},
                                                  [](const Country& c) { return std::string_view(c.code, 2); });
    if (country == std::end(kCountries) || std::string_view(country->code, 2) != std::string_view(code, 2)) continue;
    const size_t length = matched_length(country->structure, reading.text(reading.n));
    if (length == 0 || !mod_97(reading.text(length))) continue;
    found.push_back({i, reading.ends[length - 1]});
    free_from = reading.ends[length - 1];
  }
}

}  // namespace

const Detector kIbanDetector{"iban", "an IBAN", scan};

}  // namespace ingle::router
