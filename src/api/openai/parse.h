// OpenAI's chat completions, from JSON to a request (https://platform.openai.com/docs/api-reference/chat). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/model_defaults.h"
#include "chat/types.h"

namespace ingle::api::openai {

/// What a client asks of the models, in whichever form.
struct Question {
  std::string model;
  chat::CompleteRequest request;
  uint32_t n = 1;  // answers to each prompt; the i-th, from 0, is drawn with the seed + i
  runtime::AcquireOptions acquire = {};
  bool stream = false;
  bool include_usage = false;
  bool logprobs = false;
  bool has_seed = false;
  std::vector<std::string> ignored;
  /// Variables of the template that alone said whether to think: a template that has none of them is asked for nothing.
  std::vector<std::string> template_arguments = {};
};

using ChatCall = Question;

extern const FieldTable kChatFields;

Answer<ChatCall> parse_chat(std::string_view body, const OptionsOf& options_of = {});

}  // namespace ingle::api::openai
