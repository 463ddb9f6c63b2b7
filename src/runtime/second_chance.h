// SecondChance: a leased model that outlives its engine.
//
// Engines die: a kernel short of memory ends one, or a bug. What was being answered is lost and ends in a typed error; but a
// request of whose answer nothing was there yet begins anew, once, on the engine that is loaded in place of the dead one,
// and its client sees a pause; vectors begin anew at any time, since they are the same. A request that kills engines takes
// two with it and no more. Calls are repeated likewise.
// Any thread may call it. Engines are acquired on threads of the Reviver, which the manager owns and ends.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"
#include "runtime/models.h"

namespace ingle::runtime {

struct Lease {
  std::shared_ptr<chat::Completer> model;
  std::function<bool()> alive;  // true also when nobody knows any more
};

class Reviver {
 public:
  using Acquire = std::function<Result<Lease>(std::string_view model, const AcquireOptions& options)>;
  /// Null: there will be no other engine.
  using Task = std::move_only_function<void(const Acquire* acquire)>;

  explicit Reviver(Acquire acquire) : acquire_(std::move(acquire)) {}
  ~Reviver() { stop(); }
  Reviver(const Reviver&) = delete;
  Reviver& operator=(const Reviver&) = delete;

  /// Behind what waits for the model of that name; one that takes a minute to load holds up nobody else.
  void post(const std::string& model, Task task);
  /// Ends the threads; what waits, and what comes later, is told so. Once.
  void stop();

  /// Requests are kept until their answer begins, within a limit for all of them.
  bool take_bytes(size_t n);
  void return_bytes(size_t n) { bytes_ -= n; }

 private:
  struct Line {
    std::deque<Task> tasks;
    std::thread thread;  // from the first task on
  };
  void run(Line& line);

  const Acquire acquire_;
  std::mutex lines_mutex_;
  std::condition_variable arrived_;
  std::map<std::string, Line> lines_;  // by Models::name_of(); few ever lose an engine
  bool stopped_ = false;
  std::atomic<size_t> bytes_ = 0;
};

class SecondChance final : public chat::Completer {
 public:
  SecondChance(Lease lease, std::string model, const AcquireOptions& options, std::shared_ptr<Reviver> reviver)
      : model_(std::move(model)), options_(options), reviver_(std::move(reviver)), lease_(std::move(lease)) {}

  Result<chat::Description> describe() override { return current().model->describe(); }
  Result<std::string> render(const chat::ChatPrompt& prompt) override;
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override;
  Result<std::string> detokenize(std::span<const int32_t> tokens) override;
  Result<std::vector<std::string>> pieces(std::span<const int32_t> tokens) override;
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override;
  Result<std::string> fork(std::string_view request_id) override { return current().model->fork(request_id); }
  void release(std::string_view handle) override { current().model->release(handle); }
  Result<chat::Stats> stats() override { return current().model->stats(); }

 private:
  struct Attempt;

  Lease current() const;
  template <typename Request>
  Status begin(Request request, chat::EventSink sink);
  template <typename Ask>
  auto ask(Ask ask);

  const std::string model_;
  const AcquireOptions options_;
  const std::shared_ptr<Reviver> reviver_;
  mutable std::mutex lease_mutex_;
  Lease lease_;
  std::vector<std::pair<std::string, std::weak_ptr<Attempt>>> attempts_;  // by the ids of their requests
};

}  // namespace ingle::runtime
