#include "base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>

#include "base/files.h"

namespace ingle::base {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxErrorBytes = 64 << 10;
constexpr int kCannotStart = 127;

struct Pipe {
  FileDescriptor reading;
  FileDescriptor writing;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return std::unexpected(Error::io("making a pipe", errno));
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

/// The child's part between fork and exec: async-signal-safe calls only.
[[noreturn]] void become(char* const* words, char* const* environment, const char* folder, int in, int out, int err) {
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  if (chdir(folder) != 0) _exit(kCannotStart);
  execve(words[0], words, environment);
  _exit(kCannotStart);
}

/// Appends what is there; false at the end of the stream.
bool drain(int fd, std::string& text) {
  std::array<char, 16384> buffer;
  const ssize_t n = read(fd, buffer.data(), buffer.size());
  if (n < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer.data(), static_cast<size_t>(n));
  return n > 0;
}

/// Reads both streams to their end; the error says which limit was passed.
Status collect(int out_fd, int err_fd, const ChildOptions& options, const std::string& name, ChildOutput& output) {
  const Clock::time_point deadline = Clock::now() + options.time;
  std::array<pollfd, 2> fds{{{out_fd, POLLIN, 0}, {err_fd, POLLIN, 0}}};
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return std::unexpected(Error::exhausted(name + " took longer than it may"));
    const int n = poll(fds.data(), fds.size(), static_cast<int>(std::min<long long>(left, 1000)));
    if (n < 0 && errno != EINTR) return std::unexpected(Error::io("waiting for " + name, errno));
    if (n <= 0) continue;
    if (fds[0].revents != 0 && !drain(out_fd, output.out)) fds[0].fd = -1;
    std::string err;
    if (fds[1].revents != 0 && !drain(err_fd, err)) fds[1].fd = -1;
    output.err.append(err, 0, kMaxErrorBytes - std::min(kMaxErrorBytes, output.err.size()));
    if (output.out.size() > options.max_output_bytes)
      return std::unexpected(Error::exhausted(name + " wrote more than it may"));
  }
  return {};
}

}  // namespace

Result<ChildOutput> run_program(std::span<const std::string> words, const ChildOptions& options) {
  const std::string name = std::filesystem::path(words[0]).filename().string();
  INGLE_TRY(const FileDescriptor nothing, FileDescriptor::open_read("/dev/null"));
  INGLE_TRY(Pipe out, make_pipe());
  INGLE_TRY(Pipe err, make_pipe());
  std::vector<char*> argv;
  for (const std::string& word : words)
    argv.push_back(const_cast<char*>(word.c_str()));  // execve's signature, it does not write
  argv.push_back(nullptr);
  std::array<std::string, 3> variables = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "HOME=" + options.folder.string()};
  std::array<char*, 4> environment = {variables[0].data(), variables[1].data(), variables[2].data(), nullptr};
  const std::string folder = options.folder.empty() ? "/" : options.folder.string();

  const pid_t pid = fork();
  if (pid < 0) return std::unexpected(Error::unavailable("starting " + name + ": no process could be made"));
  if (pid == 0)
    become(argv.data(), environment.data(), folder.c_str(), nothing.get(), out.writing.get(), err.writing.get());
  out.writing = FileDescriptor();
  err.writing = FileDescriptor();
  ChildOutput output;
  const Status collected = collect(out.reading.get(), err.reading.get(), options, name, output);
  // A locked role may not signal: whoever started it ends it with all that it has started.
  if (!collected && kill(pid, SIGKILL) != 0) return std::unexpected(collected.error());
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  INGLE_TRY_VOID(collected);
  if (WIFSIGNALED(status))
    return std::unexpected(Error::corrupt(name + " was ended by signal " + std::to_string(WTERMSIG(status))));
  output.exit_code = WEXITSTATUS(status);
  if (output.exit_code == kCannotStart) return std::unexpected(Error::unavailable(words[0] + " could not be started"));
  return output;
}

}  // namespace ingle::base
