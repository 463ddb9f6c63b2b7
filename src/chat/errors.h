// Errors that callers of a Completer tell apart. They cross processes as code and text, so the text is made and recognised
// in one place. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ingle::chat {

struct PromptTooLong {
  uint64_t prompt_tokens = 0;
  uint64_t context_tokens = 0;  // that this prompt may have
  uint64_t model_tokens = 0;    // that the model was made for; 0, or no more than those: no context would do
};

/// kRefused, with both counts.
Error prompt_too_long(const PromptTooLong& counts);
std::optional<PromptTooLong> as_prompt_too_long(const Error& error);

struct AnswerTooShort {
  uint64_t needed_tokens = 0;   // for the shortest text of the form that the answer must have
  uint64_t allowed_tokens = 0;  // for the answer
  uint64_t prompt_tokens = 0;   // that leave no more of the context; 0: the request allows no more
  uint64_t model_tokens = 0;    // as above
};

/// kRefused: no answer of the form that was asked for has room.
Error answer_too_short(const AnswerTooShort& counts);
std::optional<AnswerTooShort> as_answer_too_short(const Error& error);

struct ContextTooLarge {
  uint64_t asked_tokens = 0;
  uint64_t model_tokens = 0;
};

/// kRefused: more context was asked for than the model was made for.
Error context_too_large(const ContextTooLarge& counts);
std::optional<ContextTooLarge> as_context_too_large(const Error& error);

/// What a caller calls the things that errors advise to change, with what stands before a value: "--ctx ", "'num_ctx': ".
/// Empty: it has no word for it.
struct Words {
  std::string_view context = {};
  std::string_view answer = {};  // the tokens of an answer
};
/// What to do about one of the errors above, in the words of whoever asked; the error's own hint for all others.
std::string hint_in(const Words& words, const Error& error);

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

/// kRefused: a model needs more memory than it could have if nothing else ran. `needs`: "5 GB are needed"; `most`: "2 GB".
Error out_of_reach(std::string_view needs, std::string_view most);
bool is_out_of_reach(const Error& error);

/// kExhausted: so many requests run and wait that this one was not accepted. Asked again later, it may be.
Error queue_full(uint64_t n_requests);
bool is_queue_full(const Error& error);

}  // namespace ingle::chat
