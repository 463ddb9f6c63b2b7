#include <fmt/format.h>
#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "cli/console.h"

namespace ingle::cli {
namespace {

/// "3 days"; empty below a minute.
std::string span_text(int64_t seconds) {
  struct Unit {
    int64_t seconds;
    int64_t up_to;
    const char* name;
  };
  constexpr int64_t kHour = 3600;
  constexpr int64_t kDay = 24 * kHour;
  static constexpr Unit kUnits[] = {{60, kHour, "minute"},
                                    {kHour, kDay, "hour"},
                                    {kDay, 14 * kDay, "day"},
                                    {7 * kDay, 60 * kDay, "week"},
                                    {30 * kDay, 730 * kDay, "month"},
                                    {365 * kDay, INT64_MAX, "year"}};
  if (seconds < 60) return {};
  const auto* const unit = std::ranges::find_if(kUnits, [&](const Unit& one) { return seconds < one.up_to; });
  const int64_t n = seconds / unit->seconds;
  return fmt::format("{} {}{}", n, unit->name, n == 1 ? "" : "s");
}

}  // namespace

int display_width(std::string_view text) {
  int width = 0;
  size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '\x1b') {  // CSI ... final byte
      while (i < text.size() && !(text[i] >= '@' && text[i] <= '~' && text[i] != '['))
        ++i;
      ++i;
      continue;
    }
    utf8proc_int32_t code_point = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                    static_cast<utf8proc_ssize_t>(text.size() - i), &code_point);
    if (n <= 0) {
      ++width;
      ++i;
      continue;
    }
    width += utf8proc_charwidth(code_point);
    i += static_cast<size_t>(n);
  }
  return width;
}

std::string format_bytes(uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < kUnits.size()) {
    value /= 1000;
    ++unit;
  }
  if (unit == 0) return fmt::format("{} B", bytes);
  return value < 9.95 ? fmt::format("{:.1f} {}", value, kUnits[unit]) : fmt::format("{:.0f} {}", value, kUnits[unit]);
}

std::string format_age(int64_t seconds) {
  const std::string span = span_text(seconds);
  return span.empty() ? "just now" : span + " ago";
}

std::string format_until(int64_t seconds) {
  const std::string span = span_text(seconds);
  return span.empty() ? "within a minute" : span + " from now";
}

std::string format_duration(double seconds) {
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1000);
  if (seconds < 60) return fmt::format("{:.1f} s", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
}

std::string format_count(uint64_t count) {
  const auto value = static_cast<double>(count);
  if (value < 1e3) return fmt::format("{}", count);
  if (value < 1e6) return fmt::format("{:.1f}K", value / 1e3);
  if (value < 1e9) return fmt::format("{:.1f}M", value / 1e6);
  return fmt::format("{:.2f}B", value / 1e9);
}

}  // namespace ingle::cli
