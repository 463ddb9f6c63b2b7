#include <algorithm>
#include <charconv>

#include "api/openai/answer_parts.h"
#include "api/openai/responses.h"

namespace ingle::api::openai {
namespace {

Json response_usage(const chat::Usage& usage) {
  return {{"input_tokens", usage.prompt_tokens},
          {"input_tokens_details", {{"cached_tokens", usage.cached_tokens}}},
          {"output_tokens", usage.completion_tokens},
          {"output_tokens_details", {{"reasoning_tokens", usage.thinking_tokens}}},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens}};
}

/// "resp_abc" -> "abc"
std::string_view bare_id(std::string_view id) {
  return id.substr(id.find('_') + 1);
}

/// The events of one response, and its items as they become whole. A whole answer is a stream of which nobody sees the events.
class ResponsesEncoder : public AnswerEncoder {
 public:
  explicit ResponsesEncoder(ResponseFrame frame)
      : frame_(std::move(frame)), echo_(Json::parse(frame_.echo_json, nullptr, false)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  std::string begin(const chat::Prefill& /*prompt*/) override {
    const Json started = response("in_progress");
    std::string created = event("response.created", {{"response", started}});
    return created + event("response.in_progress", {{"response", started}});
  }

  std::string delta(const chat::Delta& delta) override {
    std::string events;
    if (!delta.thinking.empty()) {
      answer_.thinking += delta.thinking;
      if (open_ != Kind::kReasoning) events += open_reasoning();
      text_ += delta.thinking;
      events += event("response.reasoning_text.delta", part_place({{"delta", delta.thinking}}));
    }
    if (!delta.text.empty() || !delta.tokens.empty()) {
      answer_.text += delta.text;
      if (open_ != Kind::kMessage) events += open_message();
      text_ += delta.text;
      const Json logprobs = frame_.logprobs ? logprobs_list(delta.tokens) : Json::array();
      logprobs_.insert(logprobs_.end(), logprobs.begin(), logprobs.end());
      events += event("response.output_text.delta", part_place({{"delta", delta.text}, {"logprobs", logprobs}}));
    }
    for (const chat::ToolCallDelta& call : delta.tool_calls) {
      if (!call.name.empty()) events += open_call(call);
      if (call.arguments.empty()) continue;
      answer_.tool_calls.back().arguments += call.arguments;
      text_ += call.arguments;
      events += event("response.function_call_arguments.delta", item_place({{"delta", call.arguments}}));
    }
    return events;
  }

  std::string finish(const Outcome& outcome) override {
    std::string events;
    if (output_.empty() && open_ == Kind::kNone) events += open_message();  // an answer without words
    const bool is_cut = outcome.finished.reason == chat::FinishReason::kLength ||
                        outcome.finished.reason == chat::FinishReason::kContextFull;
    events += close(is_cut ? "incomplete" : "completed");
    Json whole = response(is_cut ? "incomplete" : "completed");
    if (is_cut) whole["incomplete_details"] = {{"reason", "max_output_tokens"}};
    whole["usage"] = response_usage(outcome.finished.usage);
    whole["ingle"] = ingle_json(outcome, outcome.finished.usage);
    keep(whole);
    response_ = to_text(whole);
    return events + event(is_cut ? "response.incomplete" : "response.completed", {{"response", std::move(whole)}});
  }

  std::string fail(const Failure& failure) override {
    close("incomplete");
    const Json error = error_json(failure);
    Json whole = response("failed");
    whole["error"] = {{"code", error["code"]}, {"message", error["message"]}};
    return event("response.failed", {{"response", std::move(whole)}});
  }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    delta({.text = {}, .tokens = {}, .bytes = {}, .tool_calls = {}, .thinking = answer.thinking});
    delta({.text = answer.text, .tokens = answer.tokens, .bytes = {}, .tool_calls = answer.tool_calls, .thinking = {}});
    finish(outcome);
    return response_;
  }

 private:
  enum class Kind : uint8_t { kNone, kReasoning, kMessage, kCall };

  std::string event(std::string_view type, Json fields) {
    Json json = {{"type", type}, {"sequence_number", n_events_++}};
    json.update(fields);
    return "event: " + std::string(type) + "\ndata: " + to_text(json) + "\n\n";
  }

  Json response(std::string_view status) const {
    Json json = {{"id", frame_.id},       {"object", "response"}, {"created_at", frame_.created_unix},
                 {"status", status},      {"error", nullptr},     {"incomplete_details", nullptr},
                 {"model", frame_.model}, {"output", output_}};
    json.update(echo_);
    json["usage"] = nullptr;
    return json;
  }

  Json item_place(Json fields) const {
    Json json = {{"item_id", item_["id"]}, {"output_index", output_.size()}};
    json.update(fields);
    return json;
  }
  Json part_place(Json fields) const {
    Json json = item_place({{"content_index", 0}});
    json.update(fields);
    return json;
  }

  /// `fields`: all but the id, which says the item's place.
  std::string open_item(Kind kind, std::string_view prefix, Json fields) {
    std::string events = close("completed");
    open_ = kind;
    item_ = {{"id", std::string(prefix) + std::string(bare_id(frame_.id)) + "_" + std::to_string(output_.size())}};
    item_.update(fields);
    return events + event("response.output_item.added", {{"output_index", output_.size()}, {"item", item_}});
  }
  std::string open_reasoning() {
    std::string events = open_item(
        Kind::kReasoning, "rs_",
        {{"type", "reasoning"}, {"summary", Json::array()}, {"content", Json::array()}, {"status", "in_progress"}});
    return events + event("response.content_part.added", part_place({{"part", part()}}));
  }
  std::string open_message() {
    std::string events =
        open_item(Kind::kMessage, "msg_",
                  {{"type", "message"}, {"status", "in_progress"}, {"role", "assistant"}, {"content", Json::array()}});
    return events + event("response.content_part.added", part_place({{"part", part()}}));
  }
  std::string open_call(const chat::ToolCallDelta& call) {
    answer_.tool_calls.push_back({.index = call.index, .id = call.id, .name = call.name, .arguments = {}});
    return open_item(Kind::kCall, "fc_",
                     {{"type", "function_call"},
                      {"status", "in_progress"},
                      {"call_id", call.id},
                      {"name", call.name},
                      {"arguments", ""}});
  }

  /// The content of the open item, as far as it is there.
  Json part() const {
    if (open_ == Kind::kReasoning) return {{"type", "reasoning_text"}, {"text", text_}};
    return {{"type", "output_text"}, {"text", text_}, {"annotations", Json::array()}, {"logprobs", logprobs_}};
  }

  std::string close(std::string_view status) {
    if (open_ == Kind::kNone) return {};
    std::string events;
    if (open_ == Kind::kCall) {
      item_["arguments"] = text_;
      events +=
          event("response.function_call_arguments.done", item_place({{"name", item_["name"]}, {"arguments", text_}}));
    } else {
      const bool thought = open_ == Kind::kReasoning;
      Json done = {{"text", text_}};
      if (!thought) done["logprobs"] = logprobs_;
      events += event(thought ? "response.reasoning_text.done" : "response.output_text.done", part_place(done));
      events += event("response.content_part.done", part_place({{"part", part()}}));
      item_["content"].push_back(part());
    }
    item_["status"] = status;
    events += event("response.output_item.done", {{"output_index", output_.size()}, {"item", item_}});
    output_.push_back(std::move(item_));
    item_ = {};
    text_.clear();
    logprobs_ = Json::array();
    open_ = Kind::kNone;
    return events;
  }

  void keep(const Json& whole) {
    if (!frame_.keep) return;
    chat::Message message{.role = "assistant", .content = chat::Private(answer_.text)};
    message.thinking = chat::Private(answer_.thinking);
    for (const chat::ToolCallDelta& call : answer_.tool_calls)
      message.tool_calls.push_back({call.id, call.name, chat::Private(call.arguments)});
    frame_.keep(std::move(message), to_text(whole));
  }

  const ResponseFrame frame_;
  const Json echo_;
  uint32_t n_events_ = 0;
  Json output_ = Json::array();  // items that are whole
  Kind open_ = Kind::kNone;      // of the one that is not
  Json item_;
  std::string text_;
  Json logprobs_ = Json::array();
  WholeAnswer answer_;
  std::string response_;
};

}  // namespace

std::unique_ptr<AnswerEncoder> make_responses_encoder(ResponseFrame frame) {
  return std::make_unique<ResponsesEncoder>(std::move(frame));
}

std::string encode_document(std::string_view response_json, std::string_view items_json) {
  return to_text({{"response", response_json}, {"items", items_json}});
}

std::optional<std::string> response_of(std::string_view document) {
  const Json json = Json::parse(document, nullptr, false);
  if (!json.is_object() || !json.contains("response") || !json["response"].is_string()) return std::nullopt;
  return json["response"].get<std::string>();
}

Answer<std::string> encode_input_items(std::string_view document, std::string_view id, const ItemsQuery& query) {
  constexpr size_t kMaxItems = 100;
  size_t limit = 20;
  if (!query.limit.empty()) {
    const auto [end, code] = std::from_chars(query.limit.data(), query.limit.data() + query.limit.size(), limit);
    if (code != std::errc() || end != query.limit.data() + query.limit.size() || limit < 1 || limit > kMaxItems)
      return std::unexpected(Failure::bad_field("limit", "must be a whole number from 1 to 100"));
  }
  if (!query.order.empty() && query.order != "asc" && query.order != "desc")
    return std::unexpected(Failure::bad_field("order", "must be asc or desc"));
  const Json json = Json::parse(document, nullptr, false);
  Json items = Json::parse(json["items"].get_ref<const std::string&>());
  for (size_t i = 0; i < items.size(); ++i)
    if (!items[i].contains("id") || !items[i]["id"].is_string())
      items[i]["id"] = "item_" + std::string(bare_id(id)) + "_" + std::to_string(i);
  if (query.order != "asc") std::ranges::reverse(items);
  auto first = items.begin();
  if (!query.after.empty()) {
    first = std::ranges::find_if(items, [&](const Json& item) { return item["id"] == query.after; });
    if (first == items.end()) return std::unexpected(Failure::bad_field("after", "names no item of this response"));
    ++first;
  }
  const auto left = static_cast<size_t>(items.end() - first);
  Json data(Json::value_t::array);
  for (size_t i = 0; i < std::min(left, limit); ++i, ++first)
    data.push_back(*first);
  return to_text({{"object", "list"},
                  {"first_id", data.empty() ? Json() : data.front()["id"]},
                  {"last_id", data.empty() ? Json() : data.back()["id"]},
                  {"has_more", left > limit},
                  {"data", data}});
}

std::string encode_deleted(std::string_view id) {
  return to_text({{"id", id}, {"object", "response"}, {"deleted", true}});
}

}  // namespace ingle::api::openai
