// Ollama's requests, from JSON to ours (https://github.com/ollama/ollama/blob/main/docs/api.md). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
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
  std::vector<std::string> ignored;
};

/// What the model's own manifest says stands where the request says nothing: options, an object as text, and a
/// system message.
struct CallDefaults {
  std::string_view options_json = {};
  std::string_view system = {};
};
Answer<CompletionCall> parse_chat(std::string_view body, const CallDefaults& defaults = {});
Answer<CompletionCall> parse_generate(std::string_view body, const CallDefaults& defaults = {});

/// Of /api/show, /api/pull and /api/delete.
struct ModelCall {
  std::string model;
  bool stream = true;
  bool verbose = false;
  std::vector<std::string> ignored;
};
Answer<ModelCall> parse_model_call(std::string_view body);

}  // namespace ingle::api::ollama
