// Text as the detectors see it: what looks alike is alike, and what cannot be seen is gone.
//
// Digits of every script, full-width and mathematical letters and the Cyrillic and Greek letters that look like Latin ones
// become ASCII; every space becomes ' ', every dash '-'; zero-width and direction marks disappear. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::router {

struct Folded {
  std::string text;
  /// origin[i]: where in the original the bytes of text[i] begin; one entry more than text has bytes.
  std::vector<uint32_t> origin;
};

/// Texts of 4 GiB and more do not occur: a request is limited long before.
Folded fold(std::string_view text);

}  // namespace ingle::router
