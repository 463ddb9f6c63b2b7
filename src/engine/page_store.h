// PageStore: pages on their way to a PageFile. A page is copied to a buffer by the step thread, and written by a thread of
// the store's own: no step waits for a disk. Reading is done by the caller.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "engine/page_file.h"

namespace ingle::engine {

class PageStore {
 public:
  /// `on_room` is called by the store's thread when store() can take another page after it could not.
  PageStore(std::unique_ptr<PageFile> file, std::function<void()> on_room);

  const PageFile& file() const { return *file_; }
  /// Written, or about to be.
  bool holds(const PageKey& key) const;
  bool read(const PageKey& key, std::span<std::byte> page) { return file_->read(key, page); }
  /// False: not now. After a failure to write, such as a full disk, pages are taken and forgotten.
  bool store(const PageKey& key, std::span<const std::byte> page);
  /// Waits until what was taken is written, at most so long.
  void flush(std::chrono::milliseconds patience);

 private:
  static constexpr size_t kBuffers = 4;
  struct Waiting {
    PageKey key;
    std::vector<std::byte> page;
  };
  void run(const std::stop_token& stop);

  std::unique_ptr<PageFile> file_;
  const std::function<void()> on_room_;
  mutable std::mutex waiting_mutex_;
  std::condition_variable_any changed_;
  std::deque<Waiting> waiting_;  // the first one is being written
  std::vector<std::vector<std::byte>> spare_;
  bool was_full_ = false;
  bool failed_ = false;
  std::jthread thread_;  // last: it uses everything above
};

}  // namespace ingle::engine
