// Spawner: starts the roles of this process, each a re-execution of the same binary with one end of a socketpair.
//
// Front locks itself so that neither it nor a child of its own could open a socket. Roles are therefore started by a
// small process that is forked before front has threads or locks itself: it understands nothing but "start role R", "end
// child C" and "how did C end", and lives as long as front does: when front ends, however it ends, the spawner kills every
// role and whatever they started, and ends too. Any thread of front may call spawn() and use its children.
//
// main() calls run_role() before anything else, so that a re-execution becomes its role. What a role sees at start: its
// channel as descriptor 3, nothing else open (stdin and stdout are /dev/null, and stderr too unless INGLE_ROLE_STDERR=1: what
// people typed must never reach a terminal or a log), an environment without settings (they are messages), a process group of
// its own, SIGPIPE ignored, and SIGINT, SIGTERM and SIGHUP too: when a role ends is front's to say. Parse finds a private folder in TMPDIR, which the spawner removes after its end, however it ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "roles/channel.h"

namespace ingle::roles {

enum class Role : uint8_t { kFront, kEngine, kParse, kEgress };
std::string_view to_string(Role role);

struct SpawnOptions {
  bool offline = false;           // egress: starts with no sockets at all
  uint64_t max_memory_bytes = 0;  // 0: the role's own limit
  uint32_t max_cpu_seconds = 0;   // 0: none
  uint64_t max_file_bytes = 0;    // engine: how long a file it was given may become; 0: the role's own limit
  bool prove = false;             // the role answers escape attempts (prove-offline) and does nothing else

  friend bool operator==(const SpawnOptions&, const SpawnOptions&) = default;
};

/// What a re-execution is asked to be: `ingle --role engine [--offline] [--prove] [--max-memory N] [--max-cpu N] [--max-file N]`.
struct RoleCommand {
  Role role = Role::kFront;
  SpawnOptions options;

  friend bool operator==(const RoleCommand&, const RoleCommand&) = default;
};

std::vector<std::string> words_of(const RoleCommand& command);
/// Nothing: not the command line of a role. An error: it begins like one and is none.
Result<std::optional<RoleCommand>> role_of_words(const std::vector<std::string>& words);

/// A role's main: serves `channel` until receive() says that front is gone, and returns the exit code.
using RoleMain = std::function<int(Channel channel, const SpawnOptions& options)>;
struct RoleMains {
  RoleMain engine;
  RoleMain parse;
  RoleMain egress;
};

/// The first line of main(): nothing when this process is not a role; else the exit code, after the role has ended.
std::optional<int> run_role(int argc, char** argv, const RoleMains& mains);

/// A running role. The destructor closes the channel, kills the process with all it started, and has it reaped.
class Child {
 public:
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  Channel& channel();
  pid_t pid() const;
  /// Kills the process with all it started; the channel stays, broken. Any thread, as often as one likes.
  void kill();
  /// "ended by signal 9", "exit code 1"; empty while it runs. Waits a moment for one whose channel just closed.
  std::string how_it_ended();
  /// By a signal: it did not end by itself. Waits as how_it_ended() does.
  bool was_killed();

 private:
  friend class Spawner;
  struct State;
  explicit Child(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Spawner {
 public:
  /// Before the first thread. Forks.
  static Result<std::unique_ptr<Spawner>> start();
  /// Ends the spawner and every role it started.
  ~Spawner();

  Result<Child> spawn(Role role, const SpawnOptions& options = {});
  /// kUnavailable: the spawner has ended, and every role with it; there will be no more. At once, any thread.
  Status can_spawn() const;
  /// Kills every role, whatever it is doing, and starts no more: whoever waits for one learns it from its channel. Any thread.
  void end();

 private:
  struct State;
  explicit Spawner(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;  // children share it: they may outlive the Spawner
  friend class Child;
};

}  // namespace ingle::roles
