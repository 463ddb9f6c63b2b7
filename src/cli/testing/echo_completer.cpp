#include "cli/testing/echo_completer.h"

#include <algorithm>

#include "base/utf8.h"

namespace ingle::cli {
namespace {

Error not_here() {
  return Error::unsupported("the echo has no model");
}

}  // namespace

Result<chat::Description> EchoCompleter::describe() {
  chat::Description description;
  description.name = "echo";
  description.context_limit = 4096;
  description.vocab_size = 256;
  description.has_template = has_template;
  return description;
}

Result<std::string> EchoCompleter::render(const chat::ChatPrompt& prompt) {
  std::string text;
  for (const chat::Message& message : prompt.messages)
    text += "<" + message.role + ">" + message.content.reveal();
  return text;
}

Result<std::vector<int32_t>> EchoCompleter::tokenize(const chat::TokenizeRequest& request) {
  std::vector<int32_t> tokens;
  for (const char c : request.text.reveal())
    tokens.push_back(static_cast<unsigned char>(c));
  return tokens;
}

Result<std::string> EchoCompleter::detokenize(std::span<const int32_t> tokens) {
  std::string text;
  for (const int32_t token : tokens)
    text += static_cast<char>(token);
  return text;
}

Status EchoCompleter::complete(chat::CompleteRequest request, chat::EventSink sink) {
  if (!takes_shapes && (!request.json_schema.empty() || !request.grammar.empty()))
    return std::unexpected(Error::unsupported("constrained output is not implemented"));
  if (seen != nullptr) *seen = request;
  if (was_asked != nullptr) *was_asked = true;
  std::string text;
  if (const auto* chat = std::get_if<chat::ChatPrompt>(&request.prompt)) {
    INGLE_TRY(text, render(*chat));
  } else if (const auto* raw = std::get_if<chat::RawPrompt>(&request.prompt)) {
    text = raw->text.reveal();
  } else {
    text = std::string(std::get<chat::TokenPrompt>(request.prompt).tokens.size(), 'x');
  }
  threads_.emplace_back(
      [this, request = std::move(request), sink = std::move(sink), text] { answer(request, sink, text); });
  return {};
}

void EchoCompleter::answer(const chat::CompleteRequest& request, const chat::EventSink& sink, const std::string& text) {
  const auto prompt_tokens = static_cast<uint32_t>(text.size());
  sink(chat::Prefill{.done = prompt_tokens, .total = prompt_tokens});
  chat::Finished finished = ending;
  finished.usage.prompt_tokens = prompt_tokens;
  std::string_view rest = text;
  while (!rest.empty()) {
    const size_t end = std::min(rest.find(' ', 1), rest.size());
    chat::Delta delta;
    const std::string_view word = rest.substr(0, end);
    delta.text = base::to_valid_utf8(word);
    if (delta.text != word) delta.bytes = word;
    if (request.logprobs >= 0) {
      chat::TokenInfo info;
      info.chosen = {.id = 1, .text = delta.text, .logprob = -0.5F};
      info.top.assign(static_cast<size_t>(request.logprobs), {.id = 2, .text = "\xff", .logprob = -1.0F});
      delta.tokens.push_back(std::move(info));
    }
    sink(std::move(delta));
    ++finished.usage.completion_tokens;
    rest.remove_prefix(end);
  }
  if (fails) return sink(chat::Failed{Error::refused("the answer breaks 'uniqueItems' of its schema")});
  if (endless) {
    std::unique_lock lock(mutex_);
    cancelled_changed_.wait(lock, [&] { return cancelled_.contains(request.id); });
    finished.reason = chat::FinishReason::kCancelled;
  }
  sink(std::move(finished));
}

void EchoCompleter::cancel(std::string_view id) {
  const std::lock_guard lock(mutex_);
  cancelled_.emplace(id);
  cancelled_changed_.notify_all();
}

Result<std::vector<float>> EchoCompleter::score(const chat::ScoreRequest& /*request*/) {
  return std::unexpected(not_here());
}
Status EchoCompleter::embed(chat::EmbedRequest /*request*/, chat::EventSink /*sink*/) {
  return std::unexpected(not_here());
}
Result<std::vector<std::vector<float>>> EchoCompleter::tag(const chat::EmbedTokens& /*request*/) {
  return std::unexpected(not_here());
}
Result<std::string> EchoCompleter::fork(std::string_view /*request_id*/) {
  return std::unexpected(not_here());
}
void EchoCompleter::release(std::string_view /*handle*/) {}

}  // namespace ingle::cli
