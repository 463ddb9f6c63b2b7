#include "api/ollama/parse.h"

#include <algorithm>
#include <cmath>

#include "api/json_input.h"
#include "api/ollama/options.h"
#include "api/tool_input.h"
#include "net/url.h"
#include "runtime/keep_alive.h"

namespace ingle::api::ollama {
namespace {

constexpr std::string_view kNoImages = "the models here read text only";

void read_keep_alive(ObjectReader& in, CompletionCall& call) {
  const Json* value = in.any("keep_alive");
  if (value == nullptr) return;
  if (value->is_number()) {
    const double seconds = value->get<double>();
    call.acquire.keep_alive = seconds < 0 ? -1 : static_cast<int64_t>(std::ceil(std::min(seconds, 1e12)));
    return;
  }
  if (!value->is_string()) return in.fault("keep_alive", "must be seconds or a duration such as \"5m\"");
  const auto parsed = runtime::parse_keep_alive(value->get_ref<const std::string&>());
  if (!parsed) return in.fault("keep_alive", parsed.error().message());
  call.acquire.keep_alive = *parsed;
}

void read_format(ObjectReader& in, CompletionCall& call) {
  const Json* format = in.any("format");
  if (format == nullptr || *format == "") return;
  if (*format == "json") {
    call.request.json_schema = R"({"type":"object"})";
  } else if (format->is_object()) {
    call.request.json_schema = to_text(*format);
    call.request.check_schema = true;
  } else {
    in.fault("format", "must be \"json\" or a JSON schema");
  }
}

void refuse_images(ObjectReader& in) {
  const Json* images = in.array("images");
  if (images == nullptr || images->empty()) return;
  in.fault(Failure{.status = 400,
                   .code = "unsupported_content",
                   .param = in.path_of("images"),
                   .error = Error::unsupported("'images': " + std::string(kNoImages))});
}

/// What chat and generate share.
void read_common(ObjectReader& in, ReadNotes& notes, const CallDefaults& defaults, CompletionCall& call) {
  call.model = in.text("model").value_or("");
  call.stream = in.boolean("stream").value_or(true);
  call.request.sampling = default_sampling();
  if (const auto options = parse_json_object(defaults.options_json)) {
    ReadNotes of_the_manifest;  // its faults are not the client's
    read_options(*options, "options", of_the_manifest, call);
  }
  if (const Json* options = in.object("options")) read_options(*options, "options", notes, call);
  read_keep_alive(in, call);
  read_format(in, call);
  const Json* think = in.any("think");
  if (think != nullptr && *think != false)
    in.fault(Failure{.status = 400,
                     .param = "think",
                     .error = Error::unsupported("\"" + call.model + "\" does not support thinking")});
  call.logprobs = in.boolean("logprobs").value_or(false);
  const auto top = in.integer("top_logprobs", 0, 20);
  if (call.logprobs) call.request.logprobs = static_cast<int32_t>(top.value_or(0));
}

std::vector<chat::Message> read_messages(ObjectReader& in, ReadNotes& notes) {
  std::vector<chat::Message> messages;
  const Json* list = in.array("messages");
  if (list == nullptr) return messages;
  messages.reserve(list->size());
  for (size_t i = 0; i < list->size() && !notes.fault; ++i) {
    ObjectReader item((*list)[i], "messages[" + std::to_string(i) + "]", notes);
    chat::Message message;
    message.role = net::lower_ascii(item.text("role").value_or(""));
    if (message.role == "assistant") {
      message.tool_calls = read_tool_calls(item, notes);
    } else if (message.role == "tool") {
      message.name = item.text("tool_name").value_or("");
      message.tool_call_id = item.text("tool_call_id").value_or("");
    } else if (message.role != "system" && message.role != "user") {
      item.fault("role", "must be system, user, assistant or tool");
    }
    message.content = chat::Private(item.text("content").value_or(""));
    refuse_images(item);
    item.accept("thinking");
    messages.push_back(std::move(message));
  }
  match_results(messages);
  return messages;
}

Answer<CompletionCall> finished(CompletionCall call, ReadNotes notes) {
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace

Answer<CompletionCall> parse_chat(std::string_view body, const CallDefaults& defaults) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes);
    read_common(in, notes, defaults, call);
    chat::ChatPrompt prompt{.messages = read_messages(in, notes)};
    read_tools(in, notes, prompt);
    call.only_load = prompt.messages.empty();
    const bool has_system = std::ranges::find(prompt.messages, "system", &chat::Message::role) != prompt.messages.end();
    if (!has_system && !call.only_load && !defaults.system.empty())
      prompt.messages.insert(prompt.messages.begin(),
                             {.role = "system", .content = chat::Private(std::string(defaults.system))});
    call.request.prompt = std::move(prompt);
  }
  return finished(std::move(call), std::move(notes));
}

Answer<CompletionCall> parse_generate(std::string_view body, const CallDefaults& defaults) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  CompletionCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes);
    read_common(in, notes, defaults, call);
    std::string prompt = in.text("prompt").value_or("");
    const auto own_system = in.text("system");
    const bool raw = in.boolean("raw").value_or(false);
    refuse_images(in);
    if (!in.text("suffix").value_or("").empty())
      in.fault(Failure::not_implemented("suffix", "this version does not fill in between two texts"));
    if (!in.text("template").value_or("").empty())
      in.fault(Failure::not_implemented("template", "Inglenook renders the template of the model's own file"));
    const Json* context = in.array("context");
    if (context != nullptr && !context->empty())
      in.fault(Failure::not_implemented(
          "context", "send the whole conversation to /api/chat: its beginning is found in the cache"));
    if (raw && !own_system.value_or("").empty()) in.fault("system", "has no place in a raw prompt");
    call.only_load = prompt.empty();
    if (raw) {
      call.request.prompt = chat::RawPrompt{.text = chat::Private(std::move(prompt))};
    } else {
      chat::ChatPrompt chat_prompt;
      std::string system = own_system.value_or(std::string(defaults.system));
      if (!system.empty())
        chat_prompt.messages.push_back({.role = "system", .content = chat::Private(std::move(system))});
      chat_prompt.messages.push_back({.role = "user", .content = chat::Private(std::move(prompt))});
      call.request.prompt = std::move(chat_prompt);
    }
  }
  return finished(std::move(call), std::move(notes));
}

Answer<ModelCall> parse_model_call(std::string_view body) {
  auto json = parse_json_object(body);
  if (!json) return std::unexpected(std::move(json).error());
  ModelCall call;
  ReadNotes notes;
  {
    ObjectReader in(*json, "", notes);
    const auto old_name = in.text("name");
    call.model = in.text("model").value_or(old_name.value_or(""));
    if (call.model.empty()) in.fault("model", "is required");
    call.stream = in.boolean("stream").value_or(true);
    call.verbose = in.boolean("verbose").value_or(false);
    in.accept("insecure");
  }
  if (notes.fault) return std::unexpected(*std::move(notes.fault));
  call.ignored = std::move(notes.ignored);
  return call;
}

}  // namespace ingle::api::ollama
