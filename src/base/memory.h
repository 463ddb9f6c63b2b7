// Memory of this machine and of this process. Any thread.
#pragma once

#include <cstdint>

namespace ingle::base {

/// Bytes that can be taken without swapping, caches that would give way included; 0: unknown.
uint64_t available_memory();

/// Gives what this process freed but its allocator keeps back to the system: after loading, when much was needed only once.
void return_freed_memory();

}  // namespace ingle::base
