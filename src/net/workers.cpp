#include "net/workers.h"

#include <algorithm>
#include <system_error>

namespace ingle::net {
namespace {

size_t part(size_t n, unsigned of) {
  return (n + of - 1) / of;
}

}  // namespace

bool Workers::post(Task task) {
  const std::lock_guard lock(tasks_mutex_);
  return !stopped_ && has_room_for(task.client) && push(std::move(task));
}

void Workers::post_again(Task task) {
  const std::lock_guard lock(tasks_mutex_);
  if (!stopped_) push(std::move(task));
}

/// Under the lock.
bool Workers::has_room_for(const std::string& client) const {
  if (tasks_.size() >= limits_.max_waiting) return false;
  const auto n_waiting = static_cast<size_t>(std::ranges::count(tasks_, client, &Task::client));
  return n_waiting < part(limits_.max_waiting, limits_.client_part);
}

/// Under the lock. The first whose client may have one more thread.
std::list<Workers::Task>::iterator Workers::next() {
  const size_t most = part(limits_.n_threads, limits_.client_part);
  return std::ranges::find_if(tasks_, [&](const Task& task) {
    const auto found = n_running_.find(task.client);
    return found == n_running_.end() || found->second < most;
  });
}

/// Under the lock. false: there is no thread at all.
bool Workers::push(Task task) {
  if (n_idle_ <= tasks_.size() && threads_.size() < limits_.n_threads) {
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
    tasks_changed_.wait(lock, [&] { return stopped_ || next() != tasks_.end(); });
    --n_idle_;
    if (stopped_) return;
    const auto chosen = next();
    auto run = std::move(chosen->run);
    const auto running = n_running_.try_emplace(std::move(chosen->client)).first;
    ++running->second;
    tasks_.erase(chosen);
    lock.unlock();
    run();
    run = nullptr;  // what it holds is destroyed without the lock
    lock.lock();
    if (--running->second == 0) n_running_.erase(running);
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
