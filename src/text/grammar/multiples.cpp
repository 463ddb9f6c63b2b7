#include "text/grammar/multiples.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <string>

namespace ingle::text::grammar {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr Wide kMost = Wide{1} << 100;

/// The number times 10^places, without sign; nothing where that is too large.
std::optional<Wide> scaled(const Decimal& number, size_t places) {
  Wide value = 0;
  std::string digits = number.whole + number.fraction;
  digits.append(places - number.fraction.size(), '0');
  for (const char digit : digits) {
    if (value > kMost / 10) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(digit - '0');
  }
  return value;
}

std::string digits_of(Wide value) {
  std::string digits;
  for (; value > 0; value /= 10)
    digits += static_cast<char>('0' + static_cast<int>(value % 10));
  std::ranges::reverse(digits);
  return digits;
}

Wide greatest_divisor(Wide a, Wide b) {
  while (b != 0) {
    const Wide rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

}  // namespace

std::optional<Decimal> common_multiple(const Decimal& a, const Decimal& b) {
  const size_t places = std::max(a.fraction.size(), b.fraction.size());
  const auto x = scaled(a, places);
  const auto y = scaled(b, places);
  if (!x || !y) return std::nullopt;
  const Wide factor = *x / greatest_divisor(*x, *y);
  if (factor > kMost / *y) return std::nullopt;
  std::string digits = digits_of(factor * *y);
  if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
  Decimal common;
  common.whole = digits.substr(0, digits.size() - places);
  common.fraction = digits.substr(digits.size() - places);
  while (common.fraction.ends_with('0'))
    common.fraction.pop_back();
  return common;
}

bool is_multiple(const Decimal& number, const Decimal& step) {
  const size_t places = std::max(number.fraction.size(), step.fraction.size());
  const auto x = scaled(number, places);
  const auto y = scaled(step, places);
  return !x || !y || *x % *y == 0;
}

}  // namespace ingle::text::grammar
