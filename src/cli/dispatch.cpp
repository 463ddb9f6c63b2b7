#include "cli/dispatch.h"

#include <algorithm>

#include "cli/help.h"
#include "cli/verb.h"

namespace ingle::cli {
namespace {

Result<int> run_verb(const Verb& verb, std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const app::EngineLoader& load_engine) {
  const auto command = verb.make();
  const Arguments arguments = declared_arguments(*command);
  bool help_wanted = false;
  INGLE_TRY_VOID(parse_arguments(arguments, verb.name, words, help_wanted));
  if (help_wanted) {
    console.out(verb_help(verb, std::clamp(console.width(), 60, 100)));
    return 0;
  }
  Context context{.console = console, .interrupts = interrupts};
  if (!verb.needs_app) return command->run(context);
  INGLE_TRY(app::App app, app::App::create(env, load_engine));
  context.app = &app;
  return command->run(context);
}

}  // namespace

int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const app::EngineLoader& load_engine) {
  if (words.empty()) {
    console.talk(overview_text());
    return 2;
  }
  const std::string& word = words.front();
  if (word == "--help" || word == "-h") {
    console.out(overview_text());
    return 0;
  }
  if (word == "--version" || word == "-V" || word == "version") {
    console.out(version_text());
    return 0;
  }
  const Verb* verb = find_verb(word);
  const Result<int> code = verb == nullptr ? Result<int>(std::unexpected(unknown_verb(word)))
                                           : run_verb(*verb, words.subspan(1), console, interrupts, env, load_engine);
  if (code) return *code;
  print_error(console, code.error());
  return exit_code_of(code.error());
}

}  // namespace ingle::cli
