// Downloads: pulls that go on without the connection that asked for them, each under an id by which it is looked after.
//
// Owned by the server, which ends it before whatever `pull` uses: stop() ends the threads, one a pull. A pull that was stopped
// is gone on with by the next one of the same model. What has ended is remembered, the last kMaxRemembered of it. Any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "api/failure.h"
#include "api/services.h"

namespace ingle::api {

struct Download {
  enum class State : uint8_t { kRunning, kCompleted, kFailed };

  std::string id;
  std::string model;
  State state = State::kRunning;
  uint64_t bytes_done = 0;
  uint64_t bytes_total = 0;  // 0: not known yet
  double bytes_per_second = 0;
  int64_t started_unix = 0;
  int64_t ended_unix = 0;
  std::string problem = {};  // why it failed
};

class Downloads {
 public:
  static constexpr size_t kMaxAtOnce = 4;
  static constexpr size_t kMaxRemembered = 64;

  Downloads(decltype(Services::pull) pull, std::function<int64_t()> now_unix)
      : pull_(std::move(pull)), now_unix_(std::move(now_unix)) {}
  ~Downloads() { stop(); }
  Downloads(const Downloads&) = delete;
  Downloads& operator=(const Downloads&) = delete;

  /// Where the model is being pulled already, that pull. kExhausted: too many are.
  Result<Download> begin(std::string_view model);
  std::optional<Download> find(std::string_view id) const;
  /// Ends all of them, and begins no more.
  void stop();

 private:
  struct Job {
    Download now = {};
    std::optional<uint64_t> first_bytes = {};  // found from an earlier pull
    std::chrono::steady_clock::time_point first_at = {};
    std::jthread thread = {};
  };
  void run(Job& job, const std::stop_token& stop);
  void note(Job& job, const store::PullProgress& progress);
  void forget_old();

  const decltype(Services::pull) pull_;
  const std::function<int64_t()> now_unix_;
  mutable std::mutex mutex_;
  bool stopped_ = false;
  std::list<Job> jobs_;  // the newest last
};

}  // namespace ingle::api
