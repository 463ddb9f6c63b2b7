// Errors that callers of a Completer tell apart. They cross processes as code and text, so the text is made and recognised
// in one place. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"

namespace ingle::chat {

struct PromptTooLong {
  uint64_t prompt_tokens = 0;
  uint64_t context_tokens = 0;
};

/// kRefused, with both counts.
Error prompt_too_long(const PromptTooLong& counts);
std::optional<PromptTooLong> as_prompt_too_long(const Error& error);

}  // namespace ingle::chat
