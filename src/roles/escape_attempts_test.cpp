#include "roles/escape_attempts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

namespace ingle::roles {
namespace {

using ::testing::StartsWith;

const EscapeAttempt& named(std::string_view name) {
  for (const EscapeAttempt& attempt : escape_attempts()) {
    if (attempt.name == name) return attempt;
  }
  ADD_FAILURE() << "no attempt is called '" << name << "'";
  return escape_attempts()[0];
}

/// The outcome in a process that is not locked, in a network namespace without a way out.
std::string unlocked(std::string_view name) {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    Possessions has;
    has.channel = ends[0];
    has.parent = ::getppid();
    const std::string said = ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? named(name).run(has) : "no namespaces";
    [[maybe_unused]] const ssize_t n = ::write(ends[1], said.data(), said.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  char said[256];
  const ssize_t n = ::read(ends[0], said, sizeof said);
  ::close(ends[0]);
  ::waitpid(pid, nullptr, 0);
  return {said, static_cast<size_t>(std::max<ssize_t>(n, 0))};
}

TEST(ProveOffline, NothingEscapesFromAnyRole) {
  const auto spawner = Spawner::start().value();
  const auto attempts = prove_offline(*spawner);
  ASSERT_TRUE(attempts) << attempts.error().message();
  std::map<Role, int> tried;
  for (const Attempt& attempt : *attempts) {
    ++tried[attempt.role];
    EXPECT_FALSE(attempt.escaped()) << to_string(attempt.role) << ": " << attempt.name << ": " << attempt.outcome;
    EXPECT_THAT(attempt.outcome, StartsWith("blocked: "));
  }
  for (const Role role : {Role::kFront, Role::kEngine, Role::kParse, Role::kEgress})
    EXPECT_GE(tried[role], 30);
}

TEST(ProveOffline, WithoutLocksTheAttemptsEscape) {
  if (unlocked("netlink socket") == "no namespaces") GTEST_SKIP() << "user namespaces are not allowed here";
  for (const char* name :
       {"TCP to 192.0.2.1:443", "TCP to [2001:db8::1]:443", "TCP to 1.1.1.1:53", "UDP question to 9.9.9.9:53",
        "resolving example.com", "raw ICMP socket", "packet socket", "netlink socket", "abstract Unix socket",
        "Unix socket of D-Bus", "Unix socket of Docker", "datagram pair to a named socket", "listening on another port",
        "running a file in memory", "writing code into memory", "reading /etc/passwd", "System V shared memory",
        "signalling a process outside"}) {
    EXPECT_THAT(unlocked(name), StartsWith("ESCAPED: ")) << name;
  }
}

TEST(ProveOffline, AnOutcomeThatIsNoRefusalIsAnEscape) {
  EXPECT_FALSE((Attempt{Role::kEngine, "x", "blocked: EPERM"}).escaped());
  EXPECT_TRUE((Attempt{Role::kEngine, "x", "ESCAPED: it has a socket"}).escaped());
  EXPECT_TRUE((Attempt{Role::kEngine, "x", "blocked"}).escaped());
  EXPECT_TRUE((Attempt{Role::kEngine, "x", ""}).escaped());
}

}  // namespace
}  // namespace ingle::roles
