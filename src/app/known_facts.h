// KnownFacts: what parse roles found out about model files. A file is read once while it does not change, however many ask
// for it at the same time; one that cannot be read is not tried again at every question. Any thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>

#include "base/result.h"
#include "roles/model_facts.h"

namespace ingle::app {

class KnownFacts {
 public:
  using Clock = std::chrono::steady_clock;
  explicit KnownFacts(std::function<Clock::time_point()> now = Clock::now) : now_(std::move(now)) {}

  /// `identity` names the file as it is now; `read` is called by this thread when nobody knows.
  Result<roles::ModelFacts> get(const std::string& identity, const std::function<Result<roles::ModelFacts>()>& read);

 private:
  struct Known {
    Result<roles::ModelFacts> facts;
    Clock::time_point until;
  };

  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Known> known_;
  std::set<std::string> being_read_;
};

}  // namespace ingle::app
