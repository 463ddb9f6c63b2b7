#include "cli/repl_commands.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.h"
#include "cli/line_editor.h"
#include "cli/table.h"

namespace ingle::cli {
namespace {

struct SlashCommand {
  std::string_view name;
  std::string_view arguments;
  std::string_view help;
  Status (*run)(Session& session, std::string_view rest);
};
std::span<const SlashCommand> commands();

std::string_view trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Takes the first word off.
std::string_view take_word(std::string_view& text) {
  text = trim(text);
  const size_t end = std::min(text.find_first_of(" \t"), text.size());
  const std::string_view word = text.substr(0, end);
  text = trim(text.substr(end));
  return word;
}

/// Quotes around a whole value are how people write a text; they are not part of it.
std::string_view unquote(std::string_view text) {
  if (text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  return text;
}

void tell(Session& session, const std::string& text) {
  session.context.console.talk(text + "\n");
}

Status set_system(Session& session, std::string_view text) {
  if (text.empty()) {
    tell(session, session.conversation.system.empty() ? "There is no system message."
                                                      : terminal_safe(session.conversation.system));
    return {};
  }
  session.conversation.system = unquote(text);
  tell(session, "The system message is set.");
  return {};
}

void show_parameters(Session& session) {
  std::vector<TableRow> rows;
  for (const std::string_view name : parameter_names())
    if (const auto value = parameter_value(session.conversation.parameters, name))
      rows.push_back({"  " + std::string(name), *value});
  for (const std::string& stop : session.conversation.parameters.stop)
    rows.push_back({"  stop", terminal_safe(stop)});
  session.context.console.talk(table_text(rows));
}

Status set(Session& session, std::string_view rest) {
  const std::string_view what = take_word(rest);
  if (what.empty()) {
    show_parameters(session);
    tell(session, "/set NAME VALUE changes one; also: /set system TEXT, /set verbose, quiet, history, nohistory");
    return {};
  }
  if (what == "system") return set_system(session, rest);
  if (what == "verbose" || what == "quiet") {
    session.verbose = what == "verbose";
    tell(session, session.verbose ? "Tokens and speed are told after each answer." : "Answers only.");
    return {};
  }
  if (what == "history" || what == "nohistory") {
    session.editor.keep_history(what == "history");
    tell(session, what == "history" ? "Lines are kept for the next time." : "Lines are not kept for the next time.");
    return {};
  }
  const std::string_view name = what == "parameter" ? take_word(rest) : what;
  if (name.empty()) {
    show_parameters(session);
    return {};
  }
  if (rest.empty() && name != "stop")
    return std::unexpected(Error::usage(fmt::format("/set {} wants a value", name)).hint("/set temperature 0.2"));
  INGLE_TRY_VOID(set_parameter(session.conversation.parameters, name, unquote(rest)));
  tell(session,
       rest.empty() ? "Stop texts are removed." : fmt::format("{} is {}.", name, terminal_safe(unquote(rest))));
  return {};
}

void show_info(Session& session) {
  const chat::Description& model = session.model.description;
  std::vector<TableRow> rows = {
      {"  model", terminal_safe(model.name)},
      {"  architecture", model.architecture},
      {"  parameters", format_count(model.parameters)},
      {"  quantization", model.quantization},
      {"  size", format_bytes(model.file_bytes)},
      {"  context", fmt::format("{} of the {} tokens that the model knows", model.context_limit, model.context_length)},
      {"  computed with", fmt::format("{}, {} threads", model.isa, model.threads)},
      {"  messages", std::to_string(session.conversation.messages.size())},
  };
  session.context.console.talk(table_text(rows));
}

Status show_template(Session& session) {
  chat::ChatPrompt prompt;
  if (!session.model.description.has_template)
    return std::unexpected(Error::not_found("this model has no chat template"));
  const auto rendered = std::get<chat::ChatPrompt>(session.conversation.prompt(true, 0));
  prompt.messages = rendered.messages;
  if (prompt.messages.empty()) prompt.messages.push_back(message("user", "..."));
  INGLE_TRY(const std::string text, session.model.completer->render(prompt));
  tell(session, terminal_safe(text));
  return {};
}

Status show(Session& session, std::string_view rest) {
  const std::string_view what = take_word(rest);
  if (what.empty() || what == "info") {
    show_info(session);
  } else if (what == "parameters") {
    show_parameters(session);
  } else if (what == "system") {
    return set_system(session, "");
  } else if (what == "prompt" || what == "template") {
    return show_template(session);
  } else if (what == "messages") {
    for (const chat::Message& said : session.conversation.messages)
      tell(session, fmt::format("{}: {}", said.role, terminal_safe(said.content.reveal())));
  } else {
    return std::unexpected(Error::usage(fmt::format("/show does not know '{}'", what))
                               .hint("/show info, parameters, system, prompt or messages"));
  }
  return {};
}

Status save(Session& session, std::string_view name) {
  const std::string& home = session.context.app->settings().home;
  const auto before = saved_chats(home);
  const bool replaced = std::ranges::find(before, name) != before.end();
  INGLE_TRY_VOID(save_chat(home, name, session.conversation));
  tell(session,
       fmt::format("Saved{}; '/load {}' brings it back.", replaced ? " in place of the earlier one" : "", name));
  return {};
}

Status switch_model(Session& session, const std::string& model) {
  // Found before the old one goes, so that a typing error does not cost the conversation its model.
  INGLE_TRY(app::ModelFiles files, locate_or_pull(session.context, model));
  INGLE_TRY(engine::Options options, options_from(session.context, session.engine_flags));
  INGLE_TRY(LoadedModel loaded, load_files(session.context, std::move(files), std::move(options)));
  session.model = std::move(loaded);
  session.conversation.model = model;
  return {};
}

Status load(Session& session, std::string_view name) {
  if (name.empty())
    return std::unexpected(Error::usage("/load wants the name of a saved chat or of a model").hint("/list shows both"));
  const std::string& home = session.context.app->settings().home;
  const auto chats = saved_chats(home);
  if (std::ranges::find(chats, name) == chats.end()) {
    auto status = switch_model(session, std::string(name));
    if (!status) return status;
    session.conversation.messages.clear();
    tell(session, fmt::format("This is {} now, with an empty conversation.", session.model.files.name));
    return {};
  }
  INGLE_TRY(Conversation conversation, load_chat(home, name));
  if (!conversation.model.empty() && conversation.model != session.conversation.model)
    INGLE_TRY_VOID(switch_model(session, conversation.model));
  session.conversation = std::move(conversation);
  tell(session,
       fmt::format("'{}': {} messages with {}.", name, session.conversation.messages.size(), session.model.files.name));
  return {};
}

Status list(Session& session, std::string_view /*rest*/) {
  INGLE_TRY(const auto models, session.context.app->store().list());
  for (const auto& model : models)
    tell(session, "  model  " + model.name.display());
  for (const std::string& chat : saved_chats(session.context.app->settings().home))
    tell(session, "  chat   " + chat);
  return {};
}

Status clear(Session& session, std::string_view /*rest*/) {
  session.conversation.messages.clear();
  tell(session, "The conversation is empty.");
  return {};
}

Status again(Session& session, std::string_view /*rest*/) {
  auto& messages = session.conversation.messages;
  if (!messages.empty() && messages.back().role == "assistant") messages.pop_back();
  if (messages.empty()) return std::unexpected(Error::usage("nothing has been asked yet"));
  session.ask_again = true;
  return {};
}

Status bye(Session& session, std::string_view /*rest*/) {
  session.ended = true;
  return {};
}

Status help(Session& session, std::string_view /*rest*/) {
  std::vector<TableRow> rows;
  for (const SlashCommand& command : commands())
    rows.push_back({fmt::format("  /{} {}", command.name, command.arguments), std::string(command.help)});
  rows.push_back({"  \"\"\" ... \"\"\"", "a message of several lines"});
  rows.push_back({"  Ctrl-C", "stop the answer"});
  rows.push_back({"  Ctrl-D", "end the conversation"});
  session.context.console.talk(table_text(rows));
  return {};
}

constexpr SlashCommand kCommands[] = {
    {"set", "[NAME VALUE]", "show or change parameters: /set temperature 0.2, /set verbose", set},
    {"system", "[TEXT]", "show or set the system message", set_system},
    {"show", "[WHAT]", "info, parameters, system, prompt or messages", show},
    {"save", "NAME", "keep this conversation", save},
    {"load", "NAME", "a saved conversation, or another model", load},
    {"list", "", "installed models and saved conversations", list},
    {"clear", "", "forget what was said", clear},
    {"again", "", "answer the last message once more", again},
    {"bye", "", "end the conversation", bye},
    {"help", "", "this list; /? too", help},
};

std::span<const SlashCommand> commands() {
  return kCommands;
}

}  // namespace

Status run_slash_command(Session& session, std::string_view line) {
  std::string_view rest = line.substr(1);
  std::string_view name = take_word(rest);
  if (name == "?") name = "help";
  if (name == "exit" || name == "quit") name = "bye";
  const auto* command = std::ranges::find(kCommands, name, &SlashCommand::name);
  if (command != std::end(kCommands)) {
    if (command->arguments.empty() && !rest.empty())
      return std::unexpected(Error::usage(fmt::format("/{} takes nothing after it", command->name))
                                 .hint("a message to the model does not begin with '/'"));
    return command->run(session, rest);
  }
  std::vector<std::string_view> names;
  for (const SlashCommand& row : kCommands)
    names.push_back(row.name);
  const auto near = base::closest(name, names);
  return std::unexpected(Error::usage(fmt::format("there is no command /{}", terminal_safe(name)))
                             .hint(near ? fmt::format("did you mean /{}?", *near) : "/? lists the commands"));
}

}  // namespace ingle::cli
