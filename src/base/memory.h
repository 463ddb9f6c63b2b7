// Memory of this machine and of this process. Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace ingle::base {

/// Bytes that can be taken without swapping, caches that would give way included, and within the limits of the control
/// groups that this process is in; 0: unknown.
uint64_t available_memory();

/// What the control groups named in `memberships` (the text of /proc/self/cgroup) leave; UINT64_MAX: they set no limit.
/// `root` is where their file systems are mounted.
uint64_t left_in_groups(const std::filesystem::path& root, std::string_view memberships);

/// Gives what this process freed but its allocator keeps back to the system: after loading, when much was needed only once.
void return_freed_memory();

}  // namespace ingle::base
