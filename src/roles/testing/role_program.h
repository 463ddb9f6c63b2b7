// What a test program does when it is executed again as a role: `main` of tests that start roles calls run_role with these.
//
// engine: echoes frames, and obeys the few words of Order; with pages on disk it is the real one, and loads what
// test_load says. Parse echoes too; egress is the real one.
#pragma once

#include <span>

#include "roles/jobs.h"
#include "roles/spawner.h"

namespace ingle::roles::testing {

/// Frame types that the test role understands; anything else is sent back with its payload and descriptors.
enum Order : uint8_t {
  kExit = 200,       // payload: the exit code
  kTellFacts,        // answers with lines "name=value" about the process
  kStartGrandchild,  // forks a process that lives for ever in silence; answers with its pid
  kBeDeaf,           // loops for ever without reading
};

int test_role(Channel channel, const SpawnOptions& options);
/// echo, crash, refuse, hungry, endless.
std::span<const JobKind> test_jobs();
RoleMains test_roles();

}  // namespace ingle::roles::testing
