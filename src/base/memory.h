// How much memory this machine could still give. Any thread.
#pragma once

#include <cstdint>

namespace ingle::base {

/// Bytes that can be taken without swapping, caches that would give way included; 0: unknown.
uint64_t available_memory();

}  // namespace ingle::base
