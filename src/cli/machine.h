// What is known about this machine and about the memory of this process, for `bench` and `doctor`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/json_writer.h"

namespace ingle::cli {

struct Machine {
  std::string cpu;
  unsigned cores = 0;             // physical, that this process may use
  std::vector<std::string> isas;  // kernel tables that run here, best first
  uint64_t memory_bytes = 0;
  uint64_t memory_available = 0;
  uint64_t cache_bytes = 0;  // of the last level; 0: unknown
};
Machine this_machine();

/// "machine": {...}, with the kernel table that was used.
void write_machine(JsonWriter& json, const Machine& machine, std::string_view isa);

/// What this process holds in memory, pages that it shares with others counted by their share. 0: unknown.
uint64_t memory_now();
/// The most that it held since the last reset_memory_peak(), shared pages counted in full. 0: unknown.
uint64_t memory_peak();
/// False where the system does not let a process do that.
bool reset_memory_peak();

}  // namespace ingle::cli
