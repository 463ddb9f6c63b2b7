#include "api/ollama/encode.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "api/answer_parts.h"
#include "api/json_input.h"
#include "base/utc.h"
#include "base/utf8.h"

namespace ingle::api::ollama {
namespace {

constexpr int64_t kNanoseconds = 1'000'000'000;

int64_t nanoseconds(double seconds) {
  return static_cast<int64_t>(seconds * static_cast<double>(kNanoseconds));
}

/// Clients divide by it: what was done took some time, also a prompt that was not read because its answer was dictated.
int64_t duration_of(uint32_t n_tokens, double seconds) {
  return std::max(nanoseconds(seconds), int64_t{n_tokens > 0 ? 1 : 0});
}

std::string line(const Json& json) {
  return to_text(json) + "\n";
}

std::string_view done_reason(chat::FinishReason reason) {
  const bool cut = reason == chat::FinishReason::kLength || reason == chat::FinishReason::kContextFull;
  return cut ? "length" : "stop";
}

Json logprobs_json(std::span<const chat::TokenInfo> tokens) {
  Json list = Json::array();
  for (const chat::TokenInfo& token : tokens) {
    if (token.is_end) continue;
    Json item = token_json(token.chosen);
    if (!token.top.empty()) {
      Json& top = item["top_logprobs"] = Json::array();
      for (const chat::TokenLogprob& other : token.top)
        top.push_back(token_json(other));
    }
    list.push_back(std::move(item));
  }
  return list;
}

Json piece(const AnswerFrame& frame, std::string_view text, std::string_view thinking = {}) {
  Json json = {{"model", frame.model}, {"created_at", timestamp(frame.now())}};
  if (frame.form == Form::kChat) {
    json["message"] = {{"role", "assistant"}, {"content", text}};
    if (!thinking.empty()) json["message"]["thinking"] = thinking;
  } else {
    json["response"] = text;
    if (!thinking.empty()) json["thinking"] = thinking;
  }
  return json;
}

/// nullptr where the arguments are no object: the answer was broken off within them.
Json call_json(const chat::ToolCallDelta& call) {
  Json arguments = Json::parse(call.arguments, nullptr, false);
  if (!arguments.is_object()) return nullptr;
  return {{"id", call.id},
          {"function", {{"index", call.index}, {"name", call.name}, {"arguments", std::move(arguments)}}}};
}

void add_end(Json& json, const AnswerFrame& frame, const Outcome& outcome) {
  const chat::Usage& usage = outcome.finished.usage;
  json["done"] = true;
  json["done_reason"] = done_reason(outcome.finished.reason);
  if (!outcome.finished.tokens.empty()) json["context"] = outcome.finished.tokens;
  json["total_duration"] = nanoseconds(outcome.total_seconds);
  json["load_duration"] = nanoseconds(outcome.load_seconds);
  json["prompt_eval_count"] = usage.prompt_tokens;
  json["prompt_eval_duration"] = duration_of(usage.prompt_tokens, usage.prefill_seconds);
  json["eval_count"] = usage.completion_tokens;
  json["eval_duration"] = duration_of(usage.completion_tokens, usage.decode_seconds);
  // Beyond the dialect, and only where it says something that an Ollama cannot mean.
  if (outcome.route != "local" || frame.model == kAutoModel) json["ingle"] = {{"route", outcome.route}};
}

class Encoder : public AnswerEncoder {
 public:
  explicit Encoder(AnswerFrame frame) : frame_(std::move(frame)) {}

  std::string_view stream_type() const override { return "application/x-ndjson"; }
  std::string begin(const chat::Prefill& /*prompt*/) override { return {}; }

  std::string delta(const chat::Delta& delta) override {
    std::string lines;
    if (!delta.text.empty() || !delta.thinking.empty() || !delta.tokens.empty()) {
      Json json = piece(frame_, delta.text, delta.thinking);
      json["done"] = false;
      if (frame_.logprobs) json["logprobs"] = logprobs_json(delta.tokens);
      lines = line(json);
    }
    for (const chat::ToolCallDelta& call : delta.tool_calls) {
      if (call_ && call_->index != call.index) lines += end_call();
      if (!call_) {
        call_ = call;
      } else {
        call_->arguments += call.arguments;
      }
    }
    return lines;
  }

  std::string finish(const Outcome& outcome) override {
    std::string lines = end_call();
    Json json = piece(frame_, "");
    add_end(json, frame_, outcome);
    return lines + line(json);
  }

  std::string fail(const Failure& failure) override { return encode_error(failure) + "\n"; }

  std::string whole(const WholeAnswer& answer, const Outcome& outcome) override {
    Json json = piece(frame_, answer.text, answer.thinking);
    for (const chat::ToolCallDelta& call : answer.tool_calls) {
      if (Json whole = call_json(call); !whole.is_null()) json["message"]["tool_calls"].push_back(std::move(whole));
    }
    if (frame_.logprobs) json["logprobs"] = logprobs_json(answer.tokens);
    add_end(json, frame_, outcome);
    return to_text(json);
  }

 private:
  /// The dialect has no pieces of calls: each comes when it is whole.
  std::string end_call() {
    if (!call_) return {};
    Json whole = call_json(*std::exchange(call_, std::nullopt));
    if (whole.is_null()) return {};
    Json json = piece(frame_, "");
    json["message"]["tool_calls"] = Json::array({std::move(whole)});
    json["done"] = false;
    return line(json);
  }

  const AnswerFrame frame_;
  std::optional<chat::ToolCallDelta> call_;  // that is being written
};

Json details_json(const ModelInfo& model) {
  return {{"parent_model", ""},
          {"format", "gguf"},
          {"family", model.architecture},
          {"families", Json::array({model.architecture})},
          {"parameter_size", parameter_size(model.parameters)},
          {"quantization_level", model.quantization},
          {"context_length", model.context},
          {"embedding_length", model.embedding}};
}

/// Ollama shows the digest of the manifest; a bare file has none.
const std::string& shown_digest(const ModelInfo& model) {
  return model.id.empty() ? model.digest : model.id;
}

std::string parameters_text(const std::string& parameters_json) {
  const auto parameters = Json::parse(parameters_json, nullptr, false);
  if (!parameters.is_object()) return {};
  std::string text;
  for (const auto& [name, value] : parameters.items()) {
    const Json list = value.is_array() ? value : Json::array({value});
    for (const Json& item : list)
      text += fmt::format("{}{:<31}{}", text.empty() ? "" : "\n", name, to_text(item));
  }
  return text;
}

/// As a Modelfile writes a text: in quotes where it needs them.
std::string quoted(const std::string& text) {
  const bool plain = text.find('\n') == std::string::npos && text.find('"') == std::string::npos && !text.empty() &&
                     text.front() != ' ' && text.back() != ' ';
  if (plain) return text;
  return text.find('"') == std::string::npos ? "\"" + text + "\"" : "\"\"\"" + text + "\"\"\"";
}

/// From which `ingle create -f` makes the same model again.
std::string modelfile_text(const ModelDetails& details) {
  std::string text = fmt::format(
      "# Modelfile generated by \"ingle show\"\n# To build a new Modelfile based on this, replace FROM with:\n# FROM "
      "{}\n\nFROM {}\n",
      details.info.name, details.info.path.empty() ? details.info.name : details.info.path);
  if (!details.own_template) text += "TEMPLATE \"\"\"" + base::to_valid_utf8(details.chat_template) + "\"\"\"\n";
  if (!details.system.empty()) text += "SYSTEM " + quoted(details.system) + "\n";
  const Json parameters = Json::parse(details.parameters_json, nullptr, false);
  if (parameters.is_object()) {
    for (const auto& [name, value] : parameters.items()) {
      for (const Json& item : value.is_array() ? value : Json::array({value}))
        text +=
            fmt::format("PARAMETER {} {}\n", name, item.is_string() ? quoted(item.get<std::string>()) : to_text(item));
    }
  }
  if (const Json messages = Json::parse(details.messages_json, nullptr, false); messages.is_array()) {
    for (const Json& message : messages) {
      const auto role = message.is_object() ? message.find("role") : message.end();
      const auto content = message.is_object() ? message.find("content") : message.end();
      if (role == message.end() || content == message.end() || !role->is_string() || !content->is_string()) continue;
      text += fmt::format("MESSAGE {} {}\n", role->get<std::string>(), quoted(content->get<std::string>()));
    }
  }
  if (!details.licence_text.empty()) text += "LICENSE \"\"\"" + details.licence_text + "\"\"\"\n";
  return text;
}

}  // namespace

std::unique_ptr<AnswerEncoder> make_encoder(AnswerFrame frame) {
  return std::make_unique<Encoder>(std::move(frame));
}

std::string encode_load(const AnswerFrame& frame, bool unloaded) {
  Json json = piece(frame, "");
  json["done"] = true;
  json["done_reason"] = unloaded ? "unload" : "load";
  return line(json);
}

std::string encode_error(const Failure& failure) {
  // Word for word, both spaces included: programs look for it.
  if (failure.is_overload())
    return to_text({{"error", "server busy, please try again.  maximum pending requests exceeded"}});
  std::string message = failure.error.message();
  if (!failure.error.hint().empty() && failure.code != "model_not_found") message += ": " + failure.error.hint();
  Json json = {{"error", std::move(message)}};
  if (failure.code == kAnswerBreaksSchema) json["code"] = failure.code;
  return to_text(json);
}

std::string encode_tags(std::span<const ModelInfo> models) {
  Json list = Json::array();
  for (const ModelInfo& model : models)
    list.push_back({{"name", model.name},
                    {"model", model.name},
                    {"modified_at", timestamp(model.modified_unix * kNanoseconds)},
                    {"size", model.size},
                    {"digest", shown_digest(model)},
                    {"details", details_json(model)},
                    {"capabilities", model.capabilities}});
  return to_text({{"models", std::move(list)}});
}

std::string encode_running(std::span<const runtime::LoadedModel> loaded, std::span<const ModelInfo> models,
                           int64_t now_unix) {
  // Ollama shows models that stay for ever with a date far away; a client subtracts it from now.
  const int64_t for_ever = now_unix + int64_t{100} * 365 * 24 * 3600;
  Json list = Json::array();
  // The one that stays longest first.
  std::vector<runtime::LoadedModel> sorted(loaded.begin(), loaded.end());
  std::ranges::stable_sort(sorted, std::greater(), &runtime::LoadedModel::expires_unix);
  for (const runtime::LoadedModel& model : sorted) {
    const auto info = std::ranges::find(models, model.name, &ModelInfo::name);
    ModelInfo shown = info == models.end() ? ModelInfo{} : *info;
    if (info == models.end()) {
      shown.digest = model.digest;
      shown.architecture = model.description.architecture;
      shown.parameters = model.description.parameters;
      shown.quantization = model.description.quantization;
      shown.context = model.description.context_length;
    }
    list.push_back({{"name", model.name},
                    {"model", model.name},
                    {"size", model.bytes},
                    {"digest", shown_digest(shown)},
                    {"details", details_json(shown)},
                    {"expires_at", timestamp(std::min(model.expires_unix, for_ever) * kNanoseconds)},
                    {"size_vram", 0},
                    {"size_planned", model.description.memory.total()},  // not Ollama's: what it may come to
                    {"size_kv", model.description.memory.cache},         // of that, when the KV cache is full
                    {"context_length", model.description.context_limit}});
  }
  return to_text({{"models", std::move(list)}});
}

std::string encode_show(const ModelDetails& details, const std::string& listing_json) {
  Json listing = Json::parse(listing_json, nullptr, false);
  if (!listing.is_object()) listing = Json::object();
  Json metadata = listing.contains("model_info") ? std::move(listing["model_info"])
                                                 : Json::parse(details.metadata_json, nullptr, false);
  if (!metadata.is_object()) metadata = Json::object();
  metadata.erase("general.name");
  metadata.erase("tokenizer.chat_template");
  if (!metadata.contains("general.parameter_count")) metadata["general.parameter_count"] = details.info.parameters;
  Json json = Json::object();
  const auto add = [&](const char* name, std::string text) {
    if (!text.empty()) json[name] = std::move(text);
  };
  add("license", details.licence_text);
  json["modelfile"] = modelfile_text(details);
  add("parameters", parameters_text(details.parameters_json));
  json["template"] = base::to_valid_utf8(details.chat_template);
  add("system", details.system);
  json["details"] = details_json(details.info);
  if (Json messages = Json::parse(details.messages_json, nullptr, false); messages.is_array())
    json["messages"] = std::move(messages);
  json["model_info"] = std::move(metadata);
  if (listing.contains("tensors")) json["tensors"] = std::move(listing["tensors"]);
  json["capabilities"] = details.info.capabilities;
  json["modified_at"] = timestamp(details.info.modified_unix * kNanoseconds);
  return to_text(json);
}

std::string encode_pull(const store::PullProgress& progress, std::string_view model, std::string_view digest_hex) {
  switch (progress.phase) {
    case store::PullPhase::kResolving:
      return encode_status("pulling manifest");
    case store::PullPhase::kWaiting:
      return encode_status("waiting: another process is pulling the same model");
    case store::PullPhase::kVerifying:
      return encode_status("verifying sha256 digest");
    case store::PullPhase::kConverting:
      return encode_status("converting model");
    case store::PullPhase::kDownloading:
    case store::PullPhase::kJoining:
      break;
  }
  // The digest is known beforehand where the catalog pins one.
  Json json = {{"status", fmt::format("pulling {}", digest_hex.empty() ? model : digest_hex.substr(0, 12))}};
  if (!digest_hex.empty()) json["digest"] = fmt::format("sha256:{}", digest_hex);
  if (progress.bytes_total > 0) json["total"] = progress.bytes_total;
  if (progress.bytes_done > 0) json["completed"] = progress.bytes_done;
  return line(json);
}

std::string encode_status(std::string_view status) {
  return line({{"status", status}});
}

std::string parameter_size(uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (parameters >= 1'000'000'000) return fmt::format("{:.2f}B", count / 1e9);
  if (parameters >= 1'000'000) return fmt::format("{:.2f}M", count / 1e6);
  return fmt::format("{:.2f}K", count / 1e3);
}

std::string timestamp(int64_t unix_ns) {
  // As Go writes them: a whole second has no fraction.
  const int64_t fraction = unix_ns % kNanoseconds;
  return base::utc_text(unix_ns / kNanoseconds) + (fraction == 0 ? "Z" : fmt::format(".{:09}Z", fraction));
}

}  // namespace ingle::api::ollama
