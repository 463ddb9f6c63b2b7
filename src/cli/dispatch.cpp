#include "cli/dispatch.h"

#include <algorithm>
#include <cerrno>

#include "app/attach.h"
#include "cli/help.h"
#include "cli/json_writer.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

Result<int> run_verb(const Verb& verb, std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const Machinery& machinery) {
  const auto command = verb.make();
  const Arguments arguments = declared_arguments(*command);
  bool help_wanted = false;
  INGLE_TRY_VOID(parse_arguments(arguments, verb.name, words, help_wanted));
  if (help_wanted) {
    console.out(verb_help(verb, std::clamp(console.width(), 60, 100)));
    return 0;
  }
  Context context{.console = console, .interrupts = interrupts};
  const auto when_locked = [&] {
    if (machinery.when_locked) machinery.when_locked();
  };
  if (!verb.needs_app) {
    when_locked();
    return command->run(context);
  }
  for (const std::string& note : app::notes_on_variables(machinery.variables))
    console.talk("note: " + terminal_safe(note) + "\n");
  app::Roles roles{.load_engine = machinery.load_engine};
  if (machinery.start_spawner) {
    INGLE_TRY(roles.spawner, machinery.start_spawner());
  }
  const auto front = app::Front::create(env, std::move(roles));
  if (!front && !verb.works_without_settings) return std::unexpected(front.error());
  if (front) {
    context.app = front->get();
  } else {
    context.settings_error = &front.error();
  }
  if (verb.locks_itself) {
    context.when_locked = when_locked;
    return command->run(context);
  }
  // A locked process connects to nothing.
  if (front && verb.uses_server && machinery.start_spawner && !(*front)->settings().no_server)
    (*front)->use_server(app::connect_to_server((*front)->settings().home));
  if (front) INGLE_TRY_VOID((*front)->lock(app::FileAccess::kAll));
  when_locked();
  return command->run(context);
}

int print_version(std::span<const std::string> words, Console& console) {
  if (words.empty()) {
    console.out(version_text());
    return 0;
  }
  if (words.size() == 1 && words.front() == "--json") {
    JsonWriter json;
    json.begin_object().member("name", "ingle").member("version", INGLE_VERSION).end_object();
    console.out(json.take_line());
    return 0;
  }
  print_error(console, Error::usage("'" + words.front() + "' is one word too many").hint("ingle version [--json]"));
  return 2;
}

int run_words(std::span<const std::string> words, Console& console, Interrupts& interrupts, const app::EnvLookup& env,
              const Machinery& machinery) {
  if (words.empty()) {
    console.talk(overview_text());
    return 2;
  }
  const std::string& word = words.front();
  if (word == "--help" || word == "-h") {
    console.out(overview_text());
    return 0;
  }
  if (word == "--version" || word == "-V" || word == "version") return print_version(words.subspan(1), console);
  const Verb* verb = find_verb(word);
  const Result<int> code = verb == nullptr ? Result<int>(std::unexpected(unknown_verb(word)))
                                           : run_verb(*verb, words.subspan(1), console, interrupts, env, machinery);
  if (code) return *code;
  print_error(console, code.error());
  return exit_code_of(code.error());
}

}  // namespace

int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const app::EngineLoader& load_engine) {
  return run_command_line(words, console, interrupts, env, Machinery{.load_engine = load_engine});
}

int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const Machinery& machinery) {
  const int code = run_words(words, console, interrupts, env, machinery);
  // A reader that has seen enough, such as head, is no failure worth a line.
  if (console.out_error() == 0 || console.out_error() == EPIPE) return code;
  print_error(console, Error::io("cannot write standard output", console.out_error()));
  return code == 0 ? 1 : code;
}

}  // namespace ingle::cli
