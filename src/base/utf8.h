// UTF-8 on the way out: validity, and the longest prefix that does not cut a code point.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ingle::base {

bool is_valid_utf8(std::string_view bytes);

/// Number of leading bytes that can be shown now: all but an incomplete, so far valid, sequence at the end.
/// A streamed answer keeps the rest back until more bytes arrive, so that no client ever sees half a character.
size_t complete_utf8_prefix(std::string_view bytes);

/// Every maximal invalid sequence replaced by U+FFFD (Unicode 15, section 3.9, "maximal subparts").
std::string to_valid_utf8(std::string_view bytes);

}  // namespace ingle::base
