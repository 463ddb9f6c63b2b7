// Both ends of prove_offline: front, which starts one process an attempt, and the role that tries it.
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "roles/escape_attempts.h"
#include "roles/sandbox.h"

namespace ingle::roles {
namespace {

using base::FileDescriptor;

constexpr int kPatienceMs = 60'000;  // for one attempt, which takes milliseconds; whoever waits longer got somewhere
constexpr size_t kLongestOutcome = 200;
constexpr std::array kRoles{Role::kFront, Role::kEngine, Role::kParse, Role::kEgress};

enum class Said : uint8_t { kOutcome = 1, kFailed };

/// Front's port on loopback and one client on it, as `serve` has them when it locks itself.
Status open_what_front_has(Possessions& has) {
  has.listening = FileDescriptor(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  const FileDescriptor client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(has.listening.get(), generic, size) != 0 || ::listen(has.listening.get(), 1) != 0 ||
      ::getsockname(has.listening.get(), generic, &size) != 0 || ::connect(client.get(), generic, size) != 0) {
    return std::unexpected(Error::io("opening a port on loopback, as the server does", errno));
  }
  has.accepted = FileDescriptor(::accept4(has.listening.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (has.accepted.valid()) return {};
  return std::unexpected(Error::io("accepting a client on loopback", errno));
}

Result<Possessions> take_over(const Channel& channel, Role role) {
  Possessions has{.role = role,
                  .channel = channel.descriptor(),
                  .listening = {},
                  .accepted = {},
                  .home = "/tmp",
                  .parent = ::getppid()};
  struct stat info{};
  const passwd* user = ::getpwuid(::getuid());
  if (user != nullptr && ::stat(user->pw_dir, &info) == 0) has.home = user->pw_dir;
  if (::stat(has.home.c_str(), &info) == 0) has.home_mode = info.st_mode & 07777U;
  if (role == Role::kFront) INGLE_TRY_VOID(open_what_front_has(has));
  return has;
}

Result<std::string> try_one(Channel& channel, Role role, const SpawnOptions& options) {
  INGLE_TRY(const Frame frame, channel.receive(0));
  size_t index = 0;
  std::from_chars(frame.payload.data(), frame.payload.data() + frame.payload.size(), index);
  if (index >= escape_attempts().size()) return std::unexpected(Error::usage("no such attempt"));
  INGLE_TRY(const Possessions has, take_over(channel, role));
  const EscapeAttempt& attempt = escape_attempts()[index];
  if (attempt.applies != nullptr && !attempt.applies(has)) return "";
  INGLE_TRY_VOID(lock(role, {.offline = options.offline}));
  return attempt.run(has);
}

/// What came of an attempt whose process did not say it.
std::string outcome_of_end(const EscapeAttempt& attempt, Child& child) {
  const std::string ended = child.how_it_ended();
  if (attempt.may_kill && ended.starts_with("ended by signal")) return "blocked: " + ended;
  return ended.empty() ? "ESCAPED: it does not come back" : "ESCAPED: something else ran in its place; " + ended;
}

Result<std::string> outcome_of(Spawner& spawner, Role role, size_t index) {
  INGLE_TRY(Child child, spawner.spawn(role, {.offline = true, .prove = true}));
  INGLE_TRY_VOID(child.channel().send(0, std::to_string(index)));
  pollfd answer{.fd = child.channel().descriptor(), .events = POLLIN, .revents = 0};
  if (::poll(&answer, 1, kPatienceMs) <= 0) return "ESCAPED: it does not come back";
  const auto frame = child.channel().receive(0);
  if (!frame) return outcome_of_end(escape_attempts()[index], child);
  if (frame->type == static_cast<uint8_t>(Said::kOutcome)) return frame->payload.substr(0, kLongestOutcome);
  return std::unexpected(Error::unavailable(
      fmt::format("the role '{}' could not be tried: {}", to_string(role), frame->payload.substr(0, kLongestOutcome))));
}

}  // namespace

int attempt_escapes(Channel channel, Role role, const SpawnOptions& options) {
  const auto outcome = try_one(channel, role, options);
  const auto said = outcome ? Said::kOutcome : Said::kFailed;
  return channel.send(static_cast<uint8_t>(said), outcome ? *outcome : outcome.error().message()) ? 0 : 1;
}

Result<std::vector<Attempt>> prove_offline(Spawner& spawner) {
  std::vector<Attempt> attempts;
  for (const Role role : kRoles) {
    for (size_t i = 0; i < escape_attempts().size(); ++i) {
      INGLE_TRY(std::string outcome, outcome_of(spawner, role, i));
      if (!outcome.empty()) attempts.push_back({role, std::string(escape_attempts()[i].name), std::move(outcome)});
    }
  }
  return attempts;
}

}  // namespace ingle::roles
