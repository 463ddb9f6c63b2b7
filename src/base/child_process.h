// Another program run to its end: its output with a limit, its time with a limit, nothing inherited but what is named.
//
// The only way in which Inglenook runs other programs; used by the parse role inside its sandbox. Any thread; blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace ingle::base {

struct ChildOptions {
  std::filesystem::path folder = {};               // where it runs; empty: /
  std::chrono::milliseconds time{60'000};          // then it is killed
  uint64_t max_output_bytes = uint64_t{64} << 20;  // of its standard output; more is an error
};

struct ChildOutput {
  int exit_code = 0;
  std::string out;
  std::string err;  // its first 64 KiB
};

/// `words[0]` is the absolute path of the program. kUnavailable: it could not be started; kExhausted: it was over a limit
/// and was killed; kCorrupt: it crashed.
Result<ChildOutput> run_program(std::span<const std::string> words, const ChildOptions& options);

}  // namespace ingle::base
