#include <fmt/format.h>
#include <utf8proc.h>

#include <array>
#include <cmath>

#include "cli/console.h"

namespace ingle::cli {

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
  const auto ago = [](int64_t n, const char* unit) { return fmt::format("{} {}{} ago", n, unit, n == 1 ? "" : "s"); };
  constexpr int64_t kHour = 3600;
  constexpr int64_t kDay = 24 * kHour;
  if (seconds < 60) return "just now";
  if (seconds < kHour) return ago(seconds / 60, "minute");
  if (seconds < kDay) return ago(seconds / kHour, "hour");
  if (seconds < 14 * kDay) return ago(seconds / kDay, "day");
  if (seconds < 60 * kDay) return ago(seconds / (7 * kDay), "week");
  if (seconds < 730 * kDay) return ago(seconds / (30 * kDay), "month");
  return ago(seconds / (365 * kDay), "year");
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
