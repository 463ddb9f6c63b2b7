// A JSON number as it is written: decimal digits and a power of ten, nothing rounded. 1, 1.0 and 10e-1 are one value.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ingle::text::grammar::validation {

struct ExactNumber {
  bool negative = false;
  std::string digits = {};  // no zeros at either end; empty: the number is 0
  int64_t exponent = 0;     // of ten, of the last digit

  /// Nothing if `text` is no JSON number. Exponents are taken up to 10^15, beyond that they are that.
  static std::optional<ExactNumber> read(std::string_view text);

  bool is_zero() const { return digits.empty(); }
  bool is_whole() const { return exponent >= 0; }
  /// The value as a count, UINT64_MAX where it is larger; nothing if it is negative or not whole.
  std::optional<uint64_t> count() const;

  friend bool operator==(const ExactNumber&, const ExactNumber&) = default;
  friend std::strong_ordering operator<=>(const ExactNumber& a, const ExactNumber& b);
};

/// Whether `value` is a whole number of `divisor`s. Nothing if the divisor has more than 18 digits: it cannot be told.
std::optional<bool> is_multiple(const ExactNumber& value, const ExactNumber& divisor);

}  // namespace ingle::text::grammar::validation
