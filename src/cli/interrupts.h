// Interrupts: Ctrl-C as a stop token for the work in hand.
//
// The signal handler only wakes a watcher thread, which requests the stop: callbacks of the token may take locks. While no
// work is armed, or when a second signal comes before the first was obeyed, the process ends with 130. One per process.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

namespace ingle::cli {

class Interrupts {
 public:
  Interrupts();
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

  /// From now on SIGINT and SIGTERM come here. `on_exit` restores the terminal before the process ends.
  void install(std::function<void()> on_exit);

  /// Work begins: the token of it. The work that began before is no longer meant.
  std::stop_token arm();
  void disarm();

  /// From now on SIGHUP calls this, on the watcher's thread, instead of ending the process.
  void on_hangup(std::function<void()> callback);

  /// What the signal does; tests call it.
  void trigger();

 private:
  void hang_up();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ingle::cli
