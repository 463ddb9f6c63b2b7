#include "engine/tool_use.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/sha256.h"
#include "base/utf8.h"
#include "chat/errors.h"

namespace ingle::engine {
namespace {

using Kind = text::tools::CallEvent::Kind;
using Mode = chat::ToolChoice::Mode;

/// Looks random, so that nobody counts on its order, and is the same for the same request.
std::string call_id(std::string_view request_id, uint32_t index) {
  constexpr size_t kLetters = 24;
  const std::string place = fmt::format("{}\n{}", request_id, index);
  return "call_" + base::sha256_hex(std::as_bytes(std::span(place))).substr(0, kLetters);
}

text::tools::CallRules rules_of(const chat::ToolChoice& choice) {
  return {.required = choice.mode == Mode::kRequired || choice.mode == Mode::kNamed,
          .only = choice.mode == Mode::kNamed ? choice.name : std::string(),
          // A function that is named is called once: clients run every call that they get.
          .parallel = choice.parallel && choice.mode != Mode::kNamed};
}

/// The conversation has calls or their results.
bool tells_of_calls(const chat::ChatPrompt& prompt) {
  return std::ranges::any_of(prompt.messages, [](const chat::Message& message) {
    return message.role == "tool" || !message.tool_calls.empty();
  });
}

}  // namespace

std::string signature(const Offer& offer) {
  std::string text = fmt::format("{}{}{}{}:{}{}:{}", offer.rules.required ? 'r' : '-', offer.rules.parallel ? 'p' : '-',
                                 offer.rules.strict_document ? 's' : '-', offer.rules.only.size(), offer.rules.only,
                                 offer.rules.document.size(), offer.rules.document);
  for (const text::tools::Tool& tool : offer.tools)
    text += fmt::format("{}:{}{}{}:{}", tool.name.size(), tool.name, tool.strict ? 's' : '-',
                        tool.parameters_json.size(), tool.parameters_json);
  return text;
}

CallReader::CallReader(std::string request_id, const text::tools::Format& format, Offer offer,
                       std::vector<std::optional<text::grammar::Validator>> checks)
    : request_id_(std::move(request_id)),
      offer_(std::move(offer)),
      checks_(std::move(checks)),
      parser_(format, offer_.tools, offer_.rules) {}

Result<CallReader> CallReader::create(std::string request_id, const text::tools::Format& format, Offer offer) {
  // Arguments are judged on the step thread, where other requests wait.
  constexpr text::grammar::ValidatorLimits kLimits{.max_steps = 400'000};
  std::vector<std::optional<text::grammar::Validator>> checks(offer.tools.size());
  for (size_t i = 0; i < checks.size(); ++i) {
    const text::tools::Tool& tool = offer.tools[i];
    if (tool.strict) continue;
    auto check = text::grammar::Validator::create(tool.parameters_json, kLimits);
    if (!check)
      return std::unexpected(
          std::move(check).error().within(fmt::format("the parameters of the tool '{}'", tool.name)));
    checks[i] = *std::move(check);
  }
  return CallReader(std::move(request_id), format, std::move(offer), std::move(checks));
}

Result<std::string> CallReader::read(std::string_view bytes, std::vector<chat::ToolCallDelta>& calls) {
  std::vector<text::tools::CallEvent> events;
  parser_.feed(bytes, events);
  return take(std::move(events), calls);
}

Result<std::string> CallReader::finish(std::vector<chat::ToolCallDelta>& calls) {
  std::vector<text::tools::CallEvent> events;
  parser_.finish(events);
  return take(std::move(events), calls);
}

Result<std::string> CallReader::take(std::vector<text::tools::CallEvent> events,
                                     std::vector<chat::ToolCallDelta>& calls) {
  std::string content;
  for (text::tools::CallEvent& event : events) {
    switch (event.kind) {
      case Kind::kContent:
        content += event.text;
        break;
      case Kind::kBegin:
        begin_call(std::move(event.text), calls);
        break;
      case Kind::kArguments:
        add_arguments(event.text, calls);
        break;
      case Kind::kEnd:
        INGLE_TRY_VOID(end_call());
        break;
    }
  }
  return content;
}

void CallReader::begin_call(std::string name, std::vector<chat::ToolCallDelta>& calls) {
  tool_ = static_cast<size_t>(std::ranges::find(offer_.tools, name, &text::tools::Tool::name) - offer_.tools.begin());
  arguments_.clear();
  held_.clear();
  const uint32_t index = n_calls_++;
  calls.push_back({.index = index, .id = call_id(request_id_, index), .name = std::move(name)});
}

void CallReader::add_arguments(std::string_view bytes, std::vector<chat::ToolCallDelta>& calls) {
  held_ += bytes;
  const size_t whole = base::complete_utf8_prefix(held_);
  if (whole == 0) return;
  const std::string piece = base::to_valid_utf8(held_.substr(0, whole));
  held_.erase(0, whole);
  arguments_ += piece;
  const uint32_t index = n_calls_ - 1;
  if (calls.empty() || calls.back().index != index) calls.push_back({.index = index});
  calls.back().arguments += piece;
}

/// The grammar enforces what it can of a schema; this sees the rest, and that nothing of it went wrong.
Status CallReader::end_call() const {
  if (tool_ >= checks_.size() || !checks_[tool_]) return {};
  INGLE_TRY(const auto violation, checks_[tool_]->validate(arguments_));
  if (!violation) return {};
  // The place in the document is left out: the model may have made up its words.
  return std::unexpected(chat::answer_breaks_schema(
      {.keyword = violation->keyword, .path = violation->schema_path, .tool = offer_.tools[tool_].name}));
}

ToolUse::ToolUse(const text::ChatTemplate* chat_template)
    : template_(chat_template),
      format_(text::tools::format_of(chat_template == nullptr ? std::string_view() : chat_template->source())) {}

const text::tools::TemplateAbilities& ToolUse::abilities() const {
  std::call_once(probed_, [this] {
    if (template_ != nullptr) abilities_ = text::tools::probe_template(*template_);
  });
  return abilities_;
}

Result<std::optional<Offer>> ToolUse::offer_of(const chat::CompleteRequest& request) const {
  const auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
  if (prompt == nullptr || prompt->tool_choice.mode == Mode::kNone) return std::nullopt;
  Offer offer;
  INGLE_TRY(offer.tools, text::tools::read_tools(prompt->tools_json.reveal()));
  if (offer.tools.empty()) return std::nullopt;
  if (!request.grammar.empty()) {
    return std::unexpected(Error::usage("an answer follows a grammar or calls tools, not both")
                               .hint("send the grammar without tools, or with tool_choice none"));
  }
  offer.rules = rules_of(prompt->tool_choice);
  offer.rules.document = request.json_schema;
  offer.rules.strict_document = !request.check_schema;
  return offer;
}

bool ToolUse::forbids_calls(const chat::CompleteRequest& request) const {
  const auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt);
  return prompt != nullptr && prompt->tool_choice.mode == Mode::kNone && tells_of_calls(*prompt) &&
         request.json_schema.empty() && request.grammar.empty();
}

Result<text::tools::PreparedPrompt> ToolUse::prepare(const chat::ChatPrompt& prompt, std::string messages_json) const {
  std::vector<text::tools::Tool> tools;
  // What may not be called is not shown either.
  if (prompt.tool_choice.mode != Mode::kNone) {
    INGLE_TRY(tools, text::tools::read_tools(prompt.tools_json.reveal()));
  }
  if (tools.empty() && !tells_of_calls(prompt)) return text::tools::PreparedPrompt{std::move(messages_json), {}};
  return text::tools::prepare_prompt(format_, abilities(), messages_json, tools, rules_of(prompt.tool_choice));
}

}  // namespace ingle::engine
