// Answers and errors in llama-server's form. Pure.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/inference.h"

namespace ingle::api::llama {

struct AnswerFrame {
  std::string model;
  bool tokens = false;         // ids of what was generated
  bool probabilities = false;  // and how likely they were
  bool progress = false;       // of reading the prompt
  std::vector<std::string> fields = {};
  std::string settings_json = "{}";  // encode_settings() of the request
  struct Prompt {
    chat::Private text = {};  // that was given as a text
    uint32_t n_tokens = 0;
  };
  std::vector<Prompt> prompts = {{}};
  uint32_t n = 1;  // answers to each of them
};

/// `generation_settings` of answers and of /props.
std::string encode_settings(const chat::CompleteRequest& request, bool stream);

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame);
/// `pieces`: the bytes of each token, or empty where nobody asked for them.
std::string encode_tokens(std::span<const int32_t> tokens, std::span<const std::string> pieces);
std::string encode_content(std::string_view text);
std::string encode_prompt(std::string_view text);
std::string encode_error(const Failure& failure);

}  // namespace ingle::api::llama
