// Pulse: whether an engine of which something is asked still lives, judged by looks and not by a clock.
//
// Front looks once a second and asks for the engine's counts, which a thread answers that does no work of its own: a machine
// that is merely busy is heard within a second, while one that is stopped, swaps or waits for a disk is not. Time in which
// front itself did not run has no looks in it: a laptop that slept, or a stop of the whole program, costs no engine. One that
// answers and gets nothing done is given up too, later: the longest step of the slowest machine is no death. Pure; one thread.
#pragma once

#include <cstdint>

namespace ingle::roles {

class Pulse {
 public:
  static constexpr uint32_t kSilentLooks = 10;  // in a row, without a word
  static constexpr uint32_t kStuckLooks = 600;  // in a row, without a step, an event or an answer

  enum class Finding : uint8_t { kAlive, kSilent, kStuck };

  /// It answers.
  void heard() { silent_ = 0; }
  /// It answers, and has made so many steps.
  void heard(uint64_t steps) {
    if (steps != steps_) stuck_ = 0;
    steps_ = steps;
    heard();
  }
  /// It did something that was asked of it.
  void worked() { silent_ = stuck_ = 0; }

  Finding look() {
    if (++silent_ > kSilentLooks) return Finding::kSilent;
    return ++stuck_ > kStuckLooks ? Finding::kStuck : Finding::kAlive;
  }

 private:
  uint32_t silent_ = 0;
  uint32_t stuck_ = 0;
  uint64_t steps_ = 0;
};

}  // namespace ingle::roles
