// The job that makes a GGUF of a model's other files. Runs in the parse role, which has no network and opens no file: the
// inputs and the output are descriptors that front opened, and front checks the digest of what was written.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"

namespace ingle::convert {

inline constexpr std::string_view kConvertJobKind = "safetensors model";

/// What `files` are, by name; the one that is open for reading and writing, empty, stands last and is not named.
std::string convert_payload(std::string_view model_name, std::span<const std::string> file_names);

/// Names: model.safetensors, config.json, tokenizer.json, pooling.json (may be missing).
Result<std::string> convert_job(std::string_view payload, std::span<const base::FileDescriptor> files);

}  // namespace ingle::convert
