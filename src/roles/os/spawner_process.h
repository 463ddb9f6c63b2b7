// The spawner's side of the protocol between Spawner (front) and the process that starts roles.
//
// Messages are structs of one size over a SOCK_SEQPACKET pair: each arrives whole or not at all, and a request gets exactly
// one reply. Both ends are the same binary, so the layout needs no version. Used by spawner_linux.cpp and by nobody else.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "roles/spawner.h"

namespace ingle::roles {

/// Where a role finds its channel.
inline constexpr int kChannelDescriptor = 3;

struct SpawnerRequest {
  enum class Kind : uint32_t { kSpawn, kEnd, kHowEnded };
  Kind kind = Kind::kSpawn;
  Role role = Role::kEngine;
  uint8_t offline = 0;
  uint8_t prove = 0;
  uint8_t reserved = 0;
  uint32_t max_cpu_seconds = 0;
  uint32_t reserved_too = 0;
  uint64_t max_memory_bytes = 0;
  uint64_t max_file_bytes = 0;
  uint64_t child = 0;  // the number that a reply gave; process ids are used again, these are not
};

struct SpawnerReply {
  enum class Ended : uint32_t { kNot, kExited, kSignalled };
  int32_t error = 0;  // an errno
  int32_t pid = 0;
  uint64_t child = 0;
  Ended ended = Ended::kNot;
  int32_t code = 0;  // the exit code or the signal
  // Beside the reply to kSpawn travel two descriptors: the channel and the process (pidfd).
};

/// The life of the spawner. `socket` is its end of the pair, `binary` this program's own file, opened with O_PATH: what is
/// started is the program that is running, also after an upgrade has replaced the file.
[[noreturn]] void run_spawner(int socket, int binary);

}  // namespace ingle::roles
