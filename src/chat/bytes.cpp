#include "chat/bytes.h"

#include <cstdint>
#include <variant>

namespace ingle::chat {
namespace {

constexpr size_t kRequestBytes = 1024;  // of one without its texts

size_t bytes_of(const RawPrompt& raw) {
  return raw.text.reveal().size();
}
size_t bytes_of(const TokenPrompt& prompt) {
  return prompt.tokens.size() * sizeof(int32_t);
}

}  // namespace

size_t bytes_of(const ChatPrompt& prompt) {
  size_t bytes = prompt.tools_json.reveal().size();
  for (const Message& message : prompt.messages) {
    bytes += sizeof(message) + message.content.reveal().size() + message.thinking.reveal().size();
    for (const ToolCall& call : message.tool_calls)
      bytes += sizeof(call) + call.arguments_json.reveal().size();
  }
  return bytes;
}

size_t bytes_of(const CompleteRequest& request) {
  size_t bytes = kRequestBytes + request.json_schema.size() + request.grammar.size();
  for (const CopySource& source : request.copy_sources)
    bytes += source.text.reveal().size();
  return bytes + std::visit([](const auto& prompt) { return bytes_of(prompt); }, request.prompt);
}

size_t bytes_of(const EmbedRequest& request) {
  size_t bytes = kRequestBytes;
  for (const EmbedInput& input : request.inputs) {
    bytes += sizeof(input);
    if (const auto* tokens = std::get_if<EmbedTokens>(&input)) bytes += tokens->tokens.size() * sizeof(int32_t);
    if (const auto* text = std::get_if<EmbedText>(&input))
      bytes += text->text.reveal().size() + (text->second ? text->second->reveal().size() : 0);
  }
  return bytes;
}

}  // namespace ingle::chat
