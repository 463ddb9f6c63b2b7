#include "api/model_defaults.h"

#include <iterator>

#include "api/inference.h"
#include "api/json_input.h"
#include "api/ollama/options.h"

namespace ingle::api {
namespace {

/// The store is no client: what it has that is wrong is left out.
std::vector<chat::Message> messages_of(const std::string& json) {
  std::vector<chat::Message> messages;
  const Json list = Json::parse(json, nullptr, false);
  if (!list.is_array()) return messages;
  for (const Json& item : list) {
    if (!item.is_object()) continue;
    const auto text = [&](const char* name) {
      const auto found = item.find(name);
      return found != item.end() && found->is_string() ? found->get<std::string>() : std::string();
    };
    chat::Message message;
    message.role = text("role");
    message.content = chat::Private(text("content"));
    if (!message.role.empty()) messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace

void apply_defaults(const ModelDefaults& defaults, chat::ChatPrompt& prompt) {
  if (prompt.chat_template.empty()) prompt.chat_template = defaults.chat_template;
  std::vector<chat::Message>& messages = prompt.messages;
  const bool has_system = !messages.empty() && messages.front().role == "system";
  if (!has_system && !defaults.system.empty())
    messages.insert(messages.begin(), {.role = "system", .content = chat::Private(defaults.system)});
  // Of a conversation that goes on after tokens they are among those.
  if (defaults.messages_json.empty() || !prompt.before.empty()) return;
  auto first = messages_of(defaults.messages_json);
  const bool now_has_system = !messages.empty() && messages.front().role == "system";
  messages.insert(messages.begin() + (now_has_system ? 1 : 0), std::make_move_iterator(first.begin()),
                  std::make_move_iterator(first.end()));
}

void apply_defaults(const ModelDefaults& defaults, chat::CompleteRequest& request) {
  if (auto* prompt = std::get_if<chat::ChatPrompt>(&request.prompt)) apply_defaults(defaults, *prompt);
}

OptionsOf options_of(const Services& services) {
  return [&services](std::string_view model) { return defaults_of(services, model).options_json; };
}

void put_options(const OptionsOf& of, std::string_view model, chat::CompleteRequest& request,
                 runtime::AcquireOptions& acquire, bool& has_seed) {
  const auto options = parse_json_object(of ? of(model) : std::string());
  if (!options) return;
  ReadNotes of_the_manifest;  // its faults are not the client's
  ollama::CompletionCall call;
  call.request.sampling = request.sampling;
  call.request.max_tokens = request.max_tokens;
  ollama::read_options(*options, "options", of_the_manifest, call);
  request.sampling = call.request.sampling;
  request.max_tokens = call.request.max_tokens;
  request.stop = std::move(call.request.stop);
  acquire.context = call.acquire.context;
  acquire.clamp_context = call.acquire.clamp_context;
  has_seed = call.has_seed;
}

ModelDefaults defaults_of(const Services& services, std::string_view model) {
  if (!services.defaults || model == kAutoModel || !is_model_name(model)) return {};
  return services.defaults(model);
}

}  // namespace ingle::api
