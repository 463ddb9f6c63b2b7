// File names of split models: "model-00002-of-00005.gguf" (llama.cpp, llama_split_path). Pure; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace ingle::gguf {

struct SplitName {
  std::string prefix;  // "model"
  uint64_t part = 0;   // from 0
  uint64_t count = 0;

  std::string file_name(uint64_t other_part) const;
};

std::optional<SplitName> parse_split_name(const std::filesystem::path& path);

}  // namespace ingle::gguf
