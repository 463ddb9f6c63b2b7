// Landlock (landlock(7)): which files and TCP ports the calling thread and its children may still reach.
//
// The system calls are made by number and the constants stand here, since older headers lack them. Used by lock() alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace ingle::roles {

struct LandlockRules {
  std::vector<std::filesystem::path>
      readable;  // files, or folders with all they hold; those that do not exist are left out
  std::vector<std::filesystem::path> executable;  // readable, too
  std::vector<std::filesystem::path> writable;    // read, write, create, remove, rename; never execute
  bool may_connect = false;                       // TCP connect(); bind() is never allowed
};

/// 0: this kernel has none.
int landlock_abi();

/// Needs no_new_privs. What the kernel is too old for is left out: the caller compares the ABI with what it wants.
Status landlock(const LandlockRules& rules, int abi);

}  // namespace ingle::roles
