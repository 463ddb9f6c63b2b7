#include "text/tools/prompt.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "text/grammar/json_text.h"
#include "text/tools/definitions.h"

namespace ingle::text::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxDepth = 200;  // of messages with the arguments of calls

constexpr std::string_view kProbeTools =
    R"([{"type": "function", "function": {"name": "probe_tool", "description": "", "parameters": {"type": "object", "properties": {}}}}])";
constexpr std::string_view kProbeUser = R"({"role": "user", "content": "hello"})";

std::string probe_call(std::string_view id, std::string_view argument) {
  return fmt::format(
      R"({{"id": "{}", "type": "function", "function": {{"name": "probe_tool", "arguments": {{"{}": 1}}}}}})", id,
      argument);
}

std::string probe_calls(std::string_view calls) {
  return fmt::format(R"({{"role": "assistant", "content": "", "tool_calls": [{}]}})", calls);
}

/// What the template makes of the messages; empty where it fails.
std::string try_render(const ChatTemplate& chat_template, const std::string& messages, std::string_view tools) {
  const auto segments = chat_template.render({.messages_json = "[" + messages + "]",
                                              .tools_json = std::string(tools),
                                              .extra_json = {},
                                              .bos_token = "",
                                              .eos_token = ""});
  std::string text;
  if (!segments) return text;
  for (const RenderedSegment& segment : *segments)
    text += segment.text;
  return text;
}

bool has(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

Json arguments_of(const Json& function) {
  if (!function.contains("arguments")) return Json::object();
  const Json& arguments = function["arguments"];
  if (!arguments.is_string()) return arguments;
  Json parsed = Json::parse(arguments.get<std::string>(), nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? arguments : parsed;
}

/// Rewrites a conversation for a template that knows less about tools than the conversation does.
class Rewriter {
 public:
  Rewriter(const Format& format, const TemplateAbilities& abilities) : format_(format), abilities_(abilities) {}

  void rewrite(Json& messages) {
    if (format_.call_id_length > 0) shorten_ids(messages);
    Json out = Json::array();
    for (Json& message : messages) {
      if (!message.is_object()) continue;
      if (message.contains("tool_calls")) note_names(message["tool_calls"]);
      if (text_at(message, "role") == "tool" && !keeps_results()) {
        append_turn(out, "user", format_.write_result(name_of(message), text_at(message, "content")));
      } else if (message.contains("tool_calls") && !keeps_calls(message["tool_calls"])) {
        append_turn(out, "assistant", with_calls(message));
      } else if (rewrote_results_ && text_at(message, "role") == "user") {
        append_turn(out, "user", text_at(message, "content"));
      } else {
        out.push_back(std::move(message));
      }
    }
    messages = std::move(out);
  }

 private:
  bool keeps_results() const { return format_.template_may_list && abilities_.writes_results && !rewrote_calls_; }
  bool keeps_calls(const Json& calls) const {
    return format_.template_may_list && abilities_.writes_calls &&
           (calls.size() <= 1 || abilities_.writes_several_calls);
  }

  void note_names(const Json& calls) {
    for (const Json& call : calls) {
      if (call.is_object() && call.contains("function") && call["function"].is_object())
        names_[text_at(call, "id")] = text_at(call["function"], "name");
    }
  }

  std::string name_of(const Json& message) const {
    const auto known = names_.find(text_at(message, "tool_call_id"));
    return known != names_.end() ? known->second : text_at(message, "name");
  }

  std::string with_calls(const Json& message) {
    rewrote_calls_ = true;
    Json calls = Json::array();
    for (const Json& call : message["tool_calls"]) {
      if (!call.is_object() || !call.contains("function") || !call["function"].is_object()) continue;
      calls.push_back({{"name", text_at(call["function"], "name")}, {"arguments", arguments_of(call["function"])}});
    }
    std::string text = text_at(message, "content");
    if (!text.empty()) text += '\n';
    return text + write_calls(format_.syntax, calls);
  }

  /// Many templates want user and assistant by turns, so neighbours become one.
  void append_turn(Json& out, std::string_view role, const std::string& text) {
    rewrote_results_ = rewrote_results_ || role == "user";
    if (!out.empty() && text_at(out.back(), "role") == role && !out.back().contains("tool_calls")) {
      out.back()["content"] = text_at(out.back(), "content") + "\n" + text;
    } else {
      out.push_back({{"role", role}, {"content", text}});
    }
  }

  /// Ids of the length that the template demands, the same call's and result's alike.
  void shorten_ids(Json& messages) const {
    std::map<std::string, std::string> ids;
    const auto replace = [&](Json& object, const char* key) {
      const std::string id = text_at(object, key);
      const auto made = fmt::format("{:0{}}", ids.size(), format_.call_id_length);
      object[key] = ids.try_emplace(id, made).first->second;
    };
    for (Json& message : messages) {
      if (!message.is_object()) continue;
      if (message.contains("tool_call_id")) replace(message, "tool_call_id");
      if (!message.contains("tool_calls")) continue;
      for (Json& call : message["tool_calls"]) {
        if (call.is_object()) replace(call, "id");
      }
    }
  }

  const Format& format_;
  const TemplateAbilities& abilities_;
  std::map<std::string, std::string> names_;  // of tools, by the id of a call
  bool rewrote_calls_ = false;
  bool rewrote_results_ = false;
};

bool is_system(const Json& message) {
  const std::string role = text_at(message, "role");
  return role == "system" || role == "developer";
}

void add_system_text(Json& messages, const std::string& text, bool takes_system) {
  if (takes_system) {
    if (messages.empty() || !is_system(messages.front()))
      messages.insert(messages.begin(), Json{{"role", "system"}, {"content", ""}});
    const std::string own = text_at(messages.front(), "content");
    messages.front()["content"] = own.empty() ? text : own + "\n\n" + text;
    return;
  }
  for (Json& message : messages) {
    if (text_at(message, "role") != "user") continue;
    message["content"] = text + "\n\n" + text_at(message, "content");
    return;
  }
  messages.insert(messages.begin(), Json{{"role", "user"}, {"content", text}});
}

}  // namespace

TemplateAbilities probe_template(const ChatTemplate& chat_template) {
  TemplateAbilities abilities;
  const std::string user(kProbeUser);
  abilities.takes_system =
      has(try_render(chat_template, R"({"role": "system", "content": "probe_system"},)" + user, ""), "probe_system");
  abilities.lists_tools = has(try_render(chat_template, user, kProbeTools), "probe_tool");
  const std::string one = user + "," + probe_calls(probe_call("aaaaaaaa1", "probe_first"));
  const std::string two =
      user + "," + probe_calls(probe_call("aaaaaaaa1", "probe_first") + "," + probe_call("aaaaaaaa2", "probe_second"));
  constexpr std::string_view kResult =
      R"(,{{"role": "tool", "content": "probe_result_{}", "name": "probe_tool", "tool_call_id": "aaaaaaaa{}"}})";
  const std::string with_result = try_render(chat_template, one + fmt::format(kResult, 1, 1), kProbeTools);
  const std::string with_results =
      try_render(chat_template, two + fmt::format(kResult, 1, 1) + fmt::format(kResult, 2, 2), kProbeTools);
  abilities.writes_calls =
      has(with_result, "probe_first") || has(try_render(chat_template, one, kProbeTools), "probe_first");
  abilities.writes_several_calls = has(with_results, "probe_first") && has(with_results, "probe_second");
  abilities.writes_results = abilities.writes_calls && has(with_result, "probe_result_1");
  return abilities;
}

Result<PreparedPrompt> prepare_prompt(const Format& format, const TemplateAbilities& abilities,
                                      std::string_view messages_json, std::span<const Tool> tools,
                                      const CallRules& rules) {
  INGLE_TRY(Json messages, grammar::parse_json(messages_json, kMaxDepth, "messages"));
  if (!messages.is_array()) return std::unexpected(Error::usage("messages is not an array"));
  Rewriter(format, abilities).rewrite(messages);
  PreparedPrompt prepared;
  if (!tools.empty()) {
    if (format.template_may_list && abilities.lists_tools) {
      prepared.tools_json = openai_tools(tools);
    } else if (format.list_in_system != nullptr && abilities.takes_system) {
      add_system_text(messages, "", /*takes_system=*/true);
      messages.front()["tools"] = format.list_in_system(tools);
    } else {
      add_system_text(messages, format.describe(tools, rules.parallel), abilities.takes_system);
    }
  }
  prepared.messages_json = messages.dump(-1, ' ', false, Json::error_handler_t::replace);
  return prepared;
}

}  // namespace ingle::text::tools
