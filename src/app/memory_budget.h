// How much memory is left for one more model, and what to say when it is not enough. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "runtime/model_manager.h"

namespace ingle::app {

/// Of the setting `memory`: "8GB", "900MB", "1.5 GiB", bytes without a unit; "": 0, no limit of one's own.
Result<uint64_t> parse_memory(std::string_view text);

/// What is available less what the engines that are loaded were promised and have not taken, and less than `limit` less
/// all that is theirs. 0 where nothing is known; at least 1 otherwise, which is nothing.
uint64_t memory_left(uint64_t available, uint64_t limit, std::span<const runtime::HeldMemory> held);

/// A refusal of the engine to load `name` with what the others hold, and which of them could be stopped.
Error with_holders(Error refused, std::string_view name, uint64_t limit, std::span<const runtime::HeldMemory> held);

}  // namespace ingle::app
