// StepLoop: plans a step, runs it, hands out the results, again and again. All of it happens on the engine's step thread;
// other threads reach it through the Mailbox.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/core_board.h"
#include "chat/types.h"
#include "engine/aside.h"
#include "engine/fair_queue.h"
#include "engine/in_flight.h"
#include "engine/job.h"
#include "engine/kv_cache.h"
#include "engine/mailbox.h"
#include "engine/page_keeper.h"
#include "engine/scheduler.h"
#include "engine/step_cost.h"

namespace ingle::engine {

class StepLoop {
 public:
  using Mailbox = engine::Mailbox<StepLoop>;
  struct Shape {
    StepLimits limits;
    /// Longer than this no answer should wait for its next token because somebody else's prompt is read.
    std::chrono::milliseconds token_gap{150};
    base::CoreBoard* cores = nullptr;
    std::function<void(std::chrono::nanoseconds)> on_pause = {};
  };

  /// A sequence that a client asked to keep.
  struct Kept {
    std::vector<int32_t> tokens;
    SequenceState state;
    std::string client;
    KvCache::SequenceId kv = 0;
  };

  /// `pages_on_disk`: where pages outlive the engine; may be nothing.
  StepLoop(backend::Executor& executor, Shape shape, InFlight& in_flight,
           std::unique_ptr<PageFile> pages_on_disk = nullptr);

  /// Returns when `stop` is requested; every job has ended by then.
  void run(const std::stop_token& stop, Mailbox& mailbox);

  // Messages call these.
  void submit(std::unique_ptr<Job> job, std::string_view continue_from);
  void cancel(std::string_view id);
  Result<std::string> keep(std::string_view id);
  void release(std::string_view handle);
  Result<std::vector<int32_t>> tokens_of(std::string_view handle) const;

  /// As of the last step. Any thread.
  chat::Stats stats() const;

 private:
  struct Ended {
    std::string id;
    std::vector<int32_t> tokens;
    SequenceState state;
    std::string client;
  };
  using JobQueue = FairQueue<Job>;
  using JobList = std::vector<std::unique_ptr<Job>>;

  void start_waiting();
  bool try_start(Job& job);
  bool open(Job& job);
  void close(Job& job);
  bool free_pages();
  bool prefix_is_coming(Job& job) const;
  void make_place();
  uint32_t chunk() const;
  void guess();
  bool plan();
  void step();
  void run_shares(bool hidden);
  Result<std::span<const backend::Output>> compute(bool hidden);
  void prepare_aside();
  bool take(Job& job, std::span<const backend::Output> results, uint32_t pos);
  void hand_out(std::span<const backend::Output> results);
  void preempt(size_t index);
  void drop_ended();
  void end(std::unique_ptr<Job> job);
  void end_all(const Error& error);
  void view_running();
  void publish_stats();
  void say_pause(std::chrono::nanoseconds until_next) const;

  backend::Executor& executor_;
  const Shape shape_;
  InFlight& in_flight_;
  KvCache cache_;
  std::unique_ptr<PageFile> pages_on_disk_;  // until the loop runs
  std::optional<PageKeeper> keeper_;
  JobList running_;  // in order of arrival
  JobQueue waiting_;
  std::deque<Ended> recent_;  // what can still be forked after its end
  std::map<std::string, Kept, std::less<>> kept_;
  uint64_t n_kept_ever_ = 0;

  // Scratch memory of a step, kept so that decoding does not allocate.
  SamplerScratch scratch_;
  std::vector<SequenceView> views_;
  Plan plan_;
  std::vector<Share> chosen_;
  std::vector<backend::Row> rows_;
  std::vector<std::span<const uint32_t>> tables_;
  std::vector<KvCache::Copy> copies_;
  std::vector<bool> ended_;  // of running_

  Aside aside_;
  std::vector<Job*> preparing_;

  chat::Stats stats_;
  mutable std::mutex published_mutex_;
  chat::Stats published_;
  StepCost cost_;
};

}  // namespace ingle::engine
