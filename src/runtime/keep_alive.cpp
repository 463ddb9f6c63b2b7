#include "runtime/keep_alive.h"

#include <charconv>
#include <cmath>
#include <string>
#include <utility>

namespace ingle::runtime {
namespace {

constexpr double kMaxSeconds = 1e12;  // longer than anything runs; below the limits of every clock

constexpr std::pair<std::string_view, double> kUnits[] = {
    {"ns", 1e-9}, {"us", 1e-6}, {"µs", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600},
};

bool begins_number(std::string_view text) {
  return !text.empty() && (text.front() == '.' || (text.front() >= '0' && text.front() <= '9'));
}

/// Takes "12.5m" off the front of `text`; false when it begins with nothing of that kind.
bool take_part(std::string_view& text, double& seconds) {
  if (!begins_number(text)) return false;
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (code != std::errc()) return false;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  for (const auto& [unit, factor] : kUnits) {
    if (!text.starts_with(unit)) continue;
    text.remove_prefix(unit.size());
    seconds += number * factor;
    return true;
  }
  return false;
}

}  // namespace

Result<KeepAlive> parse_keep_alive(std::string_view text) {
  const auto refuse = [&] {
    return std::unexpected(Error::usage("'" + std::string(text.substr(0, 100)) + "' is no time to keep a model loaded")
                               .hint("use seconds, a duration such as 5m or 1h30m, 0 for not at all, -1 for ever"));
  };
  std::string_view rest = text;
  const bool negative = rest.starts_with('-');
  if (negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (!begins_number(rest)) return refuse();
  double seconds = 0;
  const auto [end, code] = std::from_chars(rest.data(), rest.data() + rest.size(), seconds, std::chars_format::fixed);
  if (code != std::errc() || end != rest.data() + rest.size()) {
    seconds = 0;
    while (!rest.empty()) {
      if (!take_part(rest, seconds)) return refuse();
    }
  }
  if (negative && seconds > 0) return -1;
  return static_cast<KeepAlive>(std::ceil(std::min(seconds, kMaxSeconds)));
}

}  // namespace ingle::runtime
