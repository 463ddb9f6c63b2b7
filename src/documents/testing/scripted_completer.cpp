#include "documents/testing/scripted_completer.h"

namespace ingle::documents::testing {
namespace {

Error not_here() {
  return Error::unsupported("the script has no model");
}

}  // namespace

std::string ScriptedCompleter::user_text(const chat::CompleteRequest& request) {
  const auto* chat = std::get_if<chat::ChatPrompt>(&request.prompt);
  return chat == nullptr || chat->messages.empty() ? std::string() : chat->messages.back().content.reveal();
}

Result<chat::Description> ScriptedCompleter::describe() {
  chat::Description description;
  description.name = "script";
  description.context_limit = context_limit;
  description.has_template = true;
  description.parameters = parameters;
  return description;
}

Status ScriptedCompleter::complete(chat::CompleteRequest request, chat::EventSink sink) {
  ++requests_;
  std::string text = answer_(request);
  std::jthread([sink = std::move(sink), text = std::move(text)] {
    chat::Delta delta;
    delta.text = text;
    sink(delta);
    sink(chat::Finished{});
  }).join();
  return {};
}

void ScriptedCompleter::cancel(std::string_view) {}
void ScriptedCompleter::release(std::string_view) {}

Result<std::string> ScriptedCompleter::render(const chat::ChatPrompt&) {
  return std::unexpected(not_here());
}
Result<std::vector<int32_t>> ScriptedCompleter::tokenize(const chat::TokenizeRequest&) {
  return std::unexpected(not_here());
}
Result<std::string> ScriptedCompleter::detokenize(std::span<const int32_t>) {
  return std::unexpected(not_here());
}
Result<std::vector<float>> ScriptedCompleter::score(const chat::ScoreRequest&) {
  return std::unexpected(not_here());
}
Status ScriptedCompleter::embed(chat::EmbedRequest, chat::EventSink) {
  return std::unexpected(not_here());
}
Result<std::vector<std::vector<float>>> ScriptedCompleter::tag(const chat::EmbedTokens&) {
  return std::unexpected(not_here());
}
Result<std::string> ScriptedCompleter::fork(std::string_view) {
  return std::unexpected(not_here());
}

}  // namespace ingle::documents::testing
