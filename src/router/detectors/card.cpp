// Payment cards: the issuers' number ranges and lengths (ISO/IEC 7812 as the networks publish them) and Luhn's check digit.
#include <algorithm>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

struct Range {
  uint32_t first;  // of the leading six digits
  uint32_t last;
  uint8_t min_length;
  uint8_t max_length;
};

constexpr Range kRanges[] = {
    {400000, 499999, 13, 19},  // Visa; 13, 16 or 19
    {510000, 559999, 16, 16},  // Mastercard
    {222100, 272099, 16, 16},  //
    {340000, 349999, 15, 15},  // American Express
    {370000, 379999, 15, 15},  //
    {601100, 601199, 16, 19},  // Discover
    {644000, 659999, 16, 19},  //
    {300000, 305999, 14, 19},  // Diners Club
    {309500, 309599, 14, 19},  //
    {360000, 369999, 14, 19},  //
    {380000, 399999, 14, 19},  //
    {352800, 358999, 16, 19},  // JCB
    {620000, 629999, 16, 19},  // UnionPay
    {500000, 509999, 12, 19},  // Maestro
    {560000, 589999, 12, 19},  //
    {630000, 639999, 12, 19},  //
    {670000, 679999, 12, 19},  //
    {220000, 220499, 16, 19},  // Mir
    {979200, 979289, 16, 16},  // Troy
};

bool is_card(std::string_view digits) {
  uint32_t lead = 0;
  for (const char c : digits.substr(0, 6))
    lead = lead * 10 + static_cast<uint32_t>(c - '0');
  const bool issued = std::ranges::any_of(kRanges, [&](const Range& range) {
    return lead >= range.first && lead <= range.last && digits.size() >= range.min_length &&
           digits.size() <= range.max_length;
  });
  if (!issued) return false;
  if (digits[0] == '4' && digits.size() != 13 && digits.size() != 16 && digits.size() != 19) return false;
  return luhn(digits);
}

/// A column of numbers is no card: one that crosses a line break keeps the groups that cards are printed in.
bool looks_printed(const Reading& reading, size_t n) {
  if (reading.n_lines == 0) return true;
  for (size_t i = 0; i + 1 < n; ++i) {
    const bool four = n == 16 && i % 4 == 3;
    const bool amex = n == 15 && (i == 3 || i == 9);
    if (reading.whole[i] != (four || amex)) return false;
  }
  return true;
}

void scan(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kShortest = 12;
  constexpr size_t kLongest = 19;
  size_t free_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i < free_from || !is_digit(text[i]) || is_digit(before(text, i))) continue;
    const Reading reading = read_grouped(text, i, kLongest, is_digit);
    for (size_t n = reading.n; n >= kShortest; --n) {
      if (is_digit(at_or_nul(text, reading.ends[n - 1])) || !is_card(reading.text(n)) || !looks_printed(reading, n)) {
        continue;
      }
      found.push_back({i, reading.ends[n - 1]});
      free_from = reading.ends[n - 1];
      break;
    }
  }
}

}  // namespace

const Detector kCardDetector{"card", "a payment card number", scan};

}  // namespace ingle::router
