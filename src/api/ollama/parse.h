// Ollama's requests, from JSON to ours (https://github.com/ollama/ollama/blob/main/docs/api.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/model_defaults.h"
#include "chat/types.h"
#include "runtime/models.h"

namespace ingle::api::ollama {

/// Of /api/chat and /api/generate.
struct CompletionCall {
  std::string model;
  chat::CompleteRequest request;
  runtime::AcquireOptions acquire;
  bool stream = true;
  bool has_seed = false;
  bool logprobs = false;
  bool only_load = false;  // no messages, no prompt: loads the model, or with keep_alive 0 unloads it
  bool is_raw = false;
  bool truncate = false;           // the oldest messages may be left out
  chat::Private suffix = {};       // what comes after the answer; its prompt is made when the model is known
  std::optional<bool> think = {};  // stands in a prompt of messages too
  std::string effort = {};
  std::vector<std::string> ignored;
};

extern const FieldTable kChatFields;
extern const FieldTable kGenerateFields;
extern const FieldTable kModelFields;
extern const FieldTable kShowFields;
extern const FieldTable kPullFields;

Answer<CompletionCall> parse_chat(std::string_view body, const OptionsOf& options_of = {});
Answer<CompletionCall> parse_generate(std::string_view body, const OptionsOf& options_of = {});

/// Of /api/show, /api/pull and /api/delete.
struct ModelCall {
  std::string model;
  bool stream = true;
  bool verbose = false;
  std::string system = {};
  std::vector<std::string> ignored;
};
Answer<ModelCall> parse_model_call(std::string_view body, FieldTable fields);

}  // namespace ingle::api::ollama
