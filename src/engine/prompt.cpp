#include "engine/prompt.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/utf8.h"

namespace ingle::engine {
namespace {

using Json = nlohmann::ordered_json;

std::string token_text(const text::Tokenizer& tokenizer, int32_t id) {
  return std::string(tokenizer.spelling(id));
}

Json tool_call_json(const chat::ToolCall& call) {
  // Templates write the arguments with tojson, so they must be the object and not the text of one.
  const std::string text = base::to_valid_utf8(call.arguments_json.reveal());
  Json arguments = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (arguments.is_discarded()) arguments = text;
  return {{"id", base::to_valid_utf8(call.id)},
          {"type", "function"},
          {"function", {{"name", base::to_valid_utf8(call.name)}, {"arguments", std::move(arguments)}}}};
}

/// What the template may know of thinking. Ours, so that no text of a client becomes a variable's name.
std::string template_variables(const chat::ChatPrompt& prompt, const text::thinking::Format* thinking) {
  Json variables = Json::object();
  if (prompt.think && thinking != nullptr && !thinking->variable.empty())
    variables[std::string(thinking->variable)] = *prompt.think;
  if (!prompt.effort.empty()) variables["reasoning_effort"] = base::to_valid_utf8(prompt.effort);
  return variables.empty() ? std::string() : variables.dump();
}

Error cannot_think() {
  return Error::refused("think: this model cannot think before it answers: its chat template knows nothing of it")
      .hint("leave out what asks for it, or take a model that thinks");
}

/// Without a template messages are the text that they are.
std::vector<text::RenderedSegment> plain_text(std::string_view messages) {
  text::RenderedSegment plain;
  for (const Json& message : Json::parse(messages)) {
    if (!plain.text.empty()) plain.text += '\n';
    plain.text += message.value("content", "");
  }
  if (plain.text.empty()) return {};
  return {std::move(plain)};
}

}  // namespace

std::string messages_json(const std::vector<chat::Message>& messages) {
  Json array = Json::array();
  for (const chat::Message& message : messages) {
    Json object = {{"role", base::to_valid_utf8(message.role)},
                   {"content", base::to_valid_utf8(message.content.reveal())}};
    if (!message.thinking.empty()) object["reasoning_content"] = base::to_valid_utf8(message.thinking.reveal());
    if (!message.name.empty()) object["name"] = base::to_valid_utf8(message.name);
    if (!message.tool_call_id.empty()) object["tool_call_id"] = base::to_valid_utf8(message.tool_call_id);
    for (const chat::ToolCall& call : message.tool_calls)
      object["tool_calls"].push_back(tool_call_json(call));
    array.push_back(std::move(object));
  }
  return array.dump();
}

namespace {

/// An assistant's words at the end are the beginning of the answer.
bool has_begun(const chat::ChatPrompt& prompt) {
  if (!prompt.add_generation_prompt || prompt.messages.empty()) return false;
  const chat::Message& last = prompt.messages.back();
  return last.role == "assistant" && last.tool_calls.empty();
}

}  // namespace

Result<std::vector<text::RenderedSegment>> Prompter::render(const chat::ChatPrompt& prompt) const {
  return has_begun(prompt) ? render_begun(prompt) : render_turns(prompt);
}

Result<std::vector<text::RenderedSegment>> Prompter::render_turns(const chat::ChatPrompt& prompt) const {
  INGLE_TRY(auto prepared, tools_.prepare(prompt, messages_json(prompt.messages)));
  if (prompt.think.value_or(false) && thinking_ == nullptr) return std::unexpected(cannot_think());
  if (template_ == nullptr) return plain_text(prepared.messages_json);
  auto segments = template_->render({.messages_json = std::move(prepared.messages_json),
                                     .tools_json = std::move(prepared.tools_json),
                                     .extra_json = template_variables(prompt, thinking_),
                                     .bos_token = token_text(tokenizer_, tokenizer_.special().bos),
                                     .eos_token = token_text(tokenizer_, tokenizer_.special().eos),
                                     .add_generation_prompt = prompt.add_generation_prompt,
                                     .now_unix = prompt.now_unix});
  // Trying again changes nothing, whichever limit a client's own template has met.
  if (!segments && prompt.brings_template)
    return std::unexpected(Error::usage("the template of the request: " + segments.error().message()));
  if (segments) INGLE_TRY_VOID(close_thinking(prompt, *segments));
  return segments;
}

/// What the template writes before an answer, and then what there is of it. Such an answer has its thinking behind it.
Result<std::vector<text::RenderedSegment>> Prompter::render_begun(chat::ChatPrompt prompt) const {
  if (prompt.think.value_or(false))
    return std::unexpected(Error::refused("an answer that has begun has its thinking behind it")
                               .hint("leave out what asks for thinking, or end with a message of the user"));
  const std::string begun = prompt.messages.back().content.reveal();
  prompt.messages.pop_back();
  if (thinking_ != nullptr) prompt.think = false;
  if (prompt.messages.empty() && !begun.empty())
    return std::unexpected(Error::usage("there is nothing before the answer that has begun"));
  INGLE_TRY(auto segments, render_turns(prompt));
  if (!begun.empty()) segments.push_back({.text = begun, .trusted = false});
  return segments;
}

/// A template may know no way to leave out the thinking, or none to have it.
Status Prompter::close_thinking(const chat::ChatPrompt& prompt, std::vector<text::RenderedSegment>& segments) const {
  if (!prompt.think || thinking_ == nullptr || !prompt.add_generation_prompt || segments.empty()) return {};
  const auto start = text::thinking::start_of(*thinking_, segments.back().text);
  if (*prompt.think)
    return start == text::thinking::Start::kAnswers ? Status(std::unexpected(cannot_think())) : Status();
  std::string ending = text::thinking::ending_without_thinking(*thinking_, start, !thinking_->variable.empty());
  if (!ending.empty()) segments.push_back({.text = std::move(ending), .trusted = true});
  return {};
}

std::vector<int32_t> Prompter::encode_segments(const std::vector<text::RenderedSegment>& segments, bool add_bos) const {
  std::vector<text::Segment> views;
  views.reserve(segments.size());
  for (const auto& segment : segments)
    views.push_back({segment.text, segment.trusted});
  auto tokens = tokenizer_.encode(views, {.add_bos = add_bos, .parse_special = true});
  // Many templates write the BOS that the tokenizer adds too.
  const int32_t bos = tokenizer_.special().bos;
  if (add_bos && tokens.size() >= 2 && tokens[0] == bos && tokens[1] == bos) tokens.erase(tokens.begin());
  return tokens;
}

Result<std::vector<int32_t>> Prompter::encode(const chat::Prompt& prompt, bool continues, uint32_t n_vocab) const {
  std::vector<int32_t> tokens;
  if (const auto* chat_prompt = std::get_if<chat::ChatPrompt>(&prompt)) {
    INGLE_TRY(const auto segments, render(*chat_prompt));
    tokens = encode_segments(segments, !continues && chat_prompt->before.empty());
    tokens.insert(tokens.begin(), chat_prompt->before.begin(), chat_prompt->before.end());
  } else if (const auto* raw = std::get_if<chat::RawPrompt>(&prompt)) {
    tokens = tokenizer_.encode(raw->text.reveal(), {.add_bos = !continues}, false);
  } else {
    tokens = std::get<chat::TokenPrompt>(prompt).tokens;
  }
  for (const int32_t token : tokens) {
    if (token < 0 || static_cast<uint32_t>(token) >= n_vocab) {
      return std::unexpected(
          Error::usage(fmt::format("the prompt has token {}, the vocabulary ends at {}", token, n_vocab - 1)));
    }
  }
  return tokens;
}

}  // namespace ingle::engine
