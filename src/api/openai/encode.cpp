#include "api/openai/encode.h"

#include "api/json_input.h"
#include "api/openai/answer_parts.h"
#include "api/openai/choices_encoder.h"

namespace ingle::api::openai {
namespace {

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

/// Both words that clients look for: llama-server's and Ollama's.
void add_thinking(Json& json, const std::string& thinking) {
  if (thinking.empty()) return;
  json["reasoning_content"] = thinking;
  json["reasoning"] = thinking;
}

Json message_json(const WholeAnswer& answer) {
  const bool only_calls = answer.text.empty() && !answer.tool_calls.empty();
  Json json = {{"role", "assistant"}, {"content", only_calls ? Json() : Json(answer.text)}, {"refusal", nullptr}};
  add_thinking(json, answer.thinking);
  for (const chat::ToolCallDelta& call : answer.tool_calls)
    json["tool_calls"].push_back(call_json(call));
  return json;
}

class ChatEncoder : public ChoicesEncoder {
 public:
  explicit ChatEncoder(AnswerFrame frame)
      : ChoicesEncoder(std::move(frame), "chat.completion", "chat.completion.chunk") {}

  std::string begin(const chat::Prefill& /*prompt*/) override {
    std::string chunks;
    for (uint32_t choice = 0; choice < frame().n; ++choice)
      chunks += chunk_event(choice, {{"delta", {{"role", "assistant"}, {"content", ""}}}});
    return chunks;
  }

  std::string choice_delta(uint32_t choice, const chat::Delta& delta) override {
    std::string chunks;
    // Apart from the answer: clients take a chunk for one or the other.
    if (!delta.thinking.empty()) {
      Json json = Json::object();
      add_thinking(json, delta.thinking);
      chunks += chunk_event(choice, {{"delta", std::move(json)}});
    }
    if (delta.text.empty() && delta.tokens.empty() && delta.tool_calls.empty()) return chunks;
    Json json = Json::object();
    if (!delta.text.empty() || delta.tool_calls.empty()) json["content"] = delta.text;
    for (const chat::ToolCallDelta& call : delta.tool_calls)
      json["tool_calls"].push_back(call_piece_json(call));
    return chunks + chunk_event(choice, with_logprobs({{"delta", std::move(json)}}, delta.tokens));
  }

 private:
  Json no_content() const override { return {{"delta", Json::object()}}; }

  Json whole_content(uint32_t /*choice*/, const WholeAnswer& answer) const override {
    return with_logprobs({{"message", message_json(answer)}}, answer.tokens);
  }

  Json with_logprobs(Json content, std::span<const chat::TokenInfo> tokens) const {
    if (frame().logprobs) content["logprobs"] = {{"content", logprobs_list(tokens)}, {"refusal", nullptr}};
    return content;
  }
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

std::string encode_count(uint64_t input_tokens) {
  return to_text({{"object", "response.input_tokens"}, {"input_tokens", input_tokens}});
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
