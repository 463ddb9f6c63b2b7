#include "text/template/capabilities.h"

#include <initializer_list>
#include <string>
#include <string_view>

namespace ingle::text {
namespace {

constexpr TemplateLimits kProbeLimits{
    .fuel = 500'000, .depth = 50, .max_memory_bytes = 4'000'000, .max_output_bytes = 200'000};

// The words to look for (qz...) stand in no template.
constexpr std::string_view kSystem = R"({"role":"system","content":"qzsystem"})";
constexpr std::string_view kUser = R"({"role":"user","content":"qzuser"})";
constexpr std::string_view kParts = R"({"role":"user","content":[{"type":"text","text":"qzpart"}]})";
// Nine characters: the identifiers that Mistral's templates insist on.
constexpr std::string_view kCall =
    R"({"role":"assistant","content":"","tool_calls":[{"id":"abcdef123","type":"function",)"
    R"("function":{"name":"qzcalled","arguments":{"key":"v"}}}]})";
constexpr std::string_view kAnswer =
    R"({"role":"tool","name":"qzcalled","tool_call_id":"abcdef123","content":"qzanswer"})";
constexpr std::string_view kTools =
    R"([{"type":"function","function":{"name":"qztool","description":"looks up","parameters":)"
    R"({"type":"object","properties":{"key":{"type":"string","description":"what"}},"required":["key"]}}}])";

// Whether the conversation renders and shows all of `words`.
bool shows(const ChatTemplate& chat_template, std::initializer_list<std::string_view> messages, std::string_view tools,
           std::initializer_list<std::string_view> words) {
  ChatTemplate::Inputs inputs;
  for (const std::string_view message : messages) {
    inputs.messages_json += inputs.messages_json.empty() ? "[" : ",";
    inputs.messages_json += message;
  }
  inputs.messages_json += "]";
  inputs.tools_json = tools;
  const auto rendered = chat_template.render(inputs, kProbeLimits);
  if (!rendered) return false;
  std::string text;
  for (const RenderedSegment& segment : *rendered)
    text += segment.text;
  for (const std::string_view word : words) {
    if (text.find(word) == std::string::npos) return false;
  }
  return true;
}

}  // namespace

TemplateCapabilities probe_capabilities(const ChatTemplate& chat_template) {
  TemplateCapabilities found;
  found.system_role = shows(chat_template, {kSystem, kUser}, {}, {"qzsystem", "qzuser"});
  found.tools = shows(chat_template, {kUser}, kTools, {"qztool"});
  found.tool_calls = shows(chat_template, {kUser, kCall, kAnswer}, kTools, {"qzcalled", "qzanswer"});
  // A template that prints whatever content is would show the array itself.
  found.content_parts = shows(chat_template, {kParts}, {}, {"qzpart"}) &&
                        !shows(chat_template, {kParts}, {}, {"'type'"}) &&
                        !shows(chat_template, {kParts}, {}, {"\"type\""});
  return found;
}

}  // namespace ingle::text
