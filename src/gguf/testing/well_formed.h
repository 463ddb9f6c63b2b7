// Small model files that the reader accepts, every feature of the format in at least one of them: tests and fuzzing seeds.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace ingle::gguf::testing {

/// Name and bytes.
std::vector<std::pair<std::string, std::string>> well_formed_files();

}  // namespace ingle::gguf::testing
