// Runs a short command and returns what it prints; internal to store, used to ask pip for its settings.
#pragma once

#include <chrono>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::store {

struct CommandResult {
  int exit_code = 0;
  std::string output;  // of stdout; stderr is dropped
};

/// kNotFound when the program does not exist; kUnavailable when it takes longer than `limit` (it is then killed).
/// The child inherits the environment and gets an empty stdin. No shell is involved.
Result<CommandResult> run_command(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                                  const std::stop_token& stop);

}  // namespace ingle::store
