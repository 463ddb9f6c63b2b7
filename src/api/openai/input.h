// What the questions of OpenAI's dialect have in common, whatever their prompt looks like: rows of fields and their readers.
// Internal to api, included by its .cpp files only. Pure; one thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/json_input.h"
#include "api/openai/parse.h"
#include "chat/types.h"

namespace ingle::api::openai {

// clang-format off
inline constexpr Field kSamplingRows[] = {
  honoured("temperature", "number", "0 to 2, default 1"),
  honoured("top_p", "number", "default 1"),
  honoured("presence_penalty", "number", "-2 to 2"),
  honoured("frequency_penalty", "number", "-2 to 2"),
  honoured("logit_bias", "object", "token ids to numbers from -100, which bans, to 100; at most 4096"),
  honoured("seed", "integer", "the same bits again; the answer i of n, from 0, is drawn with seed + i"),
  honoured("top_k", "integer", "of local servers"),
  honoured("min_p", "number", "of local servers"),
  honoured("typical_p", "number", "of local servers"),
  honoured("repeat_penalty", "number", "of local servers"),
};
inline constexpr Field kServerRows[] = {
  harmless("user", "requests are told apart by their tokens"),
  harmless("safety_identifier", "nobody is reported to anybody"),
  harmless("prompt_cache_key", "every beginning that was seen is found again"),
  harmless("prompt_cache_retention", "every beginning that was seen is found again"),
  harmless("prompt_cache_options", "every beginning that was seen is found again"),
  honoured("service_tier", "string", "flex: goes on where no other request wants to; every other word is the one tier that there is"),
};
extern const FieldTable kStreamOptionFields;
inline constexpr Field kQuestionRows[] = {
  required("model", "string"),
  honoured("n", "integer", "1 to 128; the usage counts the prompt once"),
  honoured("stop", "string|string[]", "at most 64"),
  honoured("stream", "boolean", "default false"),
  honoured("stream_options", "object", "", &kStreamOptionFields),
};
extern const FieldTable kReasoningFields;
extern const FieldTable kTemplateArgumentFields;
inline constexpr Field kThinkingRows[] = {
  honoured("reasoning_effort", "string", "none, minimal, low, medium, high, xhigh, max; 400 where the model cannot think"),
  honoured("reasoning", "object", "of OpenRouter and the responses", &kReasoningFields),
  honoured("chat_template_kwargs", "object", "of llama-server and vLLM; ignored where the model's template does not use them", &kTemplateArgumentFields),
  honoured("thinking_budget_tokens", "integer", "of llama-server: then the thinking is ended; -1: no limit"),
};
// clang-format on

/// A text, or a list of parts of which the models here read the texts.
std::string read_content(ObjectReader& message);

using TextOrTokens = std::variant<chat::Private, std::vector<int32_t>>;
/// A text, a list of texts, a list of tokens or a list of those; none is empty. A fault where there are more than `most`.
std::vector<TextOrTokens> read_prompts(ObjectReader& in, std::string_view name, size_t most);

/// `reasoning` alone.
void read_reasoning(ObjectReader& in, ReadNotes& notes, chat::ChatPrompt& prompt);
/// kThinkingRows.
void read_thinking(ObjectReader& in, ReadNotes& notes, ChatCall& call);

/// `model` and kSamplingRows, over the options of the model's manifest and OpenAI's defaults.
void read_sampling(ObjectReader& in, const OptionsOf& options_of, Question& question);
/// kQuestionRows, kSamplingRows, kContextRows and kServerRows.
void read_question(ObjectReader& in, ReadNotes& notes, const OptionsOf& options_of, Question& question);

/// Tokens of an answer at most, -1 for no limit; `fallback` where no field says it. The first of `names` wins.
int32_t read_limit(ObjectReader& in, std::initializer_list<std::string_view> names, int32_t least, int32_t fallback);

}  // namespace ingle::api::openai
