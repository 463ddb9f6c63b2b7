// Answers and errors in Anthropic's form. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "api/failure.h"
#include "api/inference.h"
#include "api/services.h"

namespace ingle::api::anthropic {

struct AnswerFrame {
  std::string id;  // "msg_..."
  std::string model;
  std::string request_id;
};

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame);
std::string encode_count(uint64_t input_tokens);
std::string encode_model(const ModelInfo& model);
std::string encode_models(std::span<const ModelInfo> models);
std::string encode_error(const Failure& failure, std::string_view request_id);

}  // namespace ingle::api::anthropic
