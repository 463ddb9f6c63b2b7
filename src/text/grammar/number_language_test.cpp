#include "text/grammar/number_language.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace ingle::text::grammar {
namespace {

std::optional<Bound> bound(std::string_view text, bool exclusive = false) {
  if (text.empty()) return std::nullopt;
  return Bound{*parse_decimal(text), exclusive};
}

std::optional<Decimal> multiple(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return parse_decimal(text);
}

TEST(NumberLanguage, holds_multiples_and_no_others) {
  struct Case {
    bool whole;
    std::string_view multiple;
    std::vector<std::string> good;
    std::vector<std::string> bad;
  };
  const std::vector<Case> cases = {
      {true, "2", {"0", "10", "-4", "123456789012345678"}, {"7", "-1", "2.0", "-0", "04", "1234567890123456780"}},
      {true, "0.5", {"0", "7", "-3"}, {"0.5"}},
      {true, "2.5", {"5", "-10", "0"}, {"2", "7"}},
      {true, "1000", {"1000", "0", "52000"}, {"100", "1001"}},
      {false, "1.5", {"0", "4.5", "-4.5", "3", "3.0"}, {"35", "4", "4.50"}},
      {false, "0.0001", {"0.0075", "75", "1.5"}, {"0.00751"}},
      {false, "0.05", {"0.05", "1.1", "1.10", "19.95"}, {"0.01", "0.055"}},
      {false, "0.00000001", {"12391239123", "0.00000001"}, {"0.000000001"}},
  };
  for (const Case& c : cases) {
    const auto language = language_of_numbers(c.whole, {}, {}, multiple(c.multiple));
    ASSERT_TRUE(language.has_value()) << c.multiple;
    for (const std::string& text : c.good)
      EXPECT_TRUE(language->contains(text)) << c.multiple << " must take " << text;
    for (const std::string& text : c.bad)
      EXPECT_FALSE(language->contains(text)) << c.multiple << " must not take " << text;
  }
}

TEST(NumberLanguage, refuses_what_has_too_many_remainders) {
  EXPECT_FALSE(language_of_numbers(true, {}, {}, multiple("0.123456789")).has_value());
  EXPECT_FALSE(language_of_numbers(true, {}, {}, multiple("99999999999999999")).has_value());
  EXPECT_TRUE(language_of_numbers(true, {}, {}, multiple("4096")).has_value());
}

TEST(NumberLanguage, bounds_and_multiples_hold_together) {
  std::mt19937 random(7);
  const auto below = [&](uint32_t n) { return static_cast<int64_t>(random() % n); };
  for (int i = 0; i < 60; ++i) {
    // All in hundredths.
    const int64_t low = below(4000) - 2000;
    const int64_t high = low + below(3000);
    const int64_t step = 1 + below(300);
    const bool whole = below(3) == 0;
    const bool open_low = below(2) == 0;
    const bool open_high = below(2) == 0;
    const auto text = [](int64_t hundredths) {
      std::string digits = std::to_string(std::abs(hundredths) + 1000);
      digits = std::to_string(std::abs(hundredths) / 100) + "." + digits.substr(digits.size() - 2);
      while (digits.ends_with('0'))
        digits.pop_back();
      if (digits.ends_with('.')) digits.pop_back();
      return (hundredths < 0 ? "-" : "") + digits;
    };
    const auto language =
        language_of_numbers(whole, bound(text(low), open_low), bound(text(high), open_high), multiple(text(step)));
    ASSERT_TRUE(language.has_value()) << text(step);
    const auto only_bounds = language_of_numbers(whole, bound(text(low), open_low), bound(text(high), open_high), {});
    for (int64_t value = low - 250; value < high + 250; ++value) {
      const bool inside = (open_low ? value > low : value >= low) && (open_high ? value < high : value <= high) &&
                          (!whole || value % 100 == 0);
      EXPECT_EQ(only_bounds->contains(text(value)), inside)
          << text(low) << " " << text(high) << " " << text(value) << " whole " << whole;
      EXPECT_EQ(language->contains(text(value)), inside && value % step == 0)
          << text(low) << " " << text(high) << " of " << text(step) << ": " << text(value) << " whole " << whole;
    }
  }
}

TEST(NumberLanguage, far_bounds_say_nothing) {
  const auto all = language_of_numbers(true, bound("-1e+30"), bound("1e+30"), {});
  EXPECT_EQ(*all, *language_of_numbers(true, {}, {}, {}));
  EXPECT_TRUE(language_of_numbers(true, bound("1e+30"), {}, {})->is_empty());
}

}  // namespace
}  // namespace ingle::text::grammar
