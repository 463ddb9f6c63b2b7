// --write-seeds=FOLDER of a fuzz target: fills FOLDER with inputs to begin with, and ends. For LLVMFuzzerInitialize.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace ingle::base::testing {

/// `write` finds the folder made.
inline void write_seeds_if_asked(int argc, char** argv, void (*write)(const std::filesystem::path& folder)) {
  constexpr std::string_view kFlag = "--write-seeds=";
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (!argument.starts_with(kFlag)) continue;
    const std::filesystem::path folder = argument.substr(kFlag.size());
    std::filesystem::create_directories(folder);
    write(folder);
    std::exit(0);
  }
}

}  // namespace ingle::base::testing
