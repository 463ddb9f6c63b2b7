// Watchdog: closes a channel on which nothing has happened for too long, which ends whoever waits there. One thread feeds and
// stops it; it has one of its own.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "roles/channel.h"

namespace ingle::roles {

class Watchdog {
 public:
  Watchdog(Channel& channel, std::chrono::milliseconds patience)
      : patience_(patience), thread_([this, &channel](const std::stop_token& stop) { watch(channel, stop); }) {}

  /// Something happened: its patience begins anew.
  void feed() {
    const std::lock_guard lock(mutex_);
    last_fed_ = Clock::now();
  }
  /// Whether it had to close the channel.
  bool stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return has_bitten_;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void watch(Channel& channel, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
      const auto until = last_fed_ + patience_;
      if (Clock::now() >= until) {
        has_bitten_ = true;
        return channel.close_both();
      }
      wake_.wait_until(lock, stop, until, [] { return false; });
    }
  }

  const std::chrono::milliseconds patience_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  Clock::time_point last_fed_ = Clock::now();
  bool has_bitten_ = false;
  std::jthread thread_;
};

}  // namespace ingle::roles
