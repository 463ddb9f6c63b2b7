// What a request takes of this process's memory, roughly and generously: for limits on requests that wait.
#pragma once

#include <cstddef>

#include "chat/types.h"

namespace ingle::chat {

size_t bytes_of(const ChatPrompt& prompt);
size_t bytes_of(const CompleteRequest& request);
size_t bytes_of(const EmbedRequest& request);

}  // namespace ingle::chat
