#include "roles/testing/role_program.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <new>
#include <string>

#include "roles/egress_role.h"
#include "roles/engine_role.h"
#include "roles/jobs.h"
#include "roles/sandbox.h"

extern char** environ;  // NOLINT: the C library's own name

namespace ingle::roles::testing {
namespace {

std::string link_target(int fd) {
  char buffer[256];
  const ssize_t n = ::readlink(fmt::format("/proc/self/fd/{}", fd).c_str(), buffer, sizeof buffer);
  return n < 0 ? "closed" : std::string(buffer, static_cast<size_t>(n));
}

std::string facts(const SpawnOptions& options) {
  std::string open;
  for (int fd = 3; fd < 1024; ++fd) {
    if (::fcntl(fd, F_GETFD) >= 0) open += fmt::format("{} ", link_target(fd).substr(0, 7));
  }
  std::string environment;
  for (char** variable = environ; *variable != nullptr; ++variable)
    environment += std::string(*variable) + ";";
  int signal = 0;
  ::prctl(PR_GET_PDEATHSIG, &signal);
  return fmt::format(
      "stdin={}\nstdout={}\nstderr={}\nopen={}\nenvironment={}\ndeath_signal={}\ngroup={}\nmax_memory={}\n",
      link_target(0), link_target(1), link_target(2), open, environment, signal,
      ::getpgrp() == ::getpid() ? "own" : "shared", options.max_memory_bytes);
}

}  // namespace

int test_role(Channel channel, const SpawnOptions& options) {
  while (true) {
    auto frame = channel.receive();
    if (!frame) return 0;
    switch (frame->type) {
      case kExit:
        return std::atoi(frame->payload.c_str());
      case kTellFacts:
        frame->payload = facts(options);
        break;
      case kStartGrandchild: {
        const pid_t pid = ::fork();
        if (pid == 0) {
          while (true)
            ::pause();
        }
        frame->payload = std::to_string(pid);
        break;
      }
      case kBeDeaf:
        while (true)
          ::pause();
      default:
        break;
    }
    if (!channel.send(frame->type, frame->payload, frame->descriptors)) return 0;
  }
}

/// Counts in the model's file how often it was tried. Its name says how many tries are killed; the next one fails.
Result<std::unique_ptr<chat::Completer>> test_load(std::span<const base::FileDescriptor> parts, std::string_view name,
                                                   const engine::Options&) {
  const int file = parts.front().get();
  if (::write(file, "x", 1) != 1) return std::unexpected(Error::io("counting", errno));
  if (::lseek(file, 0, SEEK_CUR) <= std::atoi(std::string(name).c_str())) ::raise(SIGKILL);
  return std::unexpected(Error::corrupt("no model"));
}

std::span<const JobKind> test_jobs() {
  static constexpr JobKind kKinds[] = {
      {"echo",
       [](std::string_view payload, std::span<const base::FileDescriptor> files) -> Result<std::string> {
         return std::string(payload) + " with " + std::to_string(files.size());
       }},
      {"crash", [](std::string_view, std::span<const base::FileDescriptor>) -> Result<std::string> { std::abort(); }},
      {"refuse",
       [](std::string_view, std::span<const base::FileDescriptor>) -> Result<std::string> {
         return std::unexpected(Error::corrupt("no document").hint("another one"));
       }},
      {"hungry",
       [](std::string_view, std::span<const base::FileDescriptor>) -> Result<std::string> { throw std::bad_alloc(); }},
      {"endless",
       [](std::string_view, std::span<const base::FileDescriptor>) -> Result<std::string> {
         while (true)
           ::pause();
       }},
  };
  return kKinds;
}

RoleMains test_roles() {
  // run_job() always limits processor time, the other tests never do.
  const auto parse = [](Channel channel, const SpawnOptions& options) {
    return options.max_cpu_seconds > 0 ? serve_job(channel, test_jobs()) : test_role(std::move(channel), options);
  };
  const auto egress = [](Channel channel, const SpawnOptions& options) {
    return serve_egress(channel, [&]() -> Status {
      INGLE_TRY_VOID(lock(Role::kEgress, {.offline = options.offline}));
      return {};
    });
  };
  // Nobody else gives an engine pages on disk.
  const auto engine = [](Channel channel, const SpawnOptions& options) {
    return options.max_file_bytes > 0 ? serve_engine(channel, test_load, [] { return Status(); })
                                      : test_role(std::move(channel), options);
  };
  return {.engine = engine, .parse = parse, .egress = egress};
}

}  // namespace ingle::roles::testing
