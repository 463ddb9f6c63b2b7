#include "engine/page_store.h"

#include <algorithm>

namespace ingle::engine {

PageStore::PageStore(std::unique_ptr<PageFile> file, std::function<void()> on_room)
    : file_(std::move(file)),
      on_room_(std::move(on_room)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

bool PageStore::holds(const PageKey& key) const {
  const std::lock_guard lock(waiting_mutex_);
  return failed_ || file_->holds(key) || std::ranges::find(waiting_, key, &Waiting::key) != waiting_.end();
}

bool PageStore::store(const PageKey& key, std::span<const std::byte> page) {
  std::vector<std::byte> buffer;
  {
    const std::lock_guard lock(waiting_mutex_);
    if (failed_) return true;
    was_full_ = waiting_.size() >= kBuffers;
    if (was_full_) return false;
    if (!spare_.empty()) {
      buffer = std::move(spare_.back());
      spare_.pop_back();
    }
  }
  buffer.assign(page.begin(), page.end());
  const std::lock_guard lock(waiting_mutex_);
  waiting_.push_back({key, std::move(buffer)});
  changed_.notify_all();
  return true;
}

void PageStore::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(waiting_mutex_);
  changed_.wait_for(lock, patience, [this] { return waiting_.empty(); });
}

void PageStore::run(const std::stop_token& stop) {
  std::unique_lock lock(waiting_mutex_);
  while (changed_.wait(lock, stop, [this] { return !waiting_.empty(); }) && !stop.stop_requested()) {
    const Waiting& first = waiting_.front();  // stays where it is: others are added behind it
    lock.unlock();
    const bool written = file_->write(first.key, first.page).has_value() && file_->write_uses().has_value();
    lock.lock();
    failed_ = failed_ || !written;
    spare_.push_back(std::move(waiting_.front().page));
    waiting_.pop_front();
    changed_.notify_all();
    if (!std::exchange(was_full_, false)) continue;
    lock.unlock();
    on_room_();
    lock.lock();
  }
}

}  // namespace ingle::engine
