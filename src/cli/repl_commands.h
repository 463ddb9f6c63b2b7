// The slash commands of a conversation: one row each. Internal to the conversation of `run`.
#pragma once

#include <span>
#include <string_view>

#include "cli/repl.h"

namespace ingle::cli {

class LineEditor;

struct Session {
  Context& context;
  LineEditor& editor;
  LoadedModel model;
  Conversation conversation;
  EngineFlags engine_flags;
  bool verbose = false;
  bool ended = false;
  bool ask_again = false;  // answer the last message once more
};

/// Runs a line that begins with '/'. Its errors are for the user to read and end nothing.
Status run_slash_command(Session& session, std::string_view line);

}  // namespace ingle::cli
