// Numbers that states give: Germany's tax number for people, European VAT numbers, social security numbers of the United
// States. Sources: BZSt on the Steuer-ID; the EU's VIES documentation for VAT check digits; SSA on the ranges of SSNs.
#include <algorithm>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

bool is_tax_id(std::string_view digits) {
  if (digits[0] == '0') return false;
  // Of the first ten digits one occurs twice or three times and no other more than once.
  int repeated = 0;
  for (char digit = '0'; digit <= '9'; ++digit) {
    const auto count = std::count(digits.begin(), digits.begin() + 10, digit);
    if (count > 3) return false;
    if (count > 1) ++repeated;
  }
  return repeated == 1 && mod_11_10(digits);
}

void scan_tax_ids(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kDigits = 11;
  for (size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i]) || is_alnum(before(text, i))) continue;
    const Reading reading = read_grouped(text, i, kDigits, is_digit);
    if (reading.n != kDigits || !reading.whole[kDigits - 1] || reading.n_lines > 0) continue;
    if (!is_tax_id(reading.text(kDigits))) continue;
    found.push_back({i, reading.ends[kDigits - 1]});
    i = reading.ends[kDigits - 1] - 1;
  }
}

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits)
    value = value * 10 + (c - '0');
  return value;
}

int weighted_sum(std::string_view digits, std::string_view weights) {
  int sum = 0;
  for (size_t i = 0; i < weights.size(); ++i)
    sum += (digits[i] - '0') * (weights[i] - '0');
  return sum;
}

bool german(std::string_view d) {
  return d[0] != '0' && mod_11_10(d);
}
bool austrian(std::string_view d) {
  int sum = 0;
  for (size_t i = 0; i < 7; ++i) {
    const int digit = d[i] - '0';
    sum += i % 2 == 0 ? digit : digit / 5 + digit * 2 % 10;
  }
  return (10 - (sum + 4) % 10) % 10 == d[7] - '0';
}
bool belgian(std::string_view d) {
  return 97 - number(d.substr(0, 8)) % 97 == number(d.substr(8));
}
bool danish(std::string_view d) {
  return d[0] != '0' && weighted_sum(d, "27654321") % 11 == 0;
}
bool french(std::string_view d) {
  const int siren = number(d.substr(2));
  return luhn(d.substr(2)) && (12 + 3 * (siren % 97)) % 97 == number(d.substr(0, 2));
}
bool italian(std::string_view d) {
  return d != "00000000000" && luhn(d);
}
bool polish(std::string_view d) {
  return weighted_sum(d, "657234567") % 11 == d[9] - '0';
}

struct VatFormat {
  std::string_view prefix;
  size_t digits;
  bool (*valid)(std::string_view digits);
};

constexpr VatFormat kVatFormats[] = {{"DE", 9, german},  {"ATU", 8, austrian}, {"BE", 10, belgian}, {"DK", 8, danish},
                                     {"FR", 11, french}, {"IT", 11, italian},  {"PL", 10, polish}};

void scan_vat_ids(std::string_view text, std::vector<Span>& found) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    if (!is_letter(text[i]) || is_alnum(before(text, i))) continue;
    for (const VatFormat& format : kVatFormats) {
      if (!std::ranges::equal(text.substr(i, format.prefix.size()), format.prefix, {}, to_upper)) continue;
      size_t from = i + format.prefix.size();
      while (from < text.size() && from - i < 6 && (text[from] == ' ' || text[from] == '.' || text[from] == '-'))
        ++from;
      if (!is_digit(at_or_nul(text, from))) continue;
      const Reading reading = read_grouped(text, from, format.digits, is_digit);
      if (reading.n != format.digits || !reading.whole[reading.n - 1] || reading.n_lines > 0) continue;
      if (format.valid(reading.text(reading.n))) found.push_back({i, reading.ends[reading.n - 1]});
    }
  }
}

void scan_ssns(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kLength = 11;  // 123-45-6789
  for (size_t i = 0; i + kLength <= text.size(); ++i) {
    if (!is_digit(text[i]) || is_alnum(before(text, i)) || before(text, i) == '-') continue;
    const std::string_view word = text.substr(i, kLength);
    const char separator = word[3];
    if ((separator != '-' && separator != ' ' && separator != '.') || word[6] != separator) continue;
    bool digits = true;
    for (size_t k = 0; k < kLength; ++k)
      digits = digits && (k == 3 || k == 6 || is_digit(word[k]));
    const char next = at_or_nul(text, i + kLength);
    if (!digits || is_alnum(next) || next == '-') continue;
    const std::string_view area = word.substr(0, 3);
    if (area == "000" || area == "666" || area[0] == '9' || word.substr(4, 2) == "00" || word.substr(7) == "0000") {
      continue;
    }
    found.push_back({i, i + kLength});
  }
}

}  // namespace

const Detector kTaxIdDetector{"tax_id", "a German tax number", scan_tax_ids};
const Detector kVatIdDetector{"vat_id", "a VAT number", scan_vat_ids};
const Detector kSsnDetector{"ssn", "a social security number", scan_ssns};

}  // namespace ingle::router
