// The table of Ollama's `options`: a row each. Pure; internal to api, included by its .cpp files only.
#pragma once

#include "api/json_input.h"
#include "api/ollama/parse.h"

namespace ingle::api::ollama {

/// Ollama's own defaults, where they differ from ours.
chat::Sampling default_sampling();
void read_options(const Json& options, ReadNotes& notes, CompletionCall& call);

}  // namespace ingle::api::ollama
