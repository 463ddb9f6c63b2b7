// What is checked of tokens before anything is computed from them. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/result.h"
#include "chat/types.h"

namespace ingle::engine {

/// Ids in range, and not more than fit; kRefused with both counts if they do not.
Status check_tokens(const chat::Description& model, std::span<const int32_t> tokens, size_t max_tokens);

}  // namespace ingle::engine
