// What the dialects' answers have in common: the text and the type of an error, tokens with their probabilities. Internal to
// api, included by its .cpp files only. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "api/failure.h"
#include "api/json_input.h"
#include "chat/types.h"

namespace ingle::api {

/// What happened and what to do about it.
std::string message_of(const Failure& failure);

/// OpenAI's word for a status; most dialects took it over. `of_server`: what a dialect calls a failure of ours.
std::string_view error_type(int status, std::string_view of_server = "api_error");

/// {"token", "logprob", "bytes"}
Json token_json(const chat::TokenLogprob& token);
Json bytes_json(std::string_view bytes);

}  // namespace ingle::api
