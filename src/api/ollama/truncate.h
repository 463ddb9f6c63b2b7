// The oldest messages of a conversation, left out until the rest fits: only for requests that say so. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::api::ollama {

/// How many were left out until prompt and answer could begin within `context` tokens; 0: as many as the engine holds. System messages and the last message stay; what does not fit even so is refused by the engine,
/// with both counts.
Result<size_t> leave_out_oldest(chat::Completer& model, chat::ChatPrompt& prompt, uint32_t context);

}  // namespace ingle::api::ollama
