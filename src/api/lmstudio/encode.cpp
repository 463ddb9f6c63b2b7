#include "api/lmstudio/encode.h"

#include <algorithm>
#include <charconv>

#include "api/answer_parts.h"
#include "api/json_input.h"
#include "base/utc.h"

namespace ingle::api::lmstudio {
namespace {

std::string_view type_of(const Failure& failure) {
  if (failure.code == "model_not_found") return failure.code;
  if (failure.status == 401) return "authentication_error";
  if (failure.status == 403) return "permission_error";
  if (failure.status == 501) return "not_implemented";
  return failure.status < 500 ? "invalid_request" : "internal_error";
}

Json error_json(const Failure& failure) {
  Json error = {{"type", type_of(failure)}, {"message", message_of(failure)}, {"code", failure.word()}};
  if (!failure.param.empty()) error["param"] = failure.param;
  return error;
}

constexpr double kLongestEstimate = 30 * 24 * 3600;  // seconds; beyond it nobody knows

double rate(uint32_t n_tokens, double seconds) {
  return seconds > 0 ? n_tokens / seconds : 0;
}

class ChatEncoder : public AnswerEncoder {
 public:
  explicit ChatEncoder(ChatFrame frame) : frame_(std::move(frame)) {}

  std::string_view stream_type() const override { return "text/event-stream; charset=utf-8"; }

  void loaded(double seconds) override { load_seconds_ = seconds; }

  std::string begin(const chat::Prefill& /*prompt*/) override {
    std::string events = event("chat.start", {{"model_instance_id", frame_.model}});
    if (frame_.loads) {
      events += event("model_load.start", {{"model_instance_id", frame_.model}});
      events += event("model_load.progress", {{"model_instance_id", frame_.model}, {"progress", 1.0}});
      events += event("model_load.end", {{"model_instance_id", frame_.model}, {"load_time_seconds", load_seconds_}});
    }
    return events + event("prompt_processing.start", Json::object());
  }

  std::string progress(const chat::Prefill& prompt, double /*seconds*/) override {
    if (prompt.total == 0) return {};
    return event("prompt_processing.progress", {{"progress", static_cast<double>(prompt.done) / prompt.total}});
  }

  std::string delta(const chat::Delta& delta) override {
    std::string events;
    if (!delta.thinking.empty()) events += piece(Part::kReasoning, delta.thinking);
    if (!delta.text.empty()) events += piece(Part::kMessage, delta.text);
    answer_.text += delta.text;
    answer_.thinking += delta.thinking;
    return events;
  }

  std::string finish(const Outcome& outcome) override {
    const std::string end = begin_part(Part::kNone);
    return end + event("chat.end", {{"result", result(answer_, outcome)}});
  }

  std::string fail(const Failure& failure) override {
    const std::string end = begin_part(Part::kNone);
    return end + event("error", {{"error", error_json(failure)}});
  }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    return to_text(result(answer, outcome));
  }

 private:
  enum class Part : uint8_t { kPrompt, kReasoning, kMessage, kNone };

  static std::string event(std::string_view type, const Json& fields) {
    Json json = {{"type", type}};
    json.update(fields);
    return "event: " + std::string(type) + "\ndata: " + to_text(json) + "\n\n";
  }

  static std::string_view name_of(Part part) {
    return part == Part::kPrompt ? "prompt_processing" : part == Part::kReasoning ? "reasoning" : "message";
  }

  /// Ends the part before.
  std::string begin_part(Part part) {
    if (part == part_) return {};
    std::string events;
    if (part_ != Part::kNone) events = event(std::string(name_of(part_)) + ".end", Json::object());
    part_ = part;
    if (part != Part::kNone) events += event(std::string(name_of(part)) + ".start", Json::object());
    return events;
  }

  std::string piece(Part part, std::string_view text) {
    const std::string begin = begin_part(part);
    return begin + event(std::string(name_of(part)) + ".delta", {{"content", text}});
  }

  Json result(const WholeAnswer& answer, const Outcome& outcome) {
    Json output = Json::array();
    if (!answer.thinking.empty()) output.push_back({{"type", "reasoning"}, {"content", answer.thinking}});
    output.push_back({{"type", "message"}, {"content", answer.text}});
    const chat::Usage& usage = outcome.finished.usage;
    Json json = {{"model_instance_id", frame_.model},
                 {"output", std::move(output)},
                 {"stats",
                  {{"input_tokens", usage.prompt_tokens},
                   {"total_output_tokens", usage.completion_tokens},
                   {"reasoning_output_tokens", usage.thinking_tokens},
                   {"tokens_per_second", rate(usage.completion_tokens, usage.decode_seconds)},
                   {"time_to_first_token_seconds", outcome.first_token_seconds}}}};
    if (frame_.loads) json["stats"]["model_load_time_seconds"] = load_seconds_;
    if (!frame_.response_id.empty()) json["response_id"] = frame_.response_id;
    if (frame_.keep) frame_.keep(answer.text, answer.thinking);
    return json;
  }

  const ChatFrame frame_;
  double load_seconds_ = 0;
  Part part_ = Part::kPrompt;
  WholeAnswer answer_;  // of a stream, so far
};

std::string_view stop_reason(const chat::Finished& finished) {
  if (!finished.stop_text.empty()) return "stopStringFound";
  switch (finished.reason) {
    case chat::FinishReason::kLength:
      return "maxPredictedTokensReached";
    case chat::FinishReason::kContextFull:
      return "contextLengthReached";
    case chat::FinishReason::kToolCalls:
      return "toolCalls";
    case chat::FinishReason::kCancelled:
      return "userStopped";
    case chat::FinishReason::kStop:
      break;
  }
  return "eosFound";
}

void put_facts(Json& json, const ModelFacts& facts) {
  json["model_info"] = {{"arch", facts.architecture},
                        {"quant", facts.quantization},
                        {"format", "gguf"},
                        {"context_length", facts.context}};
  json["runtime"] = {{"name", "inglenook"}, {"version", facts.version}, {"supported_formats", {"gguf"}}};
}

/// The inner encoder's answer, read again: once an answer, at its end.
class StatsEncoder : public AnswerEncoder {
 public:
  StatsEncoder(std::unique_ptr<AnswerEncoder> inner, ModelFacts facts)
      : inner_(std::move(inner)), facts_(std::move(facts)) {}

  std::string_view stream_type() const override { return inner_->stream_type(); }
  std::string begin(const chat::Prefill& prompt) override { return inner_->begin(prompt); }
  std::string delta(const chat::Delta& delta) override { return inner_->delta(delta); }
  std::string fail(const Failure& failure) override { return inner_->fail(failure); }

  std::string finish(const Outcome& outcome) override { return last_with_stats(inner_->finish(outcome), outcome); }
  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    return with_stats(inner_->whole(answer, outcome), outcome);
  }

  std::string choice_delta(uint32_t choice, const chat::Delta& piece) override {
    return inner_->choice_delta(choice, piece);
  }
  std::string end_choice(uint32_t choice, const Outcome& outcome) override {
    return inner_->end_choice(choice, outcome);
  }
  std::string finish_all(std::span<const Outcome> outcomes) override {
    return last_with_stats(inner_->finish_all(outcomes), together(outcomes));
  }
  std::string whole_all(std::span<const WholeAnswer> answers, std::span<const Outcome> outcomes) override {
    return with_stats(inner_->whole_all(answers, outcomes), together(outcomes));
  }

 private:
  /// The first answer's, with the tokens of all.
  static Outcome together(std::span<const Outcome> outcomes) {
    Outcome outcome = outcomes.front();
    outcome.finished.usage = total_usage(outcomes, 1);
    return outcome;
  }

  /// The last event before the end has them.
  std::string last_with_stats(std::string events, const Outcome& outcome) const {
    const size_t end = events.rfind("\n\ndata: [DONE]");
    if (end == std::string::npos) return events;
    const size_t data = events.rfind("data: ", end) + 6;
    return events.replace(data, end - data, with_stats(events.substr(data, end - data), outcome));
  }

  std::string with_stats(const std::string& text, const Outcome& outcome) const {
    Json json = Json::parse(text);
    const chat::Usage& usage = outcome.finished.usage;
    json["stats"] = {{"tokens_per_second", rate(usage.completion_tokens, usage.decode_seconds)},
                     {"time_to_first_token", outcome.first_token_seconds},
                     {"generation_time", usage.decode_seconds},
                     {"stop_reason", stop_reason(outcome.finished)}};
    put_facts(json, facts_);
    return to_text(json);
  }

  const std::unique_ptr<AnswerEncoder> inner_;
  const ModelFacts facts_;
};

/// The facts behind the last field of the inner encoder's answer, which may be long.
class FactsEncoder final : public VectorsEncoder {
 public:
  FactsEncoder(std::unique_ptr<VectorsEncoder> inner, ModelFacts facts)
      : inner_(std::move(inner)), facts_(std::move(facts)) {}

  void take(size_t input, chat::TextVector vector) override { inner_->take(input, std::move(vector)); }
  std::string whole(const VectorsOutcome& outcome) override {
    std::string answer = inner_->whole(outcome);
    Json json = Json::object();
    put_facts(json, facts_);
    answer.back() = ',';
    return answer + to_text(json).substr(1);
  }

 private:
  const std::unique_ptr<VectorsEncoder> inner_;
  const ModelFacts facts_;
};

const runtime::LoadedModel* find(std::span<const runtime::LoadedModel> loaded, std::string_view name) {
  const auto found = std::ranges::find(loaded, name, &runtime::LoadedModel::name);
  return found == loaded.end() ? nullptr : &*found;
}

bool has(const ModelInfo& model, std::string_view capability) {
  return std::ranges::find(model.capabilities, capability) != model.capabilities.end();
}

/// "Q4_K_M" -> 4, "BF16" -> 16
uint32_t bits_of(std::string_view quantization) {
  const size_t first = std::min(quantization.find_first_of("0123456789"), quantization.size());
  uint32_t bits = 0;
  std::from_chars(quantization.data() + first, quantization.data() + quantization.size(), bits);
  return bits;
}

std::string publisher_of(const ModelInfo& model) {
  const size_t slash = model.name.find('/');
  return slash == std::string::npos ? model.source : model.name.substr(0, slash);
}

Json model_v0(const ModelInfo& model, bool is_loaded) {
  return {{"id", model.name},
          {"object", "model"},
          {"type", has(model, "embedding") ? "embeddings" : "llm"},
          {"publisher", publisher_of(model)},
          {"arch", model.architecture},
          {"compatibility_type", "gguf"},
          {"quantization", model.quantization},
          {"state", is_loaded ? "loaded" : "not-loaded"},
          {"max_context_length", model.context},
          {"capabilities", has(model, "tools") ? Json::array({"tool_use"}) : Json::array()}};
}

/// 494032768 -> "494M", 1.54e9 -> "1.5B"
std::string short_count(uint64_t n) {
  const bool billions = n >= 1'000'000'000;
  const double value = static_cast<double>(n) / (billions ? 1e9 : 1e6);
  const auto tenths = static_cast<uint64_t>(value * 10 + 0.5);
  std::string text = std::to_string(tenths / 10);
  if (value < 10 && tenths % 10 != 0) text += "." + std::to_string(tenths % 10);
  return text + (billions ? "B" : "M");
}

Json model_v1(const ModelInfo& model, const runtime::LoadedModel* loaded) {
  Json instances = Json::array();
  if (loaded != nullptr)
    instances.push_back({{"id", model.name}, {"config", {{"context_length", loaded->description.context_limit}}}});
  const bool embeds = has(model, "embedding");
  Json json = {{"type", embeds ? "embedding" : "llm"},
               {"publisher", publisher_of(model)},
               {"key", model.name},
               {"display_name", model.name},
               {"architecture", model.architecture},
               {"quantization", {{"name", model.quantization}, {"bits_per_weight", bits_of(model.quantization)}}},
               {"size_bytes", model.size},
               {"params_string", short_count(model.parameters)},
               {"loaded_instances", std::move(instances)},
               {"max_context_length", model.context},
               {"format", "gguf"}};
  if (!embeds) json["capabilities"] = {{"vision", false}, {"trained_for_tool_use", has(model, "tools")}};
  return json;
}

}  // namespace

std::unique_ptr<AnswerEncoder> make_chat_encoder(ChatFrame frame) {
  return std::make_unique<ChatEncoder>(std::move(frame));
}

std::unique_ptr<AnswerEncoder> add_stats(std::unique_ptr<AnswerEncoder> inner, ModelFacts facts) {
  return std::make_unique<StatsEncoder>(std::move(inner), std::move(facts));
}

std::unique_ptr<VectorsEncoder> add_facts(std::unique_ptr<VectorsEncoder> inner, ModelFacts facts) {
  return std::make_unique<FactsEncoder>(std::move(inner), std::move(facts));
}

std::string encode_models_v0(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded) {
  Json data = Json::array();
  for (const ModelInfo& model : models)
    data.push_back(model_v0(model, find(loaded, model.name) != nullptr));
  return to_text({{"object", "list"}, {"data", std::move(data)}});
}

std::string encode_model_v0(const ModelInfo& model, bool is_loaded) {
  return to_text(model_v0(model, is_loaded));
}

std::string encode_models_v1(std::span<const ModelInfo> models, std::span<const runtime::LoadedModel> loaded) {
  Json list = Json::array();
  for (const ModelInfo& model : models)
    list.push_back(model_v1(model, find(loaded, model.name)));
  return to_text({{"models", std::move(list)}});
}

std::string encode_loaded(const Loaded& loaded) {
  Json json = {{"type", loaded.generates ? "llm" : "embedding"},
               {"instance_id", loaded.model},
               {"load_time_seconds", loaded.seconds},
               {"status", "loaded"}};
  if (loaded.echo) json["load_config"] = {{"context_length", loaded.context}};
  return to_text(json);
}

std::string encode_unloaded(std::string_view model) {
  return to_text({{"instance_id", model}});
}

std::string encode_download(const Download& download, int64_t now_unix) {
  static constexpr std::string_view kStates[] = {"downloading", "completed", "failed"};
  Json json = {{"job_id", download.id},
               {"status", kStates[static_cast<size_t>(download.state)]},
               {"started_at", base::utc_text(download.started_unix) + "Z"},
               {"downloaded_bytes", download.bytes_done}};
  if (download.bytes_total > 0) json["total_size_bytes"] = download.bytes_total;
  if (download.state == Download::State::kRunning) {
    json["bytes_per_second"] = download.bytes_per_second;
    const uint64_t left = download.bytes_total - std::min(download.bytes_done, download.bytes_total);
    const double seconds = download.bytes_per_second > 0 ? static_cast<double>(left) / download.bytes_per_second : 0;
    if (left > 0 && seconds > 0 && seconds < kLongestEstimate)
      json["estimated_completion"] = base::utc_text(now_unix + static_cast<int64_t>(seconds)) + "Z";
  } else {
    json["completed_at"] = base::utc_text(download.ended_unix) + "Z";
  }
  if (!download.problem.empty()) json["error"] = {{"message", download.problem}};
  return to_text(json);
}

std::string encode_downloaded(const ModelInfo& model) {
  return to_text({{"status", "already_downloaded"}, {"total_size_bytes", model.size}});
}

std::string encode_error(const Failure& failure) {
  return to_text({{"error", error_json(failure)}});
}

}  // namespace ingle::api::lmstudio
