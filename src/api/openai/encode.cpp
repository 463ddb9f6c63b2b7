#include "api/openai/encode.h"

#include "api/json_input.h"
#include "api/openai/answer_parts.h"

namespace ingle::api::openai {
namespace {

Json logprobs_json(std::span<const chat::TokenInfo> tokens) {
  return {{"content", logprobs_list(tokens)}, {"refusal", nullptr}};
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

class ChatEncoder : public AnswerEncoder {
 public:
  explicit ChatEncoder(AnswerFrame frame) : frame_(std::move(frame)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& /*prompt*/) override {
    std::string chunks;
    for (uint32_t choice = 0; choice < frame_.n; ++choice)
      chunks += event_text(chunk(choice, {{"role", "assistant"}, {"content", ""}}));
    return chunks;
  }

  std::string delta(const chat::Delta& delta) override { return choice_delta(0, delta); }

  std::string choice_delta(uint32_t choice, const chat::Delta& delta) override {
    std::string chunks;
    // Apart from the answer: clients take a chunk for one or the other.
    if (!delta.thinking.empty()) {
      Json json = Json::object();
      add_thinking(json, delta.thinking);
      chunks += event_text(chunk(choice, std::move(json)));
    }
    if (delta.text.empty() && delta.tokens.empty() && delta.tool_calls.empty()) return chunks;
    Json json = Json::object();
    if (!delta.text.empty() || delta.tool_calls.empty()) json["content"] = delta.text;
    for (const chat::ToolCallDelta& call : delta.tool_calls)
      json["tool_calls"].push_back(call_piece_json(call));
    return chunks + event_text(chunk(choice, std::move(json), frame_.logprobs ? logprobs_json(delta.tokens) : Json()));
  }

  /// The last one's end stands in the last chunk.
  std::string end_choice(uint32_t choice, const Outcome& outcome) override {
    std::string before;
    if (n_ended_ > 0) before = event_text(last_chunk_);
    ++n_ended_;
    last_chunk_ = chunk(choice, Json::object(), nullptr, finish_word(outcome.finished.reason));
    return before;
  }

  std::string finish(const Outcome& outcome) override {
    if (n_ended_ == 0) end_choice(0, outcome);
    return finish_all({&outcome, 1});
  }

  std::string finish_all(std::span<const Outcome> outcomes) override {
    const chat::Usage usage = total_usage(outcomes, frame_.n);
    Json summary = std::move(last_chunk_);
    std::string before;
    if (frame_.include_usage) {
      before = event_text(summary);
      summary = head("chat.completion.chunk");
      summary["choices"] = Json::array();
    }
    summary["usage"] = usage_json(usage);
    summary["ingle"] = ingle_json(outcomes.front(), usage);
    return before + event_text(summary) + "data: [DONE]\n\n";
  }

  std::string fail(const Failure& failure) override { return event_text(Json{{"error", error_json(failure)}}); }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    return whole_all({&answer, 1}, {&outcome, 1});
  }

  std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) override {
    Json json = head("chat.completion");
    Json& choices = json["choices"] = Json::array();
    for (size_t i = 0; i < answers.size(); ++i) {
      choices.push_back({{"index", i},
                         {"message", message_json(answers[i])},
                         {"logprobs", frame_.logprobs ? logprobs_json(answers[i].tokens) : Json()},
                         {"finish_reason", finish_word(outcomes[i].finished.reason)}});
    }
    const chat::Usage usage = total_usage(outcomes, frame_.n);
    json["usage"] = usage_json(usage);
    json["ingle"] = ingle_json(outcomes.front(), usage);
    return to_text(json);
  }

 private:
  Json head(std::string_view object) const {
    return {{"id", frame_.id},
            {"object", object},
            {"created", frame_.created_unix},
            {"model", frame_.model},
            {"system_fingerprint", frame_.fingerprint}};
  }

  Json chunk(uint32_t choice, Json delta, Json logprobs = nullptr, Json reason = nullptr) const {
    Json json = head("chat.completion.chunk");
    json["choices"] = Json::array({{{"index", choice},
                                    {"delta", std::move(delta)},
                                    {"logprobs", std::move(logprobs)},
                                    {"finish_reason", std::move(reason)}}});
    if (frame_.include_usage) json["usage"] = nullptr;
    return json;
  }

  const AnswerFrame frame_;
  uint32_t n_ended_ = 0;
  Json last_chunk_;  // of the answer that ended last
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
