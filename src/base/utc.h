// Points in time as text. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ingle::base {

/// "2026-11-23T07:34:00", in UTC and without a zone, so that parts of a second can follow (RFC 3339).
std::string utc_text(int64_t unix_seconds);
/// Of a text that begins so and is in UTC; parts of a second are left out. Nothing for any other.
std::optional<int64_t> utc_seconds(const std::string& text);

}  // namespace ingle::base
