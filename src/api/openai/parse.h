// OpenAI's chat completions, from JSON to a request (https://platform.openai.com/docs/api-reference/chat). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "chat/types.h"

namespace ingle::api::openai {

struct ChatCall {
  std::string model;
  chat::CompleteRequest request;
  bool stream = false;
  bool include_usage = false;
  bool logprobs = false;
  bool has_seed = false;
  std::vector<std::string> ignored;
};

Answer<ChatCall> parse_chat(std::string_view body);

}  // namespace ingle::api::openai
