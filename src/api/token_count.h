// How many tokens a model reads of a conversation, before it is asked. Called by a worker.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "api/inference.h"

namespace ingle::api {

/// Answers with `encode` of the tokens of the prompt, a conversation, as run_inference() would have it read.
void count_prompt(const std::shared_ptr<Call>& call, Inference question, std::string (*encode)(uint64_t n_tokens));

}  // namespace ingle::api
