#include "roles/engine_watch.h"

#include <utility>

#include "chat/wire.h"

namespace ingle::roles {
namespace {

/// Of cancels that an engine does not read; one that left so many will not read the next.
constexpr size_t kMostUnsent = size_t{1} << 20;

uint8_t type_of(ToEngine type) {
  return static_cast<uint8_t>(type);
}

}  // namespace

std::string encode_call(uint64_t number, Verb verb, std::string_view argument) {
  return MessageWriter().number(number).number(static_cast<uint8_t>(verb)).rest(argument).take();
}

EngineWatch::EngineWatch(Channel& channel, std::chrono::milliseconds between_looks, std::function<void()> kill)
    : channel_(channel), between_looks_(between_looks), kill_(std::move(kill)), keeper_([this] { keep(); }) {}

EngineWatch::~EngineWatch() {
  stop();
  join();
}

/// Waits for it, and sends first what was to be sent soon. Without the lock from here to end_turn().
void EngineWatch::begin_turn(std::unique_lock<std::mutex>& held) {
  turn_.wait(held, [this] { return !is_sending_; });
  is_sending_ = true;
  const std::string frames = std::exchange(to_send_, {});
  held.unlock();
  if (!frames.empty()) (void)channel_.send_frames(frames);
}

void EngineWatch::end_turn(std::unique_lock<std::mutex>& held) {
  held.lock();
  is_sending_ = false;
  turn_.notify_one();
  if (!to_send_.empty()) changed_.notify_one();
}

Status EngineWatch::send(ToEngine type, std::string_view payload) {
  std::unique_lock lock(mutex_);
  begin_turn(lock);
  Status sent = channel_.send(type_of(type), payload);
  end_turn(lock);
  return sent;
}

void EngineWatch::send_soon(ToEngine type, std::string_view payload) {
  const std::lock_guard lock(mutex_);
  if (stopped_ || to_send_.size() > kMostUnsent || !append_frame(to_send_, type_of(type), payload)) return;
  changed_.notify_one();
}

void EngineWatch::asked() {
  const std::lock_guard lock(mutex_);
  if (++n_asked_ == 1) changed_.notify_one();
}

void EngineWatch::answered() {
  const std::lock_guard lock(mutex_);
  --n_asked_;
}

void EngineWatch::worked() {
  const std::lock_guard lock(mutex_);
  pulse_.worked();
}

bool EngineWatch::told_counts(const Outcome& outcome) {
  auto told = outcome ? chat::decode<chat::Stats>(*outcome) : std::unexpected(outcome.error());
  const std::lock_guard lock(mutex_);
  if (!owes_counts() || (outcome && !told)) return false;
  if (told) {
    pulse_.heard(told->steps);
  } else {
    pulse_.heard();
  }
  counts_ = std::move(told);
  ++n_told_;
  told_.notify_all();
  return true;
}

Result<chat::Stats> EngineWatch::counts(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const uint64_t wanted = n_looks_ + 1;  // what is on its way may be older than what the caller knows of
  const auto until = (owes_counts() ? looked_ : Clock::now()) + patience;
  while (n_told_ < wanted && !stopped_) {
    ask_for_counts();
    if (told_.wait_until(lock, until) == std::cv_status::timeout) break;
  }
  return counts_;
}

/// Under the lock.
void EngineWatch::ask_for_counts() {
  if (owes_counts() || !append_frame(to_send_, type_of(ToEngine::kCall), encode_call(kLook, Verb::kStats, {}))) return;
  ++n_looks_;
  looked_ = Clock::now();
  changed_.notify_one();
}

std::optional<Pulse::Finding> EngineWatch::verdict() const {
  const std::lock_guard lock(mutex_);
  return verdict_;
}

void EngineWatch::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  changed_.notify_one();
  told_.notify_all();
}

void EngineWatch::join() {
  if (keeper_.joinable()) keeper_.join();
}

/// While another thread is held up by sending, looks go on.
void EngineWatch::keep() {
  std::unique_lock lock(mutex_);
  auto next_look = Clock::now() + between_looks_;
  while (!stopped_ && !verdict_) {
    if (may_send_rest()) {
      begin_turn(lock);
      end_turn(lock);
    } else if (!owes()) {
      changed_.wait(lock, [this] { return stopped_ || may_send_rest() || owes(); });
      next_look = Clock::now() + between_looks_;
    } else if (!changed_.wait_until(lock, next_look, [this] { return stopped_ || may_send_rest(); })) {
      look(lock);
      next_look = Clock::now() + between_looks_;
    }
  }
}

void EngineWatch::look(std::unique_lock<std::mutex>& held) {
  if (const Pulse::Finding finding = pulse_.look(); finding != Pulse::Finding::kAlive) {
    verdict_ = finding;
    held.unlock();
    channel_.close_both();
    if (kill_) kill_();
    held.lock();
  } else if (n_asked_ > 0) {
    ask_for_counts();
  }
}

}  // namespace ingle::roles
