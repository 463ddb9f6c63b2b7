#include "api/anthropic/encode.h"

#include <optional>

#include "api/answer_parts.h"
#include "api/json_input.h"
#include "base/utc.h"

namespace ingle::api::anthropic {
namespace {

std::string_view type_of(const Failure& failure) {
  if (failure.is_overload()) return "overloaded_error";
  switch (failure.status) {
    case 413:
      return "request_too_large";
    case 501:
      return "api_error";
    case 503:
      return "overloaded_error";
    default:
      return error_type(failure.status);
  }
}

Json error_json(const Failure& failure, std::string_view request_id) {
  Json json = {{"type", "error"}, {"error", {{"type", type_of(failure)}, {"message", message_of(failure)}}}};
  if (!failure.code.empty()) json["error"]["details"] = {{"error_code", failure.code}};
  if (failure.code == kAnswerBreaksSchema) json["error"]["code"] = failure.code;
  if (!request_id.empty()) json["request_id"] = request_id;
  return json;
}

std::string_view stop_reason(const chat::Finished& finished) {
  switch (finished.reason) {
    case chat::FinishReason::kLength:
      return "max_tokens";
    case chat::FinishReason::kContextFull:
      return "model_context_window_exceeded";
    case chat::FinishReason::kToolCalls:
      return "tool_use";
    case chat::FinishReason::kStop:
    case chat::FinishReason::kCancelled:
      break;
  }
  return finished.stop_text.empty() ? "end_turn" : "stop_sequence";
}

Json stop_sequence(const chat::Finished& finished) {
  return finished.stop_text.empty() ? Json() : Json(finished.stop_text);
}

/// The dialect counts what was found in the cache apart from the rest of the prompt.
Json usage_json(uint32_t prompt, uint32_t cached, uint32_t completion) {
  return {{"input_tokens", prompt - cached},
          {"cache_creation_input_tokens", 0},
          {"cache_read_input_tokens", cached},
          {"output_tokens", completion}};
}

Json usage_json(const chat::Usage& usage) {
  return usage_json(usage.prompt_tokens, usage.cached_tokens, usage.completion_tokens);
}

Json tool_use_json(const chat::ToolCallDelta& call, Json input) {
  return {{"type", "tool_use"}, {"id", call.id}, {"name", call.name}, {"input", std::move(input)}};
}

/// Clients send it back with the thinking; nothing here depends on it.
constexpr std::string_view kSignature = "unsigned";

Json thinking_json(std::string_view thinking) {
  return {{"type", "thinking"}, {"thinking", thinking}, {"signature", thinking.empty() ? "" : kSignature}};
}

class Encoder : public AnswerEncoder {
 public:
  explicit Encoder(AnswerFrame frame) : frame_(std::move(frame)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& prompt) override {
    Json message = message_json(Json::array());
    message["stop_reason"] = nullptr;
    message["stop_sequence"] = nullptr;
    message["usage"] = usage_json(prompt.total, prompt.done, 0);
    return event({{"type", "message_start"}, {"message", std::move(message)}}) + event({{"type", "ping"}});
  }

  /// A long prompt is no reason to think that nobody is here.
  std::string progress(const chat::Prefill& /*prompt*/, double seconds) override {
    constexpr double kPingSeconds = 5;
    if (seconds - last_ping_seconds_ < kPingSeconds) return {};
    last_ping_seconds_ = seconds;
    return event({{"type", "ping"}});
  }

  std::string delta(const chat::Delta& delta) override {
    std::string events;
    if (!delta.thinking.empty()) {
      if (block_ != kThinking) events += start_block(kThinking, thinking_json(""));
      events += piece({{"type", "thinking_delta"}, {"thinking", delta.thinking}});
    }
    if (!delta.text.empty()) {
      if (block_ != kText) events += start_block(kText, {{"type", "text"}, {"text", ""}});
      events += piece({{"type", "text_delta"}, {"text", delta.text}});
    }
    for (const chat::ToolCallDelta& call : delta.tool_calls) {
      if (block_ != call.index) events += start_block(call.index, tool_use_json(call, Json::object()));
      if (!call.arguments.empty()) events += piece({{"type", "input_json_delta"}, {"partial_json", call.arguments}});
    }
    return events;
  }

  std::string finish(const Outcome& outcome) override {
    Json last = {
        {"type", "message_delta"},
        {"delta", {{"stop_reason", stop_reason(outcome.finished)}, {"stop_sequence", stop_sequence(outcome.finished)}}},
        {"usage", usage_json(outcome.finished.usage)}};
    add_route(last, outcome);
    return end_block() + event(last) + event({{"type", "message_stop"}});
  }

  std::string fail(const Failure& failure) override { return event(error_json(failure, frame_.request_id)); }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    Json content = Json::array();
    if (!answer.thinking.empty()) content.push_back(thinking_json(answer.thinking));
    if (!answer.text.empty()) content.push_back({{"type", "text"}, {"text", answer.text}});
    for (const chat::ToolCallDelta& call : answer.tool_calls) {
      Json input = Json::parse(call.arguments, nullptr, false);
      // Not an object only where the answer was broken off within it, which stop_reason says.
      content.push_back(tool_use_json(call, input.is_object() ? std::move(input) : Json::object()));
    }
    Json json = message_json(std::move(content));
    json["stop_reason"] = stop_reason(outcome.finished);
    json["stop_sequence"] = stop_sequence(outcome.finished);
    json["usage"] = usage_json(outcome.finished.usage);
    add_route(json, outcome);
    return to_text(json);
  }

 private:
  static constexpr uint32_t kText = UINT32_MAX;
  static constexpr uint32_t kThinking = UINT32_MAX - 1;

  static std::string event(const Json& json) {
    return "event: " + json["type"].get<std::string>() + "\ndata: " + to_text(json) + "\n\n";
  }

  Json message_json(Json content) const {
    return {{"id", frame_.id},
            {"type", "message"},
            {"role", "assistant"},
            {"model", frame_.model},
            {"content", std::move(content)}};
  }

  /// Beyond the dialect, and only where it says something that the dialect cannot mean.
  void add_route(Json& json, const Outcome& outcome) const {
    if (outcome.route != "local" || frame_.model == kAutoModel) json["ingle"] = {{"route", outcome.route}};
  }

  /// Ends the one before.
  std::string start_block(uint32_t what, Json block) {
    const std::string end = end_block();
    block_ = what;
    return end + event({{"type", "content_block_start"}, {"index", n_blocks_}, {"content_block", std::move(block)}});
  }
  std::string piece(Json delta) const {
    return event({{"type", "content_block_delta"}, {"index", n_blocks_}, {"delta", std::move(delta)}});
  }
  std::string end_block() {
    if (!block_) return {};
    std::string events;
    if (block_ == kThinking) events = piece({{"type", "signature_delta"}, {"signature", kSignature}});
    block_.reset();
    return events + event({{"type", "content_block_stop"}, {"index", n_blocks_++}});
  }

  const AnswerFrame frame_;
  std::optional<uint32_t> block_;  // that is open: kText, or the index of a call
  double last_ping_seconds_ = 0;
  uint32_t n_blocks_ = 0;  // that have ended
};

Json model_json(const ModelInfo& model) {
  return {{"type", "model"},
          {"id", model.name},
          {"display_name", model.name},
          {"created_at", base::utc_text(model.modified_unix) + "Z"}};
}

}  // namespace

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame) {
  return std::make_unique<Encoder>(std::move(frame));
}

std::string encode_count(uint64_t input_tokens) {
  return to_text({{"input_tokens", input_tokens}});
}

std::string encode_model(const ModelInfo& model) {
  return to_text(model_json(model));
}

std::string encode_models(std::span<const ModelInfo> models) {
  Json data = Json::array();
  for (const ModelInfo& model : models)
    data.push_back(model_json(model));
  return to_text({{"data", data},
                  {"has_more", false},
                  {"first_id", data.empty() ? Json() : data.front()["id"]},
                  {"last_id", data.empty() ? Json() : data.back()["id"]}});
}

std::string encode_error(const Failure& failure, std::string_view request_id) {
  return to_text(error_json(failure, request_id));
}

}  // namespace ingle::api::anthropic
