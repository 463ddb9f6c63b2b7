// Conversation: what has been said, the system text and the parameters; can be saved to a file and loaded again.
//
// Plain state without an engine. Files are chats/NAME.json in INGLE_HOME, readable by their owner only (0600).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"
#include "cli/parameters.h"

namespace ingle::cli {

chat::Message message(std::string role, std::string content);

struct Conversation {
  std::string model;
  std::string system;
  Parameters parameters;
  std::vector<chat::Message> messages;  // without the system message

  /// What the model is given: the system message if there is one, then all that was said. A model without a template
  /// gets the texts alone, a line break between them.
  chat::Prompt prompt(bool has_template, int64_t now_unix) const;

  std::string to_json() const;
  static Result<Conversation> from_json(std::string_view json, std::string_view where);
};

/// The file of a saved chat; a name that could leave the folder is a usage error.
Result<std::filesystem::path> chat_path(const std::filesystem::path& home, std::string_view name);
Status save_chat(const std::filesystem::path& home, std::string_view name, const Conversation& conversation);
Result<Conversation> load_chat(const std::filesystem::path& home, std::string_view name);
std::vector<std::string> saved_chats(const std::filesystem::path& home);

/// Messages as chat APIs write them: [{"role", "content"}, ...] or {"messages": [...]}.
Result<std::vector<chat::Message>> parse_messages(std::string_view json, std::string_view where);

}  // namespace ingle::cli
