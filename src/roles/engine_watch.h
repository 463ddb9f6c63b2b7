// EngineWatch: what front sends to an engine, and its watch over one of which something is asked: an engine that lives and
// does not answer is ended (pulse.h), so that every wait for it ends.
//
// Part of a RemoteCompleter. Any thread may call it. send() waits for its turn, and for room as long as the channel has
// patience (send_limit.h); send_soon() never waits: a thread of the watch sends it, behind what was to be sent soon before.
// Its question is for the engine's counts, and whoever wants them has the answer to that: nobody else asks for them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "base/result.h"
#include "chat/types.h"
#include "roles/channel.h"
#include "roles/engine_protocol.h"
#include "roles/message.h"
#include "roles/pulse.h"

namespace ingle::roles {

/// A call of the engine. Numbers of calls and requests begin at 1: its own question has kLook.
std::string encode_call(uint64_t number, Verb verb, std::string_view argument);

class EngineWatch {
 public:
  static constexpr uint64_t kLook = 0;

  /// `kill`: ends the process, whatever it is doing; may be empty. The channel outlives the watch.
  EngineWatch(Channel& channel, std::chrono::milliseconds between_looks, std::function<void()> kill);
  ~EngineWatch();
  EngineWatch(const EngineWatch&) = delete;
  EngineWatch& operator=(const EngineWatch&) = delete;

  /// kUsage: too long, and nothing was sent. The reader meets every other failure, too.
  Status send(ToEngine type, std::string_view payload);
  void send_soon(ToEngine type, std::string_view payload);

  /// One thing more is asked of the engine; one thing less.
  void asked();
  void answered();
  /// It did something that was asked of it.
  void worked();
  /// It told its counts, or why it cannot. False: nobody asked, or it told something else.
  bool told_counts(const Outcome& outcome);

  /// Asked after this call began. Waits for an answer until a question is that old; then they are the last that it told,
  /// no older than the silence for which it is ended. kUnavailable: there are none.
  Result<chat::Stats> counts(std::chrono::milliseconds patience);

  /// Why it ended the engine.
  std::optional<Pulse::Finding> verdict() const;
  /// Looks no more, sends nothing more that was to be sent soon.
  void stop();
  /// After stop(), and after the channel was closed: a thread may be sending.
  void join();

 private:
  using Clock = std::chrono::steady_clock;

  void keep();
  void look(std::unique_lock<std::mutex>& held);
  void ask_for_counts();
  void begin_turn(std::unique_lock<std::mutex>& held);
  void end_turn(std::unique_lock<std::mutex>& held);
  bool may_send_rest() const { return !to_send_.empty() && !is_sending_; }
  bool owes_counts() const { return n_told_ < n_looks_; }
  bool owes() const { return n_asked_ > 0 || owes_counts(); }

  Channel& channel_;
  const std::chrono::milliseconds between_looks_;
  const std::function<void()> kill_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // for the thread
  std::condition_variable turn_;     // for senders
  std::condition_variable told_;     // for who wants counts
  Pulse pulse_;
  size_t n_asked_ = 0;
  uint64_t n_looks_ = 0;  // one at a time is not answered yet
  uint64_t n_told_ = 0;
  Clock::time_point looked_;  // the last time
  Result<chat::Stats> counts_ = std::unexpected(Error::unavailable("the engine does not answer"));
  bool is_sending_ = false;  // somebody is, without the lock
  bool stopped_ = false;
  std::optional<Pulse::Finding> verdict_;
  std::string to_send_;  // frames
  std::thread keeper_;
};

}  // namespace ingle::roles
