// From the words of the command line to an exit code: finds the verb, parses, builds the app, runs, prints the error.
#pragma once

#include <span>
#include <string>

#include "app/front.h"
#include "cli/console.h"
#include "cli/interrupts.h"

namespace ingle::cli {

/// `words` are those after the program's name.
int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const app::EngineLoader& load_engine);

}  // namespace ingle::cli
