// A verb of the command line: one file with a Command, one row in verbs.cpp.
//
// declare() says what it accepts, run() does it. A Command is made for one invocation and used by the thread of main().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "app/front.h"
#include "base/result.h"
#include "cli/arguments.h"
#include "cli/console.h"
#include "cli/interrupts.h"

namespace ingle::cli {

/// What a verb works with. `app` is null for verbs that need no settings (help, completion, man).
struct Context {
  Console& console;
  Interrupts& interrupts;
  app::Front* app = nullptr;
  const Error* settings_error = nullptr;   // why there is no app, for a verb that works without
  std::function<void()> when_locked = {};  // a verb that locks itself calls it then: signals are handled from there on
};

class Command {
 public:
  virtual ~Command() = default;
  virtual void declare(Arguments& arguments) = 0;
  /// The exit code, or the error that decides it.
  virtual Result<int> run(Context& context) = 0;
};

/// The headings of the overview, in their order.
enum class VerbGroup : uint8_t { kTalk, kModels, kDocuments, kServer, kPrivacy, kMeasure, kThisProgram };

struct Verb {
  std::string_view name;
  std::string_view alias = {};  // "" = none
  VerbGroup group;
  std::string_view summary;      // one line, for the overview
  std::string_view description;  // paragraphs, for help and the man page
  std::string_view examples;     // lines "command  # what it does"
  bool needs_app = true;
  bool uses_server = false;             // works with the running server's models where they are what it needs
  bool locks_itself = false;            // calls Front::lock() when it has what a locked process cannot get
  bool works_without_settings = false;  // runs, without an app, where the settings are wrong
  std::unique_ptr<Command> (*make)() = nullptr;
};

std::span<const Verb> verbs();
/// By name or alias; nullptr when there is none.
const Verb* find_verb(std::string_view name);

// One a file.
std::unique_ptr<Command> make_app();
std::unique_ptr<Command> make_bench();
std::unique_ptr<Command> make_completion();
std::unique_ptr<Command> make_config();
std::unique_ptr<Command> make_cp();
std::unique_ptr<Command> make_create();
std::unique_ptr<Command> make_doctor();
std::unique_ptr<Command> make_embed();
std::unique_ptr<Command> make_eval();
std::unique_ptr<Command> make_extract();
std::unique_ptr<Command> make_grammar();
std::unique_ptr<Command> make_help();
std::unique_ptr<Command> make_list();
std::unique_ptr<Command> make_logs();
std::unique_ptr<Command> make_man();
std::unique_ptr<Command> make_offline();
std::unique_ptr<Command> make_perplexity();
std::unique_ptr<Command> make_prove_offline();
std::unique_ptr<Command> make_ps();
std::unique_ptr<Command> make_pull();
std::unique_ptr<Command> make_rm();
std::unique_ptr<Command> make_route();
std::unique_ptr<Command> make_run();
std::unique_ptr<Command> make_serve();
std::unique_ptr<Command> make_show();
std::unique_ptr<Command> make_stop();
std::unique_ptr<Command> make_summarize();
std::unique_ptr<Command> make_token();
std::unique_ptr<Command> make_tokenize();

}  // namespace ingle::cli
