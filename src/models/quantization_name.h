// What people call a file's quantization: "Q4_K_M" is a mixture of formats, which GGUF records as general.file_type. Pure.
#pragma once

#include <string>
#include <string_view>

#include "gguf/file.h"

namespace ingle::models {

/// The mixture's name, or `main_format`, the format of most weights, where the file does not say.
std::string quantization_name(const gguf::File& file, std::string_view main_format);

}  // namespace ingle::models
