// Attempts to get out of a locked role: the table that `ingle prove-offline` runs on the user's machine, and the tests here.
//
// Each attempt is what somebody would do who runs code of their own inside a role. It runs in a process of its own, so that it
// may be killed for it. prove_offline() is called by front's main thread; the rest runs inside roles.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "roles/spawner.h"

namespace ingle::roles {

/// What a role has in its hands when it is taken over.
struct Possessions {
  Role role = Role::kEngine;
  int channel = -1;
  base::FileDescriptor listening;  // front: its port
  base::FileDescriptor accepted;   // front: a connection of a client
  std::filesystem::path home;      // of the user
  mode_t home_mode = 0;
  pid_t parent = -1;  // a process outside
};

struct EscapeAttempt {
  std::string_view name;
  std::string (*run)(const Possessions& has) = nullptr;
  bool may_kill = false;                              // being killed for it is a refusal
  bool (*applies)(const Possessions& has) = nullptr;  // null: to every role
};

std::span<const EscapeAttempt> escape_attempts();

/// "blocked: EPERM", "ESCAPED: what was possible", "" when it does not apply.
struct Attempt {
  Role role = Role::kEngine;
  std::string name;
  std::string outcome;

  bool escaped() const { return !outcome.starts_with("blocked: "); }
};

/// Every attempt from every role; front's from a process that is locked as front is. An error: nothing could be tried.
Result<std::vector<Attempt>> prove_offline(Spawner& spawner);

/// The main of a role that was started to be tried (SpawnOptions.prove).
int attempt_escapes(Channel channel, Role role, const SpawnOptions& options);

}  // namespace ingle::roles
