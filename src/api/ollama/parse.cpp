#include "api/ollama/parse.h"

#include <algorithm>
#include <cmath>

#include "api/json_input.h"
#include "api/ollama/options.h"
#include "api/tool_input.h"
#include "net/url.h"
#include "runtime/keep_alive.h"
#include "store/manifest.h"

namespace ingle::api::ollama {
namespace {

// clang-format off
constexpr Field kCommonRows[] = {
  required("model", "string"),
  honoured("stream", "boolean", "default true"),
  honoured("options", "object", "those of the model's manifest stand where one is missing", &kOptionFields),
  honoured("keep_alive", "number|string", kKeepAliveNote),
  honoured("format", "string|object", "\"json\" or a schema; what of it cannot be enforced is checked at the end"),
  honoured("think", "boolean|string", "true, false, low, medium, high, max"),
  honoured("logprobs", "boolean"),
  honoured("top_logprobs", "integer", "0 to 20, with logprobs"),
  honoured("truncate", "boolean", "true: the oldest messages are left out until the rest fits, and X-Ingle-Truncated "
                                  "says how many; else a prompt that is too long is refused with both counts"),
  rejected("shift", 501, "nothing is dropped while an answer is written: where the context is full, it ends with "
                         "done_reason \"length\""),
  rejected("_debug_render_only", 501, "POST /apply-template shows the prompt"),
};
constexpr Field kMessageRows[] = {
  required("role", "string", "system, user, assistant or tool"),
  honoured("content", "string"),
  honoured("thinking", "string", "of an assistant's message; most templates leave out that of earlier turns"),
  honoured("tool_name", "string", "of a result: the function's name"),
  honoured("tool_call_id", "string", "of a result: the call's id"),
  rejected("images", 400, "the models here read text only"),
};
constexpr auto kMessageTable = joined(kMessageRows, kToolCallRows);
constexpr FieldTable kMessageFields = kMessageTable;
constexpr Field kChatRows[] = {
  honoured("messages", "object[]", "none: the model is loaded, or unloaded with keep_alive 0", &kMessageFields),
};
constexpr Field kGenerateRows[] = {
  honoured("prompt", "string", "empty: the model is loaded, or unloaded with keep_alive 0"),
  honoured("system", "string", "empty: that of the model's manifest"),
  honoured("template", "string", "a chat template in Jinja instead of the model's own; one in Go's language is 501"),
  honoured("raw", "boolean", "no template, and no system message"),
  honoured("suffix", "string", "what comes after the answer, for models that were trained for it"),
  honoured("context", "integer[]", "of an earlier answer, which this one goes on with"),
  rejected("images", 400, "the models here read text only"),
};
constexpr auto kChatTable = joined(kCommonRows, kChatRows, kToolRows);
constexpr auto kGenerateTable = joined(kCommonRows, kGenerateRows);
constexpr Field kModelRows[] = {
  honoured("model", "string"),
  honoured("name", "string", "the old word for model"),
};
constexpr Field kShowRows[] = {
  honoured("verbose", "boolean", "default false: long lists in model_info are empty, and there are no tensors"),
  honoured("system", "string", "stands in the answer instead of the model's"),
  harmless("template", "Ollama does not look at it either"),
  honoured("options", "object", "only checked", &kOptionFields),
};
constexpr Field kPullRows[] = {
  honoured("stream", "boolean", "default true"),
  harmless("insecure", "connections are always checked"),
  harmless("username", "Ollama does not look at it either"),
  harmless("password", "Ollama does not look at it either"),
};
constexpr auto kShowTable = joined(kModelRows, kShowRows);
constexpr auto kPullTable = joined(kModelRows, kPullRows);
// clang-format on

/// A number that is no duration of Go: "300". Zero needs no unit there.
bool lacks_a_unit(std::string_view text) {
  const size_t sign = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  const std::string_view digits = text.substr(sign);
  return digits.find_first_not_of("0123456789.") == std::string_view::npos && digits != "0";
}

}  // namespace

void read_keep_alive(ObjectReader& in, std::optional<runtime::KeepAlive>& keep_alive) {
  const Json* value = in.any("keep_alive");
  if (value == nullptr) return;
  if (value->is_number()) {
    const double seconds = value->get<double>();
    keep_alive = seconds < 0 ? -1 : static_cast<int64_t>(std::ceil(std::min(seconds, 1e12)));
    return;
  }
  if (!value->is_string()) return in.fault("keep_alive", "must be seconds or a duration such as \"5m\"");
  const auto& text = value->get_ref<const std::string&>();
  const auto parsed = runtime::parse_keep_alive(text);
  if (parsed && !lacks_a_unit(text)) {
    keep_alive = *parsed;
    return;
  }
  // Go's words, which Ollama hands on.
  in.fault(Failure{.status = 400,
                   .param = "keep_alive",
                   .error = Error::usage(std::string("time: ") + (parsed ? "missing unit in" : "invalid") +
                                         " duration " + Json(text.substr(0, 100)).dump())});
}

namespace {

void read_format(ObjectReader& in, ReadNotes& notes, CompletionCall& call) {
  const Json* format = in.any("format");
  if (format == nullptr || *format == "") return;
  if (*format == "json") {
    call.request.json_schema = R"({"type":"object"})";
  } else if (format->is_object()) {
    note_unknown_keywords(*format, "format", false, notes);
    call.request.json_schema = to_text(*format);
    call.request.check_schema = true;
  } else {
    in.fault(Failure{.status = 400,
                     .param = "format",
                     .error = Error::usage("invalid format: " + to_text(*format).substr(0, 100) +
                                           "; expected \"json\" or a valid JSON Schema object")});
  }
}

void read_think(ObjectReader& in, CompletionCall& call) {
  constexpr std::string_view kChoice = "\"high\", \"medium\", \"low\", \"max\", true, or false)";
  const Json* think = in.any("think");
  if (think == nullptr) return;
  if (think->is_boolean()) {
    call.think = think->get<bool>();
  } else if (*think == "low" || *think == "medium" || *think == "high" || *think == "max") {
    call.think = true;
    call.effort = *think == "max" ? "high" : think->get<std::string>();
  } else {
    const std::string text = think->is_string()
                                 ? "invalid think value: " + to_text(*think).substr(0, 100) + " (must be "
                                 : "think must be a boolean or string (";
    in.fault(Failure{.status = 400, .param = "think", .error = Error::usage(text + std::string(kChoice))});
  }
}

/// What chat and generate share.
void read_common(ObjectReader& in, ReadNotes& notes, const OptionsOf& options_of, CompletionCall& call) {
  call.model = in.text("model").value_or("");
  call.stream = in.boolean("stream").value_or(true);
  call.request.sampling = default_sampling();
  put_options(options_of, call.model, call.request, call.acquire, call.has_seed);
  if (const Json* options = in.object("options")) read_options(*options, "options", notes, call);
  read_keep_alive(in, call.acquire.keep_alive);
  read_format(in, notes, call);
  read_think(in, call);
  call.truncate = in.boolean("truncate").value_or(false);
  call.logprobs = in.boolean("logprobs").value_or(false);
  const Json* top = in.any("top_logprobs");
  if (top != nullptr && (!top->is_number() || top->get<double>() < 0 || top->get<double>() > 20))
    in.fault(Failure{
        .status = 400, .param = "top_logprobs", .error = Error::usage("top_logprobs must be between 0 and 20")});
  if (call.logprobs)
    call.request.logprobs = top == nullptr || notes.fault ? 0 : static_cast<int32_t>(top->get<double>());
}

std::vector<chat::Message> read_messages(ObjectReader& in, ReadNotes& notes) {
  std::vector<chat::Message> messages;
  const Json* list = in.array("messages");
  if (list == nullptr && !in.misspelt("messages").empty()) in.missing("messages");
  if (list == nullptr) return messages;
  messages.reserve(list->size());
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "messages[" + std::to_string(i) + "]", notes, kMessageFields);
    chat::Message message;
    message.role = net::lower_ascii(item.text("role").value_or(""));
    const auto content = item.text("content");
    if (!content && (message.role == "user" || !item.misspelt("content").empty())) item.missing("content");
    message.content = chat::Private(content.value_or(""));
    if (message.role == "assistant") {
      message.tool_calls = read_tool_calls(item, notes);
      message.thinking = chat::Private(item.text("thinking").value_or(""));
    } else if (message.role == "tool") {
      message.name = item.text("tool_name").value_or("");
      message.tool_call_id = item.text("tool_call_id").value_or("");
    } else if (message.role != "system" && message.role != "user") {
      item.fault("role", "must be system, user, assistant or tool");
    }
    messages.push_back(std::move(message));
  }
  match_results(messages);
  return messages;
}

void add_thinking(const CompletionCall& call, chat::ChatPrompt& prompt) {
  prompt.think = call.think;
  prompt.effort = call.effort;
}

std::vector<int32_t> read_context(ObjectReader& in) {
  const Json* list = in.array("context");
  std::vector<int32_t> tokens;
  if (list == nullptr) return tokens;
  tokens.reserve(list->size());
  for (const Json& token : *list) {
    const bool fits = token.is_number_integer() && token >= 0 && token <= INT32_MAX;
    if (!fits) {
      in.fault("context", "must be a list of tokens");
      return {};
    }
    tokens.push_back(token.get<int32_t>());
  }
  return tokens;
}

void read_generate_prompt(ObjectReader& in, CompletionCall& call) {
  std::string prompt = in.text("prompt").value_or("");
  if (prompt.empty() && !in.misspelt("prompt").empty()) in.missing("prompt");
  std::string system = in.text("system").value_or("");
  std::string chat_template = in.text("template").value_or("");
  std::string suffix = in.text("suffix").value_or("");
  std::vector<int32_t> before = read_context(in);
  const bool raw = in.boolean("raw").value_or(false);
  if (raw && (!system.empty() || !chat_template.empty() || !before.empty()))
    return in.fault(
        Failure{.status = 400, .error = Error::usage("raw mode does not support template, system, or context")});
  if (store::is_go_template(chat_template))
    return in.fault(Failure::not_implemented("template", "Go's template language is not rendered here; send Jinja"));
  call.only_load = prompt.empty();
  call.is_raw = raw;
  if (!suffix.empty()) {
    if (raw) return in.fault("suffix", "has no place in a raw prompt");
    call.suffix = chat::Private(std::move(suffix));
    call.request.prompt = chat::RawPrompt{.text = chat::Private(std::move(prompt))};
    return;
  }
  if (raw) {
    call.request.prompt = chat::RawPrompt{.text = chat::Private(std::move(prompt))};
    return;
  }
  chat::ChatPrompt chat_prompt;
  if (!system.empty()) chat_prompt.messages.push_back({.role = "system", .content = chat::Private(std::move(system))});
  chat_prompt.messages.push_back({.role = "user", .content = chat::Private(std::move(prompt))});
  chat_prompt.brings_template = !chat_template.empty();
  chat_prompt.chat_template = std::move(chat_template);
  chat_prompt.before = std::move(before);
  add_thinking(call, chat_prompt);
  call.request.prompt = std::move(chat_prompt);
  call.request.return_tokens = true;
}

Answer<CompletionCall> finished(CompletionCall call, ReadNotes notes) {
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace

constexpr FieldTable kChatFields = kChatTable;
constexpr FieldTable kGenerateFields = kGenerateTable;
constexpr FieldTable kModelFields = kModelRows;
constexpr FieldTable kShowFields = kShowTable;
constexpr FieldTable kPullFields = kPullTable;

Answer<CompletionCall> parse_chat(std::string_view body, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kChatFields);
    read_common(in, notes, options_of, call);
    chat::ChatPrompt prompt{.messages = read_messages(in, notes)};
    read_tools(in, notes, prompt);
    add_thinking(call, prompt);
    call.only_load = prompt.messages.empty();
    call.request.prompt = std::move(prompt);
  }
  return finished(std::move(call), std::move(notes));
}

Answer<CompletionCall> parse_generate(std::string_view body, const OptionsOf& options_of) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, kGenerateFields);
    read_common(in, notes, options_of, call);
    read_generate_prompt(in, call);
  }
  return finished(std::move(call), std::move(notes));
}

Answer<ModelCall> parse_model_call(std::string_view body, FieldTable fields) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  const auto has = [&](std::string_view name) { return std::ranges::find(fields, name, &Field::name) != fields.end(); };
  ModelCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes, fields);
    const auto old_name = in.text("name");
    call.model = in.text("model").value_or("");
    if (call.model.empty()) call.model = old_name.value_or("");
    if (call.model.empty())
      in.fault(Failure{.status = 400, .param = "model", .error = Error::usage("model is required")});
    if (has("stream")) call.stream = in.boolean("stream").value_or(true);
    if (has("verbose")) call.verbose = in.boolean("verbose").value_or(false);
    if (has("system")) call.system = in.text("system").value_or("");
    if (const Json* options = has("options") ? in.object("options") : nullptr) {
      CompletionCall checked;
      read_options(*options, "options", notes, checked);
    }
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::ollama
