// OpenAI's chat completions, as their API reference describes them: POST BASE/chat/completions, answered by server-sent
// events (WHATWG HTML, section 9.2) that end with [DONE].
#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "router/providers/provider.h"

namespace ingle::router {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxAnswerBytes = 64 << 20;
constexpr unsigned kSilenceMs = 180'000;  // models that think say nothing for minutes

Result<Json> messages_of(const chat::CompleteRequest& request) {
  const auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
  if (prompt == nullptr) return std::unexpected(Error::unsupported("a prompt without messages stays on this machine"));
  if (!prompt->tools_json.empty() && prompt->tools_json.reveal() != "[]") {
    return std::unexpected(Error::unsupported("requests with tools stay on this machine"));
  }
  Json messages = Json::array();
  for (const chat::Message& message : prompt->messages) {
    const bool plain = message.role == "system" || message.role == "user" || message.role == "assistant";
    if (!plain || !message.tool_calls.empty()) {
      return std::unexpected(Error::unsupported("conversations with tool calls stay on this machine"));
    }
    if (!base::is_valid_utf8(message.content.reveal())) {
      return std::unexpected(Error::unsupported("text that is not UTF-8 stays on this machine"));
    }
    messages.push_back({{"role", message.role}, {"content", message.content.reveal()}});
  }
  return messages;
}

Result<net::HttpRequest> encode(const Provider& provider, std::string_view api_key,
                                const chat::CompleteRequest& request) {
  if (!request.json_schema.empty() || !request.grammar.empty() || !request.copy_sources.empty() ||
      !request.continue_from.empty() || request.logprobs >= 0 || request.ignore_eos) {
    return std::unexpected(Error::unsupported("requests that constrain or inspect tokens stay on this machine"));
  }
  net::HttpRequest http;
  http.method = net::HttpMethod::kPost;
  http.url = provider.base_url;
  if (!http.url.target.ends_with('/')) http.url.target += '/';
  http.url.target += "chat/completions";
  http.headers = {{"Content-Type", "application/json"}, {"Accept", "text/event-stream"}};
  if (!api_key.empty()) http.headers.push_back({"Authorization", "Bearer " + std::string(api_key)});
  http.max_body_bytes = kMaxAnswerBytes;
  http.silence_timeout_ms = kSilenceMs;
  try {
    INGLE_TRY(Json messages, messages_of(request));
    Json body = {{"model", provider.model}, {"messages", std::move(messages)}, {"stream", true}};
    body["stream_options"] = {{"include_usage", true}};
    if (request.max_tokens >= 0) body["max_tokens"] = request.max_tokens;
    // Rounded, so that 0.8 does not leave as 0.800000011920929.
    body["temperature"] = std::round(static_cast<double>(std::max(request.sampling.temperature, 0.0F)) * 1e4) / 1e4;
    if (request.sampling.top_p < 1) body["top_p"] = std::round(static_cast<double>(request.sampling.top_p) * 1e4) / 1e4;
    if (!request.stop.empty()) body["stop"] = request.stop;
    http.body = body.dump();
  } catch (const std::exception&) {
    return std::unexpected(Error::unsupported("a request that cannot be written as JSON stays on this machine"));
  }
  return http;
}

class Reader final : public AnswerReader {
 public:
  Status feed(std::string_view bytes, const std::function<void(std::string)>& on_text) override {
    for (const char c : bytes) {
      if (c != '\n') {
        if (line_.size() == kMaxLine) return std::unexpected(Error::corrupt("an event of the provider is too long"));
        line_ += c;
        continue;
      }
      if (line_.ends_with('\r')) line_.pop_back();
      const std::string line = std::exchange(line_, {});
      if (line.starts_with("data:")) INGLE_TRY_VOID(take(std::string_view(line).substr(5), on_text));
    }
    return {};
  }

  Result<chat::Finished> finish() override {
    if (!ended_) return std::unexpected(Error::unavailable("the provider's answer broke off"));
    return finished_;
  }

 private:
  static constexpr size_t kMaxLine = 4 << 20;

  Status take(std::string_view data, const std::function<void(std::string)>& on_text) {
    while (data.starts_with(' '))
      data.remove_prefix(1);
    if (data == "[DONE]") {
      ended_ = true;
      return {};
    }
    try {
      const Json event = Json::parse(data);
      if (event.contains("error")) return std::unexpected(Error::unavailable("the provider broke its answer off"));
      read_usage(event);
      const auto choices = event.find("choices");
      if (choices == event.end() || !choices->is_array() || choices->empty()) return {};
      const Json& choice = choices->front();
      if (const auto reason = choice.find("finish_reason"); reason != choice.end() && reason->is_string()) {
        ended_ = true;
        finished_.reason = *reason == "length" ? chat::FinishReason::kLength : chat::FinishReason::kStop;
      }
      const auto delta = choice.find("delta");
      if (delta == choice.end() || !delta->is_object()) return {};
      if (const auto text = delta->find("content"); text != delta->end() && text->is_string()) {
        if (auto words = text->get<std::string>(); !words.empty()) on_text(std::move(words));
      }
      return {};
    } catch (const std::exception&) {
      return std::unexpected(Error::corrupt("the provider's answer is not what chat completions look like"));
    }
  }

  void read_usage(const Json& event) {
    const auto usage = event.find("usage");
    if (usage == event.end() || !usage->is_object()) return;
    finished_.usage.prompt_tokens = usage->value("prompt_tokens", 0U);
    finished_.usage.completion_tokens = usage->value("completion_tokens", 0U);
  }

  std::string line_;
  chat::Finished finished_;
  bool ended_ = false;
};

}  // namespace

const ProviderKind kOpenAi{"openai", encode,
                           []() -> std::unique_ptr<AnswerReader> { return std::make_unique<Reader>(); }};

}  // namespace ingle::router
