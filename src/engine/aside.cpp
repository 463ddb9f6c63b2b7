#include "engine/aside.h"

#include <new>
#include <utility>

namespace ingle::engine {

void Aside::start(std::function<void()> work) {
  {
    const std::lock_guard lock(work_mutex_);
    work_ = std::move(work);
  }
  changed_.notify_all();
  if (!thread_.joinable()) thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Aside::join() {
  std::unique_lock lock(work_mutex_);
  changed_.wait(lock, [this] { return !work_; });
}

void Aside::run(const std::stop_token& stop) {
  std::unique_lock lock(work_mutex_);
  while (changed_.wait(lock, stop, [this] { return static_cast<bool>(work_); })) {
    lock.unlock();
    try {
      work_();
    } catch (const std::bad_alloc&) {  // the owner meets it again, where it can be told
    }
    lock.lock();
    work_ = nullptr;
    changed_.notify_all();
  }
}

}  // namespace ingle::engine
