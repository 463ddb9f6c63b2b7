// Anthropic's messages, from JSON to a request (https://docs.anthropic.com/en/api/messages). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/model_defaults.h"
#include "chat/types.h"

namespace ingle::api::anthropic {

struct MessagesCall {
  std::string model;
  chat::CompleteRequest request;
  runtime::AcquireOptions acquire = {};
  bool stream = false;
  bool has_seed = false;  // of the model's manifest: the dialect has none
  std::vector<std::string> ignored;
};

extern const FieldTable kMessagesFields;
extern const FieldTable kCountFields;

Answer<MessagesCall> parse_messages(std::string_view body, const OptionsOf& options_of = {});
/// The same question, of which only the length is wanted.
Answer<MessagesCall> parse_count_tokens(std::string_view body);

}  // namespace ingle::api::anthropic
