// The locks of each role: seccomp for what it may call, Landlock for what it may open, limits for what it may use.
//
// lock() is called once by a role's main, before its first thread, after it has what it needs and before it reads its first
// frame; it cannot be undone, and children inherit it. What the kernel does not offer is said in the report; without seccomp,
// which every kernel since 3.17 has, it is an error and the role does not start. docs/roles.md has the whole table.
//
//   front   no new sockets of any kind, no connect(), no exec; its listening socket was opened before
//   engine  no sockets, no exec, no opening of files; works on descriptors it was given
//   parse   no network; reads and executes the document tools and their libraries, writes a private temporary folder
//   egress  TCP and UDP sockets; opens nothing but the resolver's and the trust store's files; no exec. Offline: no sockets
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "roles/spawner.h"

namespace ingle::roles {

struct SandboxOptions {
  bool offline = false;
  std::vector<std::filesystem::path> writable =
      {};  // front: INGLE_HOME, the models folder; parse: its temporary folder
  std::vector<std::filesystem::path> readable = {};  // front: where other programs' models lie; egress: the CA file
  uint64_t max_memory_bytes = 0;                     // of heap and stacks, not of mapped files; 0: the role's own limit
  uint32_t max_cpu_seconds = 0;
  uint64_t max_file_bytes = 0;
};

struct SandboxReport {
  bool seccomp = false;
  int landlock_abi = 0;  // 0: the kernel has none
  std::string missing;   // for people; empty: everything is in place
};

Result<SandboxReport> lock(Role role, const SandboxOptions& options);

/// What lock() would find, for `ingle doctor`. Changes nothing.
SandboxReport sandbox_offered();

}  // namespace ingle::roles
