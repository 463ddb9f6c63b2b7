// The conversation of `run`: prompt, answer, and the commands that begin with a slash.
#pragma once

#include "cli/conversation.h"
#include "cli/load_model.h"
#include "cli/progress.h"
#include "cli/verb.h"

namespace ingle::cli {

/// Talks until Ctrl-D or /bye. Answers the exit code.
Result<int> converse(Context& context, LoadedModel model, Conversation conversation, const EngineFlags& engine_flags,
                     bool verbose);

/// The sign of life between question and answer: how much of a long prompt is read, else a spinner.
void show_waiting(Progress& progress, uint32_t done, uint32_t total);

}  // namespace ingle::cli
