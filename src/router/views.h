// Other readings of a text: what is percent-encoded or in base64 is decoded once, so that an encoding hides nothing.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ingle::router {

/// Only readings that differ from the text; their total size is bounded by twice the text's.
std::vector<std::string> hidden_views(std::string_view text);

}  // namespace ingle::router
