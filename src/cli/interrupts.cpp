#include "cli/interrupts.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

namespace ingle::cli {
namespace {

// A signal handler can reach nothing but globals. -1: no handler installed.
std::atomic<int> wake_fd = -1;
std::atomic<bool> was_interrupted = false;
std::atomic<bool> was_hung_up = false;

void on_signal(int signal) {
  const int saved_errno = errno;
  (signal == SIGHUP ? was_hung_up : was_interrupted) = true;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_fd.load(), &one, sizeof one);
  errno = saved_errno;
}

}  // namespace

struct Interrupts::Impl {
  std::mutex mutex;
  std::optional<std::stop_source> armed;
  std::function<void()> on_exit;
  std::function<void()> hangup;
  int fd = -1;
  std::jthread watcher;
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {}

Interrupts::~Interrupts() {
  if (impl_->fd < 0) return;
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  std::signal(SIGHUP, SIG_DFL);
  wake_fd = -1;
  impl_->watcher.request_stop();
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(impl_->fd, &one, sizeof one);
  impl_->watcher.join();
  ::close(impl_->fd);
}

void Interrupts::install(std::function<void()> on_exit) {
  impl_->on_exit = std::move(on_exit);
  impl_->fd = ::eventfd(0, EFD_CLOEXEC);
  if (impl_->fd < 0) return;  // Ctrl-C then ends the process at once, as it does without us
  wake_fd = impl_->fd;
  impl_->watcher = std::jthread([this](const std::stop_token& stop) {
    uint64_t count = 0;
    while (::read(impl_->fd, &count, sizeof count) == sizeof count || errno == EINTR) {
      if (stop.stop_requested()) return;
      if (was_hung_up.exchange(false)) hang_up();
      if (was_interrupted.exchange(false)) trigger();
    }
  });
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

void Interrupts::on_hangup(std::function<void()> callback) {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->hangup = std::move(callback);
  }
  if (impl_->fd < 0) return;
  struct sigaction action{};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGHUP, &action, nullptr);
}

void Interrupts::hang_up() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(impl_->mutex);
    callback = impl_->hangup;
  }
  if (callback) callback();
}

std::stop_token Interrupts::arm() {
  const std::lock_guard lock(impl_->mutex);
  return impl_->armed.emplace().get_token();
}

void Interrupts::disarm() {
  const std::lock_guard lock(impl_->mutex);
  impl_->armed.reset();
}

void Interrupts::trigger() {
  std::optional<std::stop_source> work;
  {
    const std::lock_guard lock(impl_->mutex);
    work = impl_->armed;
  }
  if (work && !work->stop_requested()) {
    work->request_stop();
    return;
  }
  if (impl_->on_exit) impl_->on_exit();
  ::_exit(130);
}

}  // namespace ingle::cli
