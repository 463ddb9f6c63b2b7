// What this process takes of its machine. Any thread.
#pragma once

#include <cstdint>

namespace ingle::base {

struct ProcessUsage {
  uint64_t resident_bytes = 0;
  uint64_t open_files = 0;  // 0: unknown
  double cpu_seconds = 0;   // in user and system mode, since its start
};

ProcessUsage process_usage();

}  // namespace ingle::base
