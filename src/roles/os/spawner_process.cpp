#include "roles/os/spawner_process.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <expected>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace ingle::roles {
namespace {

using base::FileDescriptor;
using Ended = SpawnerReply::Ended;

constexpr int kFirstHighDescriptor = 10;  // above everything that a role's fixed descriptors take

struct Running {
  pid_t pid = -1;
  FileDescriptor process;
  Ended ended = Ended::kNot;
  int32_t code = 0;
  bool forgotten = false;  // nobody will ask how it ended
  std::string folder;      // parse: its own, removed after its end
};

struct Started {
  pid_t pid = -1;
  FileDescriptor process;
  FileDescriptor channel;
  std::string folder;
};

/// Low descriptors are given fixed meanings in children; ours must not be among them.
FileDescriptor moved_up(int fd) {
  return FileDescriptor(::fcntl(fd, F_DUPFD_CLOEXEC, kFirstHighDescriptor));
}

void default_signals() {
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL);
  // A write to a closed pipe or socket is an error of that write, in every role.
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// Whoever ends a service or presses Ctrl-C may signal every process of it; front ends its roles, when they have answered.
void leave_the_end_to_front() {
  for (const int number : {SIGINT, SIGTERM, SIGHUP})
    ::signal(number, SIG_IGN);
}

/// Nothing of front's environment: settings are messages. The sanitizers' own options are the exception, which only a
/// developer sets; PATH and LANG are what the document tools of parse expect.
std::vector<std::string> environment_of_roles() {
  std::vector<std::string> variables{"PATH=/usr/bin:/bin", "LANG=C.UTF-8"};
  for (const char* name : {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LLVM_PROFILE_FILE"}) {
    if (const char* value = std::getenv(name)) variables.push_back(std::string(name) + "=" + value);
  }
  return variables;
}

std::vector<char*> pointers_to(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words)
    pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// For what parse's document tools write. It outlives the role, which may be killed at any moment, and lies in a folder that
/// the locked role could not remove anything from.
std::expected<std::string, int> make_private_folder() {
  std::error_code error;
  std::string name = (std::filesystem::temp_directory_path(error) / "ingle-parse-XXXXXX").string();
  if (error || ::mkdtemp(name.data()) == nullptr) return std::unexpected(error ? error.value() : errno);
  return name;
}

/// Nothing was written yet.
int given_up(const Started& started, int error) {
  if (!started.folder.empty()) ::rmdir(started.folder.c_str());
  return error;
}

/// In a process of its own, since a hostile document may have left a million files. 0: there was nothing to do.
pid_t remove_in_background(const std::string& folder) {
  if (folder.empty()) return 0;
  const pid_t pid = ::fork();
  if (pid != 0) return std::max(pid, 0);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  ::_exit(0);
}

class SpawnerProcess {
 public:
  SpawnerProcess(FileDescriptor socket, FileDescriptor binary)
      : socket_(std::move(socket)), binary_(std::move(binary)), environment_(environment_of_roles()) {}

  void serve() {
    while (wait_for_something()) {
    }
    for (const auto& [number, child] : children_)
      kill_all_of(child);
    for (auto& [number, child] : children_) {
      siginfo_t info{};
      if (!child.folder.empty()) ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED);
      remove_in_background(child.folder);
    }
  }

 private:
  bool wait_for_something();
  bool answer();
  bool send_reply(const SpawnerReply& reply, const Started& started) const;
  std::expected<Started, int> start(const RoleCommand& command) const;
  [[noreturn]] void become(const RoleCommand& command, const std::string& folder, int channel, int failure) const;
  void reap(Running& child);
  static void kill_all_of(const Running& child);

  FileDescriptor socket_;
  FileDescriptor binary_;
  std::vector<std::string> environment_;
  std::map<uint64_t, Running> children_;
  std::vector<pid_t> removers_;
  uint64_t next_ = 1;
};

/// The role and what it started: they are one process group. A group's number stays taken while it has a member.
void SpawnerProcess::kill_all_of(const Running& child) {
  if (child.ended == Ended::kNot) ::kill(-child.pid, SIGKILL);
}

void SpawnerProcess::reap(Running& child) {
  if (child.ended != Ended::kNot) return;
  siginfo_t info{};
  // First look, then kill what the role left behind, then collect: afterwards its number may belong to somebody else.
  if (::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
    return;
  ::kill(-child.pid, SIGKILL);
  ::waitid(P_PID, static_cast<id_t>(child.pid), &info, WEXITED | WNOHANG);
  child.ended = info.si_code == CLD_EXITED ? Ended::kExited : Ended::kSignalled;
  child.code = info.si_status;
  child.process = FileDescriptor();
  if (const pid_t remover = remove_in_background(std::exchange(child.folder, {})); remover > 0) {
    removers_.push_back(remover);
  }
}

/// In the forked child, which has one thread: memory may be taken.
void SpawnerProcess::become(const RoleCommand& command, const std::string& folder, int channel, int failure) const {
  auto words = words_of(command);
  words.insert(words.begin(), "ingle");
  auto environment = environment_;
  if (!folder.empty()) environment.push_back("TMPDIR=" + folder);
  const auto argv = pointers_to(words);
  const auto envp = pointers_to(environment);
  ::setpgid(0, 0);
  default_signals();
  leave_the_end_to_front();
  // CLOSE_RANGE_CLOEXEC needs Linux 5.11. Without it nothing is lost: every descriptor here was made close-on-exec.
  ::close_range(kChannelDescriptor + 1, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::dup2(channel, kChannelDescriptor) == kChannelDescriptor) {
    ::execveat(binary_.get(), "", argv.data(), envp.data(), AT_EMPTY_PATH);
  }
  const int error = errno;
  [[maybe_unused]] const ssize_t told = ::write(failure, &error, sizeof error);
  ::_exit(127);
}

std::expected<Started, int> SpawnerProcess::start(const RoleCommand& command) const {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return std::unexpected(errno);
  Started started;
  started.channel = FileDescriptor(ends[0]);
  const FileDescriptor of_role = moved_up(ends[1]);
  ::close(ends[1]);
  int pipe_ends[2];
  if (!of_role.valid() || ::pipe2(pipe_ends, O_CLOEXEC) != 0) return std::unexpected(errno);
  const FileDescriptor failure_read(pipe_ends[0]);
  FileDescriptor failure_write = moved_up(pipe_ends[1]);
  ::close(pipe_ends[1]);
  if (!failure_write.valid()) return std::unexpected(errno);

  if (command.role == Role::kParse) {
    auto folder = make_private_folder();
    if (!folder) return std::unexpected(folder.error());
    started.folder = std::move(*folder);
  }
  const pid_t spawner = ::getpid();
  started.pid = ::fork();
  if (started.pid < 0) return std::unexpected(given_up(started, errno));
  if (started.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != spawner) ::_exit(127);
    become(command, started.folder, of_role.get(), failure_write.get());
  }
  ::setpgid(started.pid, started.pid);  // whoever is first, so that an early kill finds the group
  failure_write = FileDescriptor();
  int error = 0;
  ssize_t n = 0;
  do {
    n = ::read(failure_read.get(), &error, sizeof error);  // ends without a byte when the role was executed
  } while (n < 0 && errno == EINTR);
  if (n == sizeof error) {
    ::waitpid(started.pid, nullptr, 0);
    return std::unexpected(given_up(started, error));
  }
  started.process = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, started.pid, 0)));
  if (!started.process.valid()) {
    const int reason = errno;
    ::kill(-started.pid, SIGKILL);
    ::waitpid(started.pid, nullptr, 0);
    return std::unexpected(given_up(started, reason));
  }
  return started;
}

/// Collects every role that has ended; false when front is gone.
bool SpawnerProcess::wait_for_something() {
  std::vector<pollfd> polled{{.fd = socket_.get(), .events = POLLIN, .revents = 0}};
  for (const auto& [number, child] : children_) {
    if (child.process.valid()) polled.push_back({.fd = child.process.get(), .events = POLLIN, .revents = 0});
  }
  if (::poll(polled.data(), polled.size(), -1) < 0) return errno == EINTR;
  for (auto& [number, child] : children_)
    reap(child);
  std::erase_if(removers_, [](pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) != 0; });
  std::erase_if(children_,
                [](const auto& entry) { return entry.second.forgotten && entry.second.ended != Ended::kNot; });
  return polled[0].revents == 0 || answer();
}

bool SpawnerProcess::answer() {
  SpawnerRequest request;
  const ssize_t n = ::recv(socket_.get(), &request, sizeof request, 0);
  if (n < 0 && errno == EINTR) return true;
  if (n != sizeof request) return false;
  SpawnerReply reply;
  Started started;
  if (request.kind == SpawnerRequest::Kind::kSpawn) {
    auto result = start({.role = request.role,
                         .options = {.offline = request.offline != 0,
                                     .max_memory_bytes = request.max_memory_bytes,
                                     .max_cpu_seconds = request.max_cpu_seconds,
                                     .max_file_bytes = request.max_file_bytes,
                                     .prove = request.prove != 0}});
    if (result) {
      started = std::move(*result);
      reply.pid = started.pid;
      reply.child = next_++;
    } else {
      reply.error = result.error();
    }
  } else if (const auto found = children_.find(request.child); found == children_.end()) {
    reply.error = ESRCH;
  } else if (request.kind == SpawnerRequest::Kind::kEnd) {
    kill_all_of(found->second);
    found->second.forgotten = true;
  } else {
    reply.ended = found->second.ended;
    reply.code = found->second.code;
  }
  const bool told = send_reply(reply, started);
  if (started.pid > 0) {
    Running& child = children_[reply.child];
    child.pid = started.pid;
    child.process = std::move(started.process);
    child.folder = std::move(started.folder);
  }
  return told;
}

bool SpawnerProcess::send_reply(const SpawnerReply& reply, const Started& started) const {
  iovec part{.iov_base = const_cast<SpawnerReply*>(&reply), .iov_len = sizeof reply};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  if (started.pid > 0) {
    const int passed[] = {started.channel.get(), started.process.get()};
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof passed);
    std::memcpy(CMSG_DATA(header), passed, sizeof passed);
  }
  return ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL) == sizeof reply;
}

/// What comes on its socket, the end of front included, wakes this process even where somebody has stopped it (SIGSTOP). It
/// wakes itself: front may signal nobody.
void go_on_when_something_comes(int socket) {
  ::fcntl(socket, F_SETOWN, ::getpid());
  ::fcntl(socket, F_SETSIG, SIGCONT);
  ::fcntl(socket, F_SETFL, ::fcntl(socket, F_GETFL) | O_ASYNC);
}

/// stdin, stdout and stderr of the spawner and so of every role.
void silence() {
  const char* wanted = std::getenv("INGLE_ROLE_STDERR");
  const bool keep_stderr = wanted != nullptr && std::strcmp(wanted, "1") == 0;
  const int null = ::open("/dev/null", O_RDWR);
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (fd != STDERR_FILENO || !keep_stderr) ::dup2(null, fd);
  }
  if (null > STDERR_FILENO) ::close(null);
}

}  // namespace

void run_spawner(int socket, int binary) {
  ::prctl(PR_SET_NAME, "ingle-spawner");
  // A session of its own: no terminal, so Ctrl-C reaches front alone, which ends its roles in good order.
  ::setsid();
  default_signals();
  leave_the_end_to_front();
  FileDescriptor own_socket = moved_up(socket);
  FileDescriptor own_binary = moved_up(binary);
  go_on_when_something_comes(own_socket.get());
  silence();
  // What front had open is front's: a pipe that stays open here would never end for its reader.
  for (unsigned from = STDERR_FILENO + 1;
       const int keep : {std::min(own_socket.get(), own_binary.get()), std::max(own_socket.get(), own_binary.get())}) {
    if (static_cast<unsigned>(keep) > from) ::close_range(from, static_cast<unsigned>(keep) - 1, 0);
    from = static_cast<unsigned>(keep) + 1;
  }
  ::close_range(static_cast<unsigned>(std::max(own_socket.get(), own_binary.get())) + 1, ~0U, 0);
  SpawnerProcess(std::move(own_socket), std::move(own_binary)).serve();
  ::_exit(0);
}

}  // namespace ingle::roles
