// Outbox: an engine's events on their way to front. What comes within a few milliseconds crosses in one write.
//
// Every write wakes front, which takes a core from a thread of the engine in the middle of a step: a small model makes
// five hundred tokens a second, and nobody reads faster than a screen shows. So deltas wait here while the next events are
// known to come soon; a first token, an end and an error never do, and nothing waits for a step that may be long.
// Every event stays an event of its own. Any thread; pause() is the model's own.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "roles/channel.h"

namespace ingle::roles {

class Outbox {
 public:
  using Clock = std::chrono::steady_clock;
  /// The longest that an event waits here, if the model keeps its word.
  static constexpr std::chrono::milliseconds kPatience{8};

  explicit Outbox(Channel& channel, std::function<Clock::time_point()> now = Clock::now)
      : channel_(channel), now_(std::move(now)) {}

  /// Until the first pause() everything goes at once: not every model says when it pauses. When front cannot be reached
  /// the channel is closed.
  void add(uint8_t type, std::string_view payload, bool may_wait);
  /// The model's thread now computes or waits; the next event comes after this time or never.
  void pause(std::chrono::nanoseconds until_next);

 private:
  void flush();

  Channel& channel_;
  const std::function<Clock::time_point()> now_;
  std::mutex frames_mutex_;
  std::string frames_;
  Clock::time_point oldest_;  // of the frames that wait
  bool model_pauses_ = false;
};

}  // namespace ingle::roles
