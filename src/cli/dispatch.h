// From the words of the command line to an exit code: finds the verb, parses, builds the app, runs, prints the error.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/front.h"
#include "cli/console.h"
#include "cli/interrupts.h"

namespace ingle::cli {

/// What a process needs beside its words. The spawner is started, and the process locked, before the first thread.
struct Machinery {
  std::function<Result<std::unique_ptr<roles::Spawner>>()> start_spawner = {};  // empty: all in this process
  app::EngineLoader load_engine = {};
  std::function<void()> when_locked = {};   // threads may be started
  std::vector<std::string> variables = {};  // names of those in the environment: a misspelt one is told
};

/// `words` are those after the program's name.
int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const Machinery& machinery);
/// Everything in this process: tests.
int run_command_line(std::span<const std::string> words, Console& console, Interrupts& interrupts,
                     const app::EnvLookup& env, const app::EngineLoader& load_engine);

}  // namespace ingle::cli
