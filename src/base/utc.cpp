#include "base/utc.h"

#include <ctime>

namespace ingle::base {

std::string utc_text(int64_t unix_seconds) {
  const auto time = static_cast<std::time_t>(unix_seconds);
  std::tm utc{};
  ::gmtime_r(&time, &utc);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc)};
}

std::optional<int64_t> utc_seconds(const std::string& text) {
  std::tm utc{};
  const char* const rest = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%S", &utc);
  if (rest == nullptr || !text.ends_with('Z')) return std::nullopt;
  return ::timegm(&utc);
}

}  // namespace ingle::base
