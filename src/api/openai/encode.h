// Answers and errors in OpenAI's form. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "api/failure.h"
#include "api/inference.h"
#include "api/services.h"

namespace ingle::api::openai {

struct AnswerFrame {
  std::string id;  // "chatcmpl-..."
  std::string model;
  std::string fingerprint;
  int64_t created_unix = 0;
  uint32_t n = 1;  // answers to each prompt
  bool include_usage = false;
  bool logprobs = false;
};

std::unique_ptr<AnswerEncoder> make_chat_encoder(AnswerFrame frame);
/// Of the tokens of a question, of responses and of chats.
std::string encode_count(uint64_t input_tokens);
std::string encode_error(const Failure& failure);
std::string encode_model(const ModelInfo& model);
std::string encode_models(std::span<const ModelInfo> models);

}  // namespace ingle::api::openai
