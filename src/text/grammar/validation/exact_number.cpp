#include "text/grammar/validation/exact_number.h"

#include <algorithm>
#include <charconv>

namespace ingle::text::grammar::validation {
namespace {

constexpr int64_t kMostExponent = 1'000'000'000'000'000;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// The sign, digits and 'e' behind a mantissa.
std::optional<int64_t> read_exponent(std::string_view text) {
  if (text.empty()) return 0;
  text.remove_prefix(1);
  if (text.starts_with('+')) text.remove_prefix(1);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return text.starts_with('-') ? -kMostExponent : kMostExponent;
  return std::clamp(value, -kMostExponent, kMostExponent);
}

__extension__ using Wide = unsigned __int128;  // ISO C++ has none, both compilers do

uint64_t multiply(uint64_t a, uint64_t b, uint64_t modulus) {
  return static_cast<uint64_t>(Wide{a} * b % modulus);
}

uint64_t power_of_ten(int64_t exponent, uint64_t modulus) {
  uint64_t result = 1 % modulus;
  for (uint64_t base = 10 % modulus; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = multiply(result, base, modulus);
    base = multiply(base, base, modulus);
  }
  return result;
}

}  // namespace

std::optional<ExactNumber> ExactNumber::read(std::string_view text) {
  ExactNumber out;
  out.negative = text.starts_with('-');
  if (out.negative) text.remove_prefix(1);
  const size_t n_mantissa = std::min(text.find_first_of("eE"), text.size());
  const std::string_view mantissa = text.substr(0, n_mantissa);
  const auto exponent = read_exponent(text.substr(n_mantissa));
  const size_t point = std::min(mantissa.find('.'), mantissa.size());
  out.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) out.digits += mantissa.substr(point + 1);
  const bool cut_short = point == 0 || point + 1 == mantissa.size();
  if (!exponent || cut_short || !std::ranges::all_of(out.digits, is_digit)) return std::nullopt;
  out.exponent = *exponent - static_cast<int64_t>(point < mantissa.size() ? mantissa.size() - point - 1 : 0);
  const size_t first = out.digits.find_first_not_of('0');
  if (first == std::string::npos) return ExactNumber{};
  const size_t n_zeros = out.digits.size() - 1 - out.digits.find_last_not_of('0');
  out.exponent += static_cast<int64_t>(n_zeros);
  out.digits = out.digits.substr(first, out.digits.size() - n_zeros - first);
  return out;
}

std::optional<uint64_t> ExactNumber::count() const {
  if (is_zero()) return 0;
  if (negative || !is_whole()) return std::nullopt;
  if (exponent > 20 || digits.size() + static_cast<size_t>(exponent) > 19) return UINT64_MAX;
  uint64_t value = 0;
  for (const char c : digits + std::string(static_cast<size_t>(exponent), '0'))
    value = value * 10 + static_cast<uint64_t>(c - '0');
  return value;
}

std::strong_ordering operator<=>(const ExactNumber& a, const ExactNumber& b) {
  const auto sign = [](const ExactNumber& n) { return n.is_zero() ? 0 : n.negative ? -1 : 1; };
  if (const auto order = sign(a) <=> sign(b); order != 0 || a.is_zero()) return order;
  const auto length = [](const ExactNumber& n) { return static_cast<int64_t>(n.digits.size()) + n.exponent; };
  auto order = length(a) <=> length(b);
  // No zeros at the end, so that the order of the texts is that of the fractions 0.digits.
  if (order == 0) order = a.digits.compare(b.digits) <=> 0;
  return a.negative ? 0 <=> order : order;
}

std::optional<bool> is_multiple(const ExactNumber& value, const ExactNumber& divisor) {
  if (value.is_zero()) return true;
  if (divisor.is_zero()) return false;
  if (divisor.digits.size() > 18) return std::nullopt;
  // Both without zeros at the end: a value with more places behind the point than the divisor is none of its multiples.
  if (value.exponent < divisor.exponent) return false;
  const uint64_t modulus = *ExactNumber{false, divisor.digits, 0}.count();
  uint64_t rest = 0;
  for (const char c : value.digits)
    rest = (multiply(rest, 10, modulus) + static_cast<uint64_t>(c - '0')) % modulus;
  return multiply(rest, power_of_ten(value.exponent - divisor.exponent, modulus), modulus) == 0;
}

}  // namespace ingle::text::grammar::validation
