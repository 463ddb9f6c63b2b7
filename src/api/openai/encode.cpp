#include "api/openai/encode.h"

#include "api/json_input.h"
#include "base/utf8.h"

namespace ingle::api::openai {
namespace {

std::string_view type_of(int status) {
  switch (status) {
    case 401:
      return "authentication_error";
    case 403:
      return "permission_error";
    case 404:
      return "not_found_error";
    case 429:
      return "rate_limit_error";
    case 501:
      return "not_supported_error";
    case 503:
      return "unavailable_error";
    default:
      return status < 500 ? "invalid_request_error" : "api_error";
  }
}

Json error_json(const Failure& failure) {
  std::string message = failure.error.message();
  if (!failure.error.hint().empty()) message += ": " + failure.error.hint();
  return {{"message", std::move(message)},
          {"type", type_of(failure.status)},
          {"param", failure.param.empty() ? Json() : Json(failure.param)},
          {"code", failure.code.empty() ? Json(base::to_string(failure.error.code())) : Json(failure.code)}};
}

std::string_view finish_reason(chat::FinishReason reason) {
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

Json token_json(const chat::TokenLogprob& token) {
  Json bytes = Json::array();
  for (const char byte : token.text)
    bytes.push_back(static_cast<unsigned char>(byte));
  return {{"token", base::to_valid_utf8(token.text)}, {"logprob", token.logprob}, {"bytes", std::move(bytes)}};
}

Json logprobs_json(std::span<const chat::TokenInfo> tokens) {
  Json content = Json::array();
  for (const chat::TokenInfo& token : tokens) {
    Json item = token_json(token.chosen);
    Json& top = item["top_logprobs"] = Json::array();
    for (const chat::TokenLogprob& other : token.top)
      top.push_back(token_json(other));
    content.push_back(std::move(item));
  }
  return {{"content", std::move(content)}, {"refusal", nullptr}};
}

Json usage_json(const chat::Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

double rate(uint32_t n_tokens, double seconds) {
  return seconds > 0 ? n_tokens / seconds : 0;
}

/// Beyond the dialect: where the answer was made and how fast.
Json ingle_json(const Outcome& outcome) {
  const chat::Usage& usage = outcome.finished.usage;
  Json json = {{"route", outcome.route},
               {"timings",
                {{"prefill_tokens_per_second", rate(usage.prompt_tokens - usage.cached_tokens, usage.prefill_seconds)},
                 {"decode_tokens_per_second", rate(usage.completion_tokens, usage.decode_seconds)},
                 {"load_seconds", outcome.load_seconds},
                 {"time_to_first_token", outcome.first_token_seconds}}}};
  if (usage.drafted_tokens > 0)
    json["speculation"] = {{"drafted_tokens", usage.drafted_tokens}, {"accepted_tokens", usage.accepted_tokens}};
  return json;
}

Json call_json(const chat::ToolCallDelta& call) {
  return {{"id", call.id}, {"type", "function"}, {"function", {{"name", call.name}, {"arguments", call.arguments}}}};
}

Json call_piece_json(const chat::ToolCallDelta& call) {
  Json json = {{"index", call.index}};
  if (call.name.empty()) {
    json["function"] = {{"arguments", call.arguments}};
  } else {
    json.update(call_json(call));
  }
  return json;
}

Json message_json(const WholeAnswer& answer) {
  const bool only_calls = answer.text.empty() && !answer.tool_calls.empty();
  Json json = {{"role", "assistant"}, {"content", only_calls ? Json() : Json(answer.text)}, {"refusal", nullptr}};
  for (const chat::ToolCallDelta& call : answer.tool_calls)
    json["tool_calls"].push_back(call_json(call));
  return json;
}

class ChatEncoder : public AnswerEncoder {
 public:
  explicit ChatEncoder(AnswerFrame frame) : frame_(std::move(frame)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& /*prompt*/) override {
    return chunk({{"role", "assistant"}, {"content", ""}}, nullptr, nullptr);
  }

  std::string delta(const chat::Delta& delta) override {
    if (delta.text.empty() && delta.tokens.empty() && delta.tool_calls.empty()) return {};
    Json json = Json::object();
    if (!delta.text.empty() || delta.tool_calls.empty()) json["content"] = delta.text;
    for (const chat::ToolCallDelta& call : delta.tool_calls)
      json["tool_calls"].push_back(call_piece_json(call));
    return chunk(std::move(json), frame_.logprobs ? logprobs_json(delta.tokens) : Json(), nullptr);
  }

  std::string finish(const Outcome& outcome) override {
    Json last = chunk_json(Json::object(), nullptr, finish_reason(outcome.finished.reason));
    if (!frame_.include_usage) {
      last["ingle"] = ingle_json(outcome);
      return event(last) + "data: [DONE]\n\n";
    }
    Json usage = head("chat.completion.chunk");
    usage["choices"] = Json::array();
    usage["usage"] = usage_json(outcome.finished.usage);
    usage["ingle"] = ingle_json(outcome);
    return event(last) + event(usage) + "data: [DONE]\n\n";
  }

  std::string fail(const Failure& failure) override { return event(Json{{"error", error_json(failure)}}); }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    Json json = head("chat.completion");
    json["choices"] = Json::array({{{"index", 0},
                                    {"message", message_json(answer)},
                                    {"logprobs", frame_.logprobs ? logprobs_json(answer.tokens) : Json()},
                                    {"finish_reason", finish_reason(outcome.finished.reason)}}});
    json["usage"] = usage_json(outcome.finished.usage);
    json["ingle"] = ingle_json(outcome);
    return to_text(json);
  }

 private:
  static std::string event(const Json& json) { return "data: " + to_text(json) + "\n\n"; }

  Json head(std::string_view object) const {
    return {{"id", frame_.id},
            {"object", object},
            {"created", frame_.created_unix},
            {"model", frame_.model},
            {"system_fingerprint", frame_.fingerprint}};
  }

  Json chunk_json(Json delta, Json logprobs, Json reason) const {
    Json json = head("chat.completion.chunk");
    json["choices"] = Json::array({{{"index", 0},
                                    {"delta", std::move(delta)},
                                    {"logprobs", std::move(logprobs)},
                                    {"finish_reason", std::move(reason)}}});
    if (frame_.include_usage) json["usage"] = nullptr;
    return json;
  }
  std::string chunk(Json delta, Json logprobs, Json reason) const {
    return event(chunk_json(std::move(delta), std::move(logprobs), std::move(reason)));
  }

  const AnswerFrame frame_;
};

Json model_json(const ModelInfo& model) {
  return {{"id", model.name},
          {"object", "model"},
          {"created", model.modified_unix},
          {"owned_by", model.source.empty() ? "inglenook" : model.source}};
}

}  // namespace

std::unique_ptr<AnswerEncoder> make_chat_encoder(AnswerFrame frame) {
  return std::make_unique<ChatEncoder>(std::move(frame));
}

std::string encode_error(const Failure& failure) {
  return to_text(Json{{"error", error_json(failure)}});
}

std::string encode_model(const ModelInfo& model) {
  return to_text(model_json(model));
}

std::string encode_models(std::span<const ModelInfo> models) {
  Json data = Json::array();
  for (const ModelInfo& model : models)
    data.push_back(model_json(model));
  return to_text({{"object", "list"}, {"data", std::move(data)}});
}

}  // namespace ingle::api::openai
