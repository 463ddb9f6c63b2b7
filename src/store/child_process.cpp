#include "store/child_process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "base/files.h"

extern char** environ;

namespace ingle::store {
namespace {

constexpr size_t kMaxOutput = 4 << 20;
constexpr int kPollMs = 50;

struct FileActions {
  posix_spawn_file_actions_t value;
  FileActions() { ::posix_spawn_file_actions_init(&value); }
  ~FileActions() { ::posix_spawn_file_actions_destroy(&value); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;
};

/// The signals of an ordinary program.
struct Attributes {
  posix_spawnattr_t value;
  Attributes() {
    ::posix_spawnattr_init(&value);
    sigset_t defaults;
    ::sigemptyset(&defaults);
    ::sigaddset(&defaults, SIGPIPE);  // ignored here, and children would inherit that
    ::posix_spawnattr_setsigdefault(&value, &defaults);
    ::posix_spawnattr_setflags(&value, POSIX_SPAWN_SETSIGDEF);
  }
  ~Attributes() { ::posix_spawnattr_destroy(&value); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

int wait_for(pid_t child) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Result<CommandResult> run_command(const std::vector<std::string>& arguments, std::chrono::milliseconds limit,
                                  const std::stop_token& stop) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return std::unexpected(Error::io("cannot create a pipe", errno));
  const base::FileDescriptor out(ends[0]);
  base::FileDescriptor in(ends[1]);
  FileActions actions;
  ::posix_spawn_file_actions_addopen(&actions.value, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions.value, in.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_addopen(&actions.value, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const Attributes attributes;
  std::vector<char*> argv;
  for (const std::string& argument : arguments)
    argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  pid_t child = 0;
  if (const int error = ::posix_spawnp(&child, argv[0], &actions.value, &attributes.value, argv.data(), environ);
      error != 0) {
    if (error == ENOENT) return std::unexpected(Error::not_found("no program '" + arguments[0] + "'"));
    return std::unexpected(Error::io("cannot start '" + arguments[0] + "'", error));
  }
  in = base::FileDescriptor();

  CommandResult result;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (true) {
    const bool late = std::chrono::steady_clock::now() >= deadline;
    if (late || stop.stop_requested() || result.output.size() > kMaxOutput) {
      // A locked role may not signal: whoever started it ends it with all that it has started.
      if (::kill(child, SIGKILL) == 0) wait_for(child);
      if (stop.stop_requested()) return std::unexpected(Error::cancelled());
      return std::unexpected(Error::unavailable(
          fmt::format("'{}' {}", fmt::join(arguments, " "), late ? "did not answer in time" : "printed too much")));
    }
    pollfd poll_out{out.get(), POLLIN, 0};
    if (::poll(&poll_out, 1, kPollMs) <= 0) continue;
    char buffer[16384];
    const ssize_t n = ::read(out.get(), buffer, sizeof buffer);
    if (n > 0) result.output.append(buffer, static_cast<size_t>(n));
    if (n == 0 || (n < 0 && errno != EINTR)) break;
  }
  result.exit_code = wait_for(child);
  return result;
}

}  // namespace ingle::store
