#include "net/workers.h"

#include <algorithm>
#include <system_error>

namespace ingle::net {

bool Workers::post(std::function<void()> task, const void* owner) {
  const std::lock_guard lock(tasks_mutex_);
  if (stopped_ || tasks_.size() >= max_waiting_) return false;
  return push({std::move(task), owner});
}

void Workers::post_again(std::function<void()> task) {
  const std::lock_guard lock(tasks_mutex_);
  if (!stopped_) push({std::move(task), nullptr});
}

/// Under the lock. false: there is no thread at all.
bool Workers::push(Task task) {
  if (n_idle_ <= tasks_.size() && threads_.size() < n_threads_) {
    try {
      threads_.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      if (threads_.empty()) return false;  // the others will come to it
    }
  }
  tasks_.push_back(std::move(task));
  tasks_changed_.notify_one();
  return true;
}

void Workers::withdraw(const void* owner) {
  std::list<Task> withdrawn;  // outlives the lock: a request may end with it
  const std::lock_guard lock(tasks_mutex_);
  const auto found = std::ranges::find(tasks_, owner, &Task::owner);
  if (found != tasks_.end()) withdrawn.splice(withdrawn.begin(), tasks_, found);
}

void Workers::work() {
  std::unique_lock lock(tasks_mutex_);
  for (;;) {
    ++n_idle_;
    tasks_changed_.wait(lock, [&] { return stopped_ || !tasks_.empty(); });
    --n_idle_;
    if (stopped_) return;
    auto task = std::move(tasks_.front().run);
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;  // what it holds is destroyed without the lock
    lock.lock();
  }
}

void Workers::stop() {
  std::list<Task> dropped;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(tasks_mutex_);
    stopped_ = true;
    dropped.swap(tasks_);
    threads.swap(threads_);
  }
  tasks_changed_.notify_all();
  for (std::thread& thread : threads)
    thread.join();
}

}  // namespace ingle::net
