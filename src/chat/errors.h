// Errors that callers of a Completer tell apart. They cross processes as code and text, so the text is made and recognised
// in one place. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace ingle::chat {

struct PromptTooLong {
  uint64_t prompt_tokens = 0;
  uint64_t context_tokens = 0;
};

/// kRefused, with both counts.
Error prompt_too_long(const PromptTooLong& counts);
std::optional<PromptTooLong> as_prompt_too_long(const Error& error);

/// What of a schema could not be enforced, and what the model wrote broke. Places in the schema are the client's words.
struct BrokenSchema {
  std::string_view keyword;
  std::string_view path;  // in the schema
  std::string_view tool;  // whose arguments broke it; empty: the answer did
};

/// kRefused. The request was right: asked again, the model may do better.
Error answer_breaks_schema(const BrokenSchema& broken);
bool is_answer_breaks_schema(const Error& error);

/// kRefused: the model's tokenizer or its weights know one text alone.
Error reads_no_pairs(std::string_view model);

/// kExhausted: so many requests run and wait that this one was not accepted. Asked again later, it may be.
Error queue_full(uint64_t n_requests);
bool is_queue_full(const Error& error);

}  // namespace ingle::chat
