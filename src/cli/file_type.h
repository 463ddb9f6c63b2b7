// What people call a file's quantization: "Q4_K_M" is a mixture of formats, which GGUF records as general.file_type.
#pragma once

#include <string>

#include "gguf/file.h"
#include "models/model.h"

namespace ingle::cli {

/// The mixture's name, or the format of most weights where the file does not say.
std::string quantization_name(const gguf::File& file, const models::Summary& summary);

}  // namespace ingle::cli
