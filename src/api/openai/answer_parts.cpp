#include "api/openai/answer_parts.h"

#include "api/answer_parts.h"

namespace ingle::api::openai {
namespace {

/// Nothing of a time so short that the quotient would say nothing: of an answer that the grammar dictated, for one.
void add_rate(Json& timings, const char* name, uint32_t n_tokens, double seconds) {
  constexpr double kLeastSeconds = 1e-3;
  if (seconds >= kLeastSeconds) timings[name] = n_tokens / seconds;
}

}  // namespace

Json error_json(const Failure& failure) {
  return {{"message", message_of(failure)},
          {"type", error_type(failure.status)},
          {"param", failure.param.empty() ? Json() : Json(failure.param)},
          {"code", failure.code.empty() ? Json(base::to_string(failure.error.code())) : Json(failure.code)}};
}

std::string_view finish_word(chat::FinishReason reason) {
  switch (reason) {
    case chat::FinishReason::kLength:
    case chat::FinishReason::kContextFull:
      return "length";
    case chat::FinishReason::kToolCalls:
      return "tool_calls";
    case chat::FinishReason::kStop:
    case chat::FinishReason::kCancelled:
      break;
  }
  return "stop";
}

Json logprobs_list(std::span<const chat::TokenInfo> tokens) {
  Json list = Json::array();
  for (const chat::TokenInfo& token : tokens) {
    if (token.is_end) continue;
    Json item = token_json(token.chosen);
    Json& top = item["top_logprobs"] = Json::array();
    for (const chat::TokenLogprob& other : token.top)
      top.push_back(token_json(other));
    list.push_back(std::move(item));
  }
  return list;
}

Json usage_json(const chat::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
          {"completion_tokens_details", {{"reasoning_tokens", usage.thinking_tokens}}}};
}

Json ingle_json(const Outcome& outcome, const chat::Usage& usage) {
  Json timings = Json::object();
  add_rate(timings, "prefill_tokens_per_second", usage.prompt_tokens - usage.cached_tokens, usage.prefill_seconds);
  add_rate(timings, "decode_tokens_per_second", usage.completion_tokens, usage.decode_seconds);
  timings["load_seconds"] = outcome.load_seconds;
  timings["time_to_first_token"] = outcome.first_token_seconds;
  Json json = {{"route", outcome.route}, {"timings", std::move(timings)}};
  if (usage.drafted_tokens > 0)
    json["speculation"] = {{"drafted_tokens", usage.drafted_tokens}, {"accepted_tokens", usage.accepted_tokens}};
  return json;
}

std::string event_text(const Json& json) {
  return "data: " + to_text(json) + "\n\n";
}

}  // namespace ingle::api::openai
