// What is known about this machine, for `bench` and `doctor`.
#pragma once

#include <cstdint>
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
};
Machine this_machine();

/// "machine": {...}, with the kernel table that was used.
void write_machine(JsonWriter& json, const Machine& machine, std::string_view isa);

}  // namespace ingle::cli
