// Fields that the questions of several dialects have. Internal to api, included by its .cpp files only. Pure; one thread.
#pragma once

#include "api/json_input.h"
#include "chat/types.h"
#include "runtime/models.h"

namespace ingle::api {

inline constexpr Field kContextRows[] = {
    honoured("num_ctx", "integer",
             "tokens that prompt and answer may take together; 400 where the model was made for fewer"),
    honoured("context_length", "integer", "the same, in LM Studio's words"),
};
/// `num_ctx` or `context_length`: tokens that prompt and answer may take together.
void read_context(ObjectReader& in, runtime::AcquireOptions& acquire);

/// Texts that end an answer. An empty one asks for nothing, as forms send it whose field was left empty; an empty list
/// also takes those of the model's manifest away.
void read_stops(ObjectReader& in, std::string_view name, std::vector<std::string>& stops);

/// `service_tier`: what asks for "flex" may wait for everything else. Other tiers are the one that there is.
chat::Priority read_tier(ObjectReader& in);

/// How deep a model is to think, as chat::ChatPrompt::effort. `none`: not at all, which is told by false.
bool read_effort(ObjectReader& in, std::string_view name, std::string& effort);

}  // namespace ingle::api
