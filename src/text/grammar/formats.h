// Formats of JSON Schema strings that are enforced, each as a pattern.
#pragma once

#include <string_view>

namespace ingle::text::grammar {

/// Empty for a format that is not enforced.
std::string_view pattern_of_format(std::string_view format);

}  // namespace ingle::text::grammar
