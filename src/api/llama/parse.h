// llama-server's completions and the small requests around them, from JSON to a request (tools/server/README.md of
// llama.cpp). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/infill.h"
#include "chat/types.h"
#include "runtime/models.h"

namespace ingle::api::llama {

/// A stretch of a prompt: words in which control tokens count, as everywhere in this dialect, or tokens.
struct PromptPart {
  chat::Private text;
  std::vector<int32_t> tokens;
};

struct CompletionCall {
  std::string model;  // empty: the only one there is
  std::vector<std::vector<PromptPart>> prompts;
  chat::CompleteRequest request;  // all but its prompt
  uint32_t n = 1;                 // answers to each prompt; the i-th, from 0, is drawn with the seed + i
  runtime::AcquireOptions acquire = {};
  bool stream = false;
  bool has_seed = false;
  bool return_tokens = false;
  bool return_progress = false;
  std::vector<std::string> fields;  // of the answer; empty: all. "a/b": the field b of a, under its own name
  std::vector<std::string> ignored;
};

struct InfillCall {
  CompletionCall completion;  // all but its prompt
  Infill infill;
};

struct TokenizeCall {
  std::string model;
  chat::TokenizeRequest request;
  bool with_pieces = false;
  std::vector<std::string> ignored;
};

struct DetokenizeCall {
  std::string model;
  std::vector<int32_t> tokens;
  std::vector<std::string> ignored;
};

chat::Sampling default_sampling();

extern const FieldTable kCompletionFields;
extern const FieldTable kInfillFields;
extern const FieldTable kTokenizeFields;
extern const FieldTable kDetokenizeFields;

Answer<CompletionCall> parse_completion(std::string_view body);
Answer<InfillCall> parse_infill(std::string_view body);
Answer<TokenizeCall> parse_tokenize(std::string_view body);
Answer<DetokenizeCall> parse_detokenize(std::string_view body);

}  // namespace ingle::api::llama
