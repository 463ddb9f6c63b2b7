// How much memory is left for one more model, and what to say when it is not enough. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/memory.h"
#include "base/result.h"
#include "runtime/model_manager.h"

namespace ingle::app {

/// Of the setting `memory`: "8GB", "900MB", "1.5 GiB", bytes without a unit; "": 0, no limit of one's own.
Result<uint64_t> parse_memory(std::string_view text);

/// Bytes; 0: not known.
struct MemoryRoom {
  uint64_t now = 0;         // left for one more model; at least 1 where it is known, which is nothing
  uint64_t ever = 0;        // if no other model were loaded and no other program ran
  uint64_t limit = 0;       // the setting's; 0: none
  bool is_limited = false;  // by the setting, and not by what the machine has available
};

/// What is available less what the engines that are loaded were promised and have not taken, and less than `limit` less
/// all that is theirs.
MemoryRoom memory_room(const base::MachineMemory& machine, uint64_t limit, std::span<const runtime::HeldMemory> held);

/// A refusal of the engine to load `name` with what the others hold, and what could be done about it here.
Error explained(Error refused, std::string_view name, const MemoryRoom& room,
                std::span<const runtime::HeldMemory> held);

}  // namespace ingle::app
