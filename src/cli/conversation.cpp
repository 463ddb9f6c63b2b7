#include "cli/conversation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/json_writer.h"

namespace ingle::cli {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxChatBytes = uint64_t{64} << 20;
constexpr size_t kMaxDepth = 64;
constexpr std::string_view kRoles[] = {"system", "user", "assistant", "tool", "developer"};

/// nlohmann recurses into nested arrays without a limit of its own when it destroys them.
Result<json> parse_json(std::string_view text, std::string_view where) {
  const auto callback = [](int depth, json::parse_event_t, json&) {
    if (depth > static_cast<int>(kMaxDepth)) throw std::length_error("nested too deeply");
    return true;
  };
  try {
    return json::parse(text, callback);
  } catch (const json::parse_error& error) {
    // The library counts the byte that it stumbled over from 1, and one more at the end of the text.
    const std::string_view read = text.substr(0, std::min(std::max<size_t>(error.byte, 1) - 1, text.size()));
    const auto line = 1 + std::ranges::count(read, '\n');
    const size_t line_start = read.rfind('\n') + 1;  // npos + 1 is 0
    return std::unexpected(Error::refused(
        read.size() == text.size()
            ? fmt::format("{}, line {}: the JSON ends too early", where, line)
            : fmt::format("{}, line {}, byte {}: this is not JSON", where, line, read.size() - line_start + 1)));
  } catch (const std::exception& error) {
    return std::unexpected(Error::refused(fmt::format("{} is not JSON that can be read: {}", where, error.what())));
  }
}

Result<std::string> text_field(const json& object, const char* key, std::string_view where) {
  const auto at = object.find(key);
  if (at == object.end() || at->is_null()) return std::string();
  if (!at->is_string()) return std::unexpected(Error::refused(fmt::format("{}: '{}' is not a text", where, key)));
  return at->get<std::string>();
}

/// A text, or the parts of type "text" joined, as chat APIs allow.
Result<std::string> content_of(const json& message, std::string_view where) {
  const auto at = message.find("content");
  if (at == message.end() || !at->is_array()) return text_field(message, "content", where);
  std::string content;
  for (const json& part : *at) {
    const auto type = part.is_object() ? part.find("type") : part.end();
    if (type == part.end() || *type != "text")
      return std::unexpected(Error::unsupported(fmt::format("{}: a content part is not text", where))
                                 .hint("this version reads text only"));
    INGLE_TRY(const std::string text, text_field(part, "text", where));
    content += text;
  }
  return content;
}

Result<chat::Message> message_of(const json& value, std::string_view where) {
  if (!value.is_object()) return std::unexpected(Error::refused(fmt::format("{} is not an object", where)));
  chat::Message message;
  INGLE_TRY(message.role, text_field(value, "role", where));
  if (message.role.empty()) return std::unexpected(Error::refused(fmt::format("{}: \"role\" is missing", where)));
  if (std::ranges::find(kRoles, message.role) == std::end(kRoles))
    return std::unexpected(Error::refused(fmt::format("{}: there is no role '{}'", where, message.role))
                               .hint(fmt::format("one of {}", fmt::join(kRoles, ", "))));
  // An assistant that called a tool may have said nothing.
  const auto content_at = value.find("content");
  if ((content_at == value.end() || content_at->is_null()) && !value.contains("tool_calls"))
    return std::unexpected(Error::refused(fmt::format("{}: \"content\" is missing", where)));
  INGLE_TRY(std::string content, content_of(value, where));
  message.content = chat::Private(std::move(content));
  INGLE_TRY(message.tool_call_id, text_field(value, "tool_call_id", where));
  INGLE_TRY(message.name, text_field(value, "name", where));
  return message;
}

Result<std::vector<chat::Message>> messages_of(const json& list, std::string_view where) {
  if (!list.is_array())
    return std::unexpected(Error::refused(fmt::format("{}: messages are not an array", where))
                               .hint(R"(for example [{"role": "user", "content": "Hello"}])"));
  std::vector<chat::Message> messages;
  for (const json& value : list) {
    INGLE_TRY(chat::Message message, message_of(value, fmt::format("{}, message {}", where, messages.size() + 1)));
    messages.push_back(std::move(message));
  }
  return messages;
}

}  // namespace

chat::Message message(std::string role, std::string content) {
  chat::Message message;
  message.role = std::move(role);
  message.content = chat::Private(std::move(content));
  return message;
}

chat::Prompt Conversation::prompt(bool has_template, int64_t now_unix) const {
  chat::ChatPrompt prompt;
  prompt.now_unix = now_unix;
  if (!system.empty()) prompt.messages.push_back(message("system", system));
  prompt.messages.insert(prompt.messages.end(), messages.begin(), messages.end());
  if (has_template) return prompt;
  std::string text;
  for (const chat::Message& said : prompt.messages) {
    if (!text.empty()) text += '\n';
    text += said.content.reveal();
  }
  return chat::RawPrompt{chat::Private(std::move(text))};
}

std::string Conversation::to_json() const {
  JsonWriter out;
  out.begin_object().member("version", 1).member("model", model).member("system", system);
  out.key("parameters").begin_object();
  for (const std::string_view name : parameter_names())
    if (const auto value = parameter_value(parameters, name)) out.member(name, *value);
  out.end_object();
  out.key("stop").begin_array();
  for (const std::string& stop : parameters.stop)
    out.string(stop);
  out.end_array();
  out.key("messages").begin_array();
  for (const chat::Message& said : messages)
    out.begin_object().member("role", said.role).member("content", said.content.reveal()).end_object();
  out.end_array().end_object();
  return out.take_line();
}

Result<Conversation> Conversation::from_json(std::string_view text, std::string_view where) {
  INGLE_TRY(const json value, parse_json(text, where));
  if (!value.is_object() || value.value("version", json()) != 1)
    return std::unexpected(Error::refused(fmt::format("{} is no conversation of this version", where)));
  Conversation conversation;
  INGLE_TRY(conversation.model, text_field(value, "model", where));
  INGLE_TRY(conversation.system, text_field(value, "system", where));
  if (const auto at = value.find("parameters"); at != value.end() && at->is_object()) {
    for (const auto& [name, setting] : at->items()) {
      if (!setting.is_string())
        return std::unexpected(Error::refused(fmt::format("{}: parameter '{}' is not a text", where, name)));
      INGLE_TRY_VOID(set_parameter(conversation.parameters, name, setting.get_ref<const std::string&>()));
    }
  }
  if (const auto at = value.find("stop"); at != value.end() && at->is_array())
    for (const json& stop : *at)
      if (stop.is_string()) conversation.parameters.stop.push_back(stop.get<std::string>());
  INGLE_TRY(conversation.messages, messages_of(value.value("messages", json::array()), where));
  return conversation;
}

Result<std::filesystem::path> chat_path(const std::filesystem::path& home, std::string_view name) {
  const auto allowed = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.' || c == ' ';
  };
  if (name.empty() || name.size() > 100 || name.front() == '.' || name.front() == ' ' ||
      !std::ranges::all_of(name, allowed))
    return std::unexpected(Error::usage(fmt::format("'{}' cannot be the name of a chat", name))
                               .hint("letters, digits, '-', '_', '.' and spaces, up to 100 of them"));
  return home / "chats" / (std::string(name) + ".json");
}

Status save_chat(const std::filesystem::path& home, std::string_view name, const Conversation& conversation) {
  INGLE_TRY(const std::filesystem::path path, chat_path(home, name));
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return std::unexpected(
        Error::io(fmt::format("cannot create '{}': {}", path.parent_path().string(), error.message())));
  std::filesystem::permissions(path.parent_path(), std::filesystem::perms::owner_all, error);
  return base::write_file_atomic(path, conversation.to_json(), 0600);
}

Result<Conversation> load_chat(const std::filesystem::path& home, std::string_view name) {
  INGLE_TRY(const std::filesystem::path path, chat_path(home, name));
  INGLE_TRY(const std::string text, base::read_file(path, kMaxChatBytes));
  return Conversation::from_json(text, "'" + path.string() + "'");
}

std::vector<std::string> saved_chats(const std::filesystem::path& home) {
  std::vector<std::string> names;
  std::error_code error;
  for (std::filesystem::directory_iterator it(home / "chats", error), end; !error && it != end; it.increment(error))
    if (it->path().extension() == ".json") names.push_back(it->path().stem().string());
  std::ranges::sort(names);
  return names;
}

Result<std::vector<chat::Message>> parse_messages(std::string_view text, std::string_view where) {
  INGLE_TRY(const json value, parse_json(text, where));
  INGLE_TRY(auto messages, messages_of(value.is_object() ? value.value("messages", json()) : value, where));
  if (messages.empty()) return std::unexpected(Error::refused(fmt::format("{} has no message", where)));
  return messages;
}

}  // namespace ingle::cli
