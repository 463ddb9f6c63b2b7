#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <span>

#include "roles/os/spawner_process.h"
#include "roles/spawner.h"

namespace ingle::roles {
namespace {

using base::FileDescriptor;
using Ended = SpawnerReply::Ended;

constexpr int kPatienceMs = 2000;  // how long a process that was killed, or closed its channel, may take to end

struct Answer {
  SpawnerReply reply;
  FileDescriptor channel;
  FileDescriptor process;
};

bool readable(int fd, int timeout_ms) {
  pollfd polled{.fd = fd, .events = POLLIN, .revents = 0};
  int n = 0;
  do {
    n = ::poll(&polled, 1, timeout_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

/// The other side of a channel has closed it, or we have.
bool hung_up(int socket) {
  pollfd polled{.fd = socket, .events = 0, .revents = 0};
  return ::poll(&polled, 1, 0) > 0 && (polled.revents & (POLLHUP | POLLERR)) != 0;
}

std::string in_words(const SpawnerReply& reply) {
  switch (reply.ended) {
    case Ended::kNot:
      return "ended with the process that starts roles";
    case Ended::kExited:
      return fmt::format("exit code {}", reply.code);
    case Ended::kSignalled:
      return fmt::format("ended by signal {}", reply.code);
  }
  return {};
}

Error spawner_gone() {
  return Error::unavailable("the process that starts engines has ended")
      .hint("start Inglenook again; where memory is short the kernel ends processes, and its log says so");
}

}  // namespace

struct Spawner::State {
  FileDescriptor socket;
  pid_t pid = -1;
  std::mutex asking;

  Result<Answer> ask(const SpawnerRequest& request);
};

Result<Answer> Spawner::State::ask(const SpawnerRequest& request) {
  const std::scoped_lock lock(asking);
  if (::send(socket.get(), &request, sizeof request, MSG_NOSIGNAL) != sizeof request) {
    return std::unexpected(spawner_gone());
  }
  Answer answer;
  iovec part{.iov_base = &answer.reply, .iov_len = sizeof answer.reply};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t n = 0;
  do {
    n = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  } while (n < 0 && errno == EINTR);
  if (n != sizeof answer.reply) return std::unexpected(spawner_gone());
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header != nullptr && header->cmsg_type == SCM_RIGHTS && header->cmsg_len == CMSG_LEN(2 * sizeof(int))) {
    int passed[2];
    std::memcpy(passed, CMSG_DATA(header), sizeof passed);
    answer.channel = FileDescriptor(passed[0]);
    answer.process = FileDescriptor(passed[1]);
  }
  return answer;
}

Result<std::unique_ptr<Spawner>> Spawner::start() {
  const FileDescriptor binary(::open("/proc/self/exe", O_PATH | O_CLOEXEC));
  if (!binary.valid()) return std::unexpected(Error::io("cannot open this program's own file (/proc/self/exe)", errno));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return std::unexpected(Error::io("making a channel to the spawner", errno));
  }
  auto state = std::make_shared<State>();
  state->socket = FileDescriptor(ends[0]);
  const FileDescriptor of_spawner(ends[1]);
  const pid_t pid = ::fork();
  if (pid < 0) return std::unexpected(Error::io("starting the spawner", errno));
  if (pid == 0) run_spawner(of_spawner.get(), binary.get());
  state->pid = pid;
  return std::unique_ptr<Spawner>(new Spawner(std::move(state)));
}

Spawner::Spawner(std::shared_ptr<State> state) : state_(std::move(state)) {}

Status Spawner::can_spawn() const {
  if (hung_up(state_->socket.get())) return std::unexpected(spawner_gone());
  return {};
}

void Spawner::end() {
  ::shutdown(state_->socket.get(), SHUT_RDWR);
}

Spawner::~Spawner() {
  end();
  while (::waitpid(state_->pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

struct Child::State {
  std::shared_ptr<Spawner::State> spawner;
  Channel channel;
  FileDescriptor process;
  pid_t pid = -1;
  uint64_t number = 0;
  std::mutex asking;
  std::optional<SpawnerReply> known_end;  // guarded by `asking`

  /// Nothing: it runs. kNot: it does not, and the spawner has ended as well.
  std::optional<SpawnerReply> end();
  void kill() {
    channel.close_both();
    if (spawner->ask({.kind = SpawnerRequest::Kind::kEnd, .child = number})) readable(process.get(), kPatienceMs);
  }
  ~State() { kill(); }
};

Result<Child> Spawner::spawn(Role role, const SpawnOptions& options) {
  INGLE_TRY(Answer answer, state_->ask({.kind = SpawnerRequest::Kind::kSpawn,
                                        .role = role,
                                        .offline = options.offline,
                                        .prove = options.prove,
                                        .max_cpu_seconds = options.max_cpu_seconds,
                                        .max_memory_bytes = options.max_memory_bytes,
                                        .max_file_bytes = options.max_file_bytes}));
  if (answer.reply.error != 0) {
    return std::unexpected(
        Error::io(fmt::format("cannot start a process for '{}'", to_string(role)), answer.reply.error));
  }
  if (!answer.channel.valid() || !answer.process.valid()) {
    return std::unexpected(Error::exhausted(fmt::format("no descriptors left for a process '{}'", to_string(role)))
                               .hint("raise the limit of open files (ulimit -n)"));
  }
  return Child(std::unique_ptr<Child::State>(new Child::State{.spawner = state_,
                                                              .channel = Channel(std::move(answer.channel)),
                                                              .process = std::move(answer.process),
                                                              .pid = answer.reply.pid,
                                                              .number = answer.reply.child,
                                                              .asking = {},
                                                              .known_end = std::nullopt}));
}

Child::Child(std::unique_ptr<State> state) : state_(std::move(state)) {}
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;
Child::~Child() = default;

Channel& Child::channel() {
  return state_->channel;
}

pid_t Child::pid() const {
  return state_->pid;
}

void Child::kill() {
  state_->kill();
}

std::optional<SpawnerReply> Child::State::end() {
  const std::scoped_lock lock(asking);
  // The kernel closes a dying process's descriptors before anybody can learn how it ended.
  if (!known_end && readable(process.get(), hung_up(channel.descriptor()) ? kPatienceMs : 0)) {
    const auto answer = spawner->ask({.kind = SpawnerRequest::Kind::kHowEnded, .child = number});
    known_end = answer ? answer->reply : SpawnerReply{};
  }
  return known_end;
}

std::string Child::how_it_ended() {
  const auto end = state_->end();
  return end ? in_words(*end) : "";
}

bool Child::was_killed() {
  const auto end = state_->end();
  return end && end->ended == Ended::kSignalled;
}

}  // namespace ingle::roles
