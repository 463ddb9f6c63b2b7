// Jobs: one hostile input, one short-lived parse process, one answer.
//
// A job is a kind, a small payload and open files; its handler runs in a process that is locked, has limits, and ends with
// the job. A crash there or a limit that is hit is an error here. Any thread; several jobs at once are several processes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/files.h"
#include "base/result.h"
#include "roles/channel.h"
#include "roles/spawner.h"

namespace ingle::roles {

struct JobLimits {
  uint64_t max_memory_bytes = uint64_t{1} << 30;
  uint32_t max_cpu_seconds = 60;
  uint32_t max_wall_seconds = 120;  // then the process is killed
};

/// What a kind of job does. Runs in the parse role; the files are open for reading, at their beginning.
using JobHandler = Result<std::string> (*)(std::string_view payload, std::span<const base::FileDescriptor> files);

struct JobKind {
  std::string_view kind;
  JobHandler run = nullptr;
};

/// Starts a process, waits for its answer. kUnavailable: it crashed; kExhausted: it hit a limit; other errors are the handler's.
Result<std::string> run_job(Spawner& spawner, std::string_view kind, std::string_view payload,
                            std::span<const base::FileDescriptor> files, const JobLimits& limits);

/// The same in this process, for tests and tools that have no spawner.
Result<std::string> run_job_here(std::span<const JobKind> kinds, std::string_view kind, std::string_view payload,
                                 std::span<const base::FileDescriptor> files);

/// The parse role: reads one job, answers it. Returns the exit code.
int serve_job(Channel& channel, std::span<const JobKind> kinds);

}  // namespace ingle::roles
