#include "documents/values.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cctype>
#include <limits>

namespace ingle::documents {
namespace {

constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Digits before and after the decimal sign as millionths; nothing when there are too many.
std::optional<Micros> combine(std::string_view whole, std::string_view fraction, bool negative) {
  Micros value = 0;
  for (const char c : whole) {
    if (value > std::numeric_limits<Micros>::max() / 100 / kOne) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  value *= kOne;
  Micros unit = kOne / 10;
  for (const char c : fraction) {
    value += unit * (c - '0');
    unit /= 10;
  }
  return negative ? -value : value;
}

std::string with_places(Micros value, int least, int most) {
  const bool negative = value < 0;
  auto magnitude = static_cast<uint64_t>(negative ? -value : value);
  uint64_t unit = 1;
  for (int i = most; i < 6; ++i)
    unit *= 10;
  magnitude = (magnitude + unit / 2) / unit * unit;
  std::string text = fmt::format("{}.{:06}", magnitude / kOne, magnitude % kOne);
  size_t keep = text.size() - 6 + static_cast<size_t>(most);
  while (keep > text.size() - 6 + static_cast<size_t>(least) && text[keep - 1] == '0')
    --keep;
  text.resize(keep);
  if (text.back() == '.') text.pop_back();
  const bool is_zero = text.find_first_not_of("0.") == std::string::npos;
  return negative && !is_zero ? "-" + text : text;
}

/// Groups of three after the first, as thousands are written.
bool is_grouped(std::string_view text, char separator) {
  size_t group = 0;
  bool first = true;
  for (const char c : text) {
    if (is_digit(c)) {
      ++group;
    } else if (c == separator) {
      if (first ? group == 0 || group > 3 : group != 3) return false;
      first = false;
      group = 0;
    } else {
      return false;
    }
  }
  return first || group == 3;
}

std::string digits_of(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits), is_digit);
  return digits;
}

struct Split {
  std::string_view whole;
  std::string_view fraction;
  DecimalSign sign = DecimalSign::kUnknown;
  bool ambiguous = false;
};

/// Which of the signs in "1.234,56" is the decimal one.
std::optional<Split> split_number(std::string_view text, DecimalSign hint) {
  const size_t point = text.rfind('.');
  const size_t comma = text.rfind(',');
  if (point == std::string_view::npos && comma == std::string_view::npos) return Split{text, {}};
  const size_t last = point == std::string_view::npos   ? comma
                      : comma == std::string_view::npos ? point
                                                        : std::max(point, comma);
  const char sign = text[last];
  const auto sign_kind = sign == ',' ? DecimalSign::kComma : DecimalSign::kPoint;
  const auto other_kind = sign == ',' ? DecimalSign::kPoint : DecimalSign::kComma;
  const std::string_view after = text.substr(last + 1);
  if (text.find(sign) != last) {  // "1.234.567": it groups
    if (!is_grouped(text, sign)) return std::nullopt;
    return Split{text, {}, other_kind};
  }
  const bool has_other = point != std::string_view::npos && comma != std::string_view::npos;
  const bool could_group = after.size() == 3 && last <= 3 && !has_other && text.find_first_of(" '") == text.npos &&
                           text.substr(0, last) != "0";
  if (could_group && hint == other_kind) return Split{text, {}, DecimalSign::kUnknown, true};
  return Split{text.substr(0, last), after, could_group ? DecimalSign::kUnknown : sign_kind, could_group};
}

}  // namespace

std::optional<Micros> parse_plain_decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const size_t point = std::min(text.find('.'), text.size());
  const std::string_view whole = text.substr(0, point);
  std::string_view fraction = point < text.size() ? text.substr(point + 1) : std::string_view();
  if (whole.empty() && fraction.empty()) return std::nullopt;
  if (!std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(fraction, is_digit)) return std::nullopt;
  return combine(whole, fraction.substr(0, 6), negative);
}

std::optional<ParsedNumber> parse_number(std::string_view text, DecimalSign hint) {
  bool negative = false;
  if (text.starts_with('-') || text.starts_with('+')) {
    negative = text.front() == '-';
    text.remove_prefix(1);
    while (text.starts_with(' '))
      text.remove_prefix(1);
  } else if (text.ends_with('-')) {
    negative = true;
    text.remove_suffix(1);
  }
  if (text.empty() || !is_digit(text.front()) || !is_digit(text.back())) return std::nullopt;
  const auto split = split_number(text, hint);
  if (!split || split->fraction.size() > 6 || !std::ranges::all_of(split->fraction, is_digit)) return std::nullopt;
  const std::string_view whole = split->whole;
  const size_t grouping = whole.find_first_not_of("0123456789");
  if (grouping != std::string_view::npos && !is_grouped(whole, whole[grouping])) return std::nullopt;
  const auto value = combine(digits_of(whole), split->fraction, negative);
  if (!value) return std::nullopt;
  return ParsedNumber{*value, split->sign, static_cast<uint8_t>(split->fraction.size()), split->ambiguous};
}

std::string format_amount(Micros value) {
  return with_places(value, 2, 2);
}
std::string format_price(Micros value) {
  return with_places(value, 2, 6);
}
std::string format_quantity(Micros value) {
  return with_places(value, 0, 6);
}

bool is_valid(const Date& date) {
  constexpr std::array<int, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (date.year < 1970 || date.year > 2199 || date.month < 1 || date.month > 12 || date.day < 1) return false;
  const bool leap = (date.year % 4 == 0 && date.year % 100 != 0) || date.year % 400 == 0;
  return date.day <= kDays[static_cast<size_t>(date.month - 1)] + (date.month == 2 && leap ? 1 : 0);
}

std::string format_date(const Date& date) {
  return fmt::format("{:04}-{:02}-{:02}", date.year, date.month, date.day);
}

std::optional<Date> parse_iso_date(std::string_view text) {
  const std::string digits = digits_of(text.substr(0, 10));
  const bool dashed = text.size() >= 10 && text[4] == '-' && text[7] == '-';
  const bool plain = text.size() == 8;
  if (digits.size() != 8 || (!dashed && !plain)) return std::nullopt;
  const auto number = [&](size_t at, size_t n) {
    int value = 0;
    for (size_t i = at; i < at + n; ++i)
      value = value * 10 + (digits[i] - '0');
    return value;
  };
  const Date date{number(0, 4), number(4, 2), number(6, 2)};
  if (!is_valid(date)) return std::nullopt;
  return date;
}

std::string compact(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c >= 'a' && c <= 'z') {
      out += static_cast<char>(c - 'a' + 'A');
    } else if (is_digit(c) || (c >= 'A' && c <= 'Z')) {
      out += c;
    }
  }
  return out;
}

}  // namespace ingle::documents
