// Spawner: starts the roles of this process, each a re-execution of the same binary with one end of a socketpair.
//
// Front locks itself so that neither it nor a child of its own could open a socket. Roles are therefore started by a
// small process that is forked before front has threads or locks itself: it understands nothing but "start role R" and
// "end child C", and lives as long as front does. Any thread of front may call spawn().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"
#include "roles/channel.h"

namespace ingle::roles {

enum class Role : uint8_t { kFront, kEngine, kParse, kEgress };
std::string_view to_string(Role role);

struct SpawnOptions {
  bool offline = false;           // egress: starts with no sockets at all
  uint64_t max_memory_bytes = 0;  // 0: the role's own limit
  uint32_t max_cpu_seconds = 0;   // 0: none
  bool prove = false;             // the role answers escape attempts (prove-offline) and does nothing else
};

/// A running role. The destructor closes the channel, kills the process and has it reaped.
class Child {
 public:
  Child(Child&&) noexcept;
  Child& operator=(Child&&) noexcept;
  ~Child();

  Channel& channel();
  pid_t pid() const;
  /// "ended by signal 9", "exit code 1"; empty while it runs. Waits a moment for one whose channel just closed.
  std::string how_it_ended();

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
  ~Spawner();

  Result<Child> spawn(Role role, const SpawnOptions& options = {});

 private:
  struct State;
  explicit Spawner(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ingle::roles
