// What a model would take of the memory, told of one that is listed or shown but not loaded. Read by the parse role, never
// by front.
//
// Plain values; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "engine/engine.h"

namespace ingle::roles {

inline constexpr std::string_view kModelMemoryJob = "model memory";

/// The job's payload. `options` as for engine::forecast.
std::string encode_memory_job(std::string_view name, const engine::Options& options);

/// The files are the model's parts in order.
Result<std::string> model_memory_job(std::string_view payload, std::span<const base::FileDescriptor> files);

/// What the job answered. Hostile: it comes from a process that read a hostile file.
Result<engine::MemoryForecast> decode_memory_forecast(std::string_view bytes);

}  // namespace ingle::roles
