// Durations as Ollama's users write them: "5m", "1h30m", "-1", 300. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "runtime/models.h"

namespace ingle::runtime {

/// A number of seconds, or a duration of Go: numbers with the units h, m, s, ms, us and ns. Parts of a second count as a
/// whole one; everything negative means for ever.
Result<KeepAlive> parse_keep_alive(std::string_view text);

}  // namespace ingle::runtime
