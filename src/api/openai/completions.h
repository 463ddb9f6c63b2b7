// OpenAI's completions of plain texts, from JSON to requests (https://platform.openai.com/docs/api-reference/completions).
// Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/failure.h"
#include "api/fields.h"
#include "api/inference.h"
#include "api/openai/encode.h"
#include "api/openai/parse.h"

namespace ingle::api::openai {

struct CompletionsCall : Question {
  std::vector<std::variant<chat::Private, std::vector<int32_t>>> prompts;
  std::string suffix;  // what stands between the prompt and this is asked for; empty: what follows the prompt
  bool echo = false;   // answers begin with their prompts
};

extern const FieldTable kCompletionsFields;

Answer<CompletionsCall> parse_completions(std::string_view body, const OptionsOf& options_of = {});

/// What answers begin with where `echo` asks for it; one a prompt, known when the model is.
struct Echo {
  std::string text = {};
  std::vector<chat::TokenLogprob> tokens = {};  // with logprobs; the first token has none
};

std::unique_ptr<AnswerEncoder> make_completions_encoder(AnswerFrame frame,
                                                        std::shared_ptr<const std::vector<Echo>> echoes);

}  // namespace ingle::api::openai
