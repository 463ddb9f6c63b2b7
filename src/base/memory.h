// Memory of this machine and of this process. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace ingle::base {

/// Bytes, within the limits of the control groups that this process is in; 0: unknown.
struct MachineMemory {
  uint64_t available = 0;  // without swapping, caches that would give way included
  uint64_t total = 0;
};
MachineMemory machine_memory();

/// What the tightest of some control groups leaves and allows; UINT64_MAX: none sets a limit.
struct GroupMemory {
  uint64_t left = UINT64_MAX;
  uint64_t limit = UINT64_MAX;
};
/// Of those named in `memberships` (the text of /proc/self/cgroup). `root` is where their file systems are mounted.
GroupMemory memory_of_groups(const std::filesystem::path& root, std::string_view memberships);

/// Gives what this process freed but its allocator keeps back to the system: after loading, when much was needed only once.
void return_freed_memory();

}  // namespace ingle::base
