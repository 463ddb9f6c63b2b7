// InFlight: the ids of the requests that have started and not ended. Bounds the queue and keeps ids unique. Any thread.
#pragma once

#include <cstddef>
#include <mutex>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/errors.h"

namespace ingle::engine {

class InFlight {
 public:
  explicit InFlight(size_t max_requests) : max_requests_(max_requests) {}

  Status add(const std::string& id) {
    const std::lock_guard lock(ids_mutex_);
    if (ids_.size() >= max_requests_) {
      return std::unexpected(chat::queue_full(max_requests_));
    }
    if (!ids_.insert(id).second) return std::unexpected(Error::usage("a request with the id '" + id + "' is running"));
    return {};
  }

  void remove(std::string_view id) {
    const std::lock_guard lock(ids_mutex_);
    if (const auto found = ids_.find(id); found != ids_.end()) ids_.erase(found);
  }

  size_t size() const {
    const std::lock_guard lock(ids_mutex_);
    return ids_.size();
  }

 private:
  const size_t max_requests_;
  mutable std::mutex ids_mutex_;
  std::set<std::string, std::less<>> ids_;
};

}  // namespace ingle::engine
