// LM Studio's REST interface v1, from JSON to a request (https://lmstudio.ai/docs/developer/rest). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/model_defaults.h"
#include "chat/types.h"

namespace ingle::api::lmstudio {

struct ChatCall {
  std::string model;
  chat::CompleteRequest request;      // its prompt: only what is new
  std::string previous_response_id;   // empty: a new conversation
  std::optional<std::string> system;  // in place of the conversation's own
  bool stream = false;
  bool store = true;
  runtime::AcquireOptions acquire = {};
  bool has_seed = false;  // of the model's manifest: the dialect has none
  std::vector<std::string> ignored;
};

struct LoadCall {
  std::string model;
  uint32_t context = 0;
  bool echo = false;
  std::vector<std::string> ignored;
};

struct DownloadCall {
  std::string model;  // as the store reads names: an address of Hugging Face is "hf.co/user/repository:quantization"
  std::vector<std::string> ignored;
};

extern const FieldTable kChatFields;
extern const FieldTable kLoadFields;
extern const FieldTable kUnloadFields;
extern const FieldTable kDownloadFields;

Answer<ChatCall> parse_chat(std::string_view body, const OptionsOf& options_of = {});
Answer<LoadCall> parse_load(std::string_view body);
/// The instance's id, which is the name of a model.
Answer<std::string> parse_unload(std::string_view body);
Answer<DownloadCall> parse_download(std::string_view body);

}  // namespace ingle::api::lmstudio
