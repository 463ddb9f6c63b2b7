// What OpenAI's answers have in common. Internal to api, included by its .cpp files only. Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/inference.h"
#include "api/json_input.h"

namespace ingle::api::openai {

Json error_json(const Failure& failure);
std::string_view finish_word(chat::FinishReason reason);
Json usage_json(const chat::Usage& usage);
/// Beyond the dialect: where the answer was made and how fast.
Json ingle_json(const Outcome& outcome, const chat::Usage& usage);
/// {"token", "logprob", "bytes", "top_logprobs"} of each but the one that ended the answer: joined, they are its text.
Json logprobs_list(std::span<const chat::TokenInfo> tokens);
/// One event of a stream.
std::string event_text(const Json& json);

}  // namespace ingle::api::openai
