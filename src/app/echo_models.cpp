#include "app/echo_models.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "chat/errors.h"

namespace ingle::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTokenTime = std::chrono::milliseconds(50);
constexpr uint32_t kDefaultTokens = 100;
constexpr std::string_view kWords[] = {"This ", "is ", "an ", "echo ", "that ", "has ", "no ", "model. "};

Error no_model() {
  return Error::unsupported("the echo has no model").hint("start the server without --engine echo");
}

}  // namespace

class EchoModels::Echo : public chat::Completer {
 public:
  Echo(size_t max_streams, size_t max_queue)
      : max_streams_(max_streams),
        max_queue_(max_queue),
        thread_([this](const std::stop_token& stop) { speak(stop); }) {}

  Result<chat::Description> describe() override {
    chat::Description description;
    description.name = "echo";
    description.architecture = "echo";
    description.context_limit = 1 << 20;
    description.has_template = true;
    return description;
  }
  Result<std::string> render(const chat::ChatPrompt& prompt) override {
    std::string text;
    for (const chat::Message& message : prompt.messages)
      text += message.role + ": " + message.content.reveal() + "\n";
    return text;
  }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override {
    return std::vector<int32_t>(request.text.reveal().begin(), request.text.reveal().end());
  }
  Result<std::string> detokenize(std::span<const int32_t> /*tokens*/) override { return std::unexpected(no_model()); }

  Status complete(chat::CompleteRequest request, chat::EventSink sink) override {
    if (!request.json_schema.empty() || !request.grammar.empty()) return std::unexpected(no_model());
    const std::lock_guard lock(streams_mutex_);
    if (streams_.size() + waiting_.size() >= max_streams_ + max_queue_)
      return std::unexpected(chat::queue_full(max_streams_ + max_queue_));
    const uint32_t n_tokens = request.max_tokens < 0 ? kDefaultTokens : static_cast<uint32_t>(request.max_tokens);
    waiting_.emplace_back(std::move(request.id), Stream{.sink = std::move(sink), .next = {}, .n_tokens = n_tokens});
    start_waiting();
    streams_changed_.notify_one();
    return {};
  }

  void cancel(std::string_view id) override {
    const std::lock_guard lock(streams_mutex_);
    if (const auto found = streams_.find(id); found != streams_.end()) found->second.cancelled = true;
    for (auto& [waiting_id, stream] : waiting_)
      stream.cancelled = stream.cancelled || waiting_id == id;
  }

  Result<std::vector<float>> score(const chat::ScoreRequest& /*request*/) override {
    return std::unexpected(no_model());
  }
  Result<std::vector<float>> embed(const chat::EmbedRequest& /*request*/) override {
    return std::unexpected(no_model());
  }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedRequest& /*request*/) override {
    return std::unexpected(no_model());
  }
  Result<std::string> fork(std::string_view /*request_id*/) override { return std::unexpected(no_model()); }
  void release(std::string_view /*handle*/) override {}
  Result<chat::Stats> stats() override {
    const std::lock_guard lock(streams_mutex_);
    chat::Stats stats = stats_;
    stats.running = static_cast<uint32_t>(streams_.size());
    stats.waiting = static_cast<uint32_t>(waiting_.size());
    return stats;
  }

 private:
  struct Stream {
    chat::EventSink sink;
    Clock::time_point next;
    uint32_t n_tokens = 0;
    uint32_t n_said = 0;
    bool cancelled = false;
  };
  struct Due {
    chat::EventSink sink;
    chat::Event event;
  };

  void speak(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      for (Due& due : wait_for_due(stop))
        due.sink(std::move(due.event));
    }
  }

  std::vector<Due> wait_for_due(const std::stop_token& stop) {
    std::vector<Due> due;
    std::unique_lock lock(streams_mutex_);
    const auto tick = Clock::now() + kTokenTime / 4;
    if (streams_.empty()) {
      streams_changed_.wait(lock, stop, [&] { return !streams_.empty(); });
    } else {
      streams_changed_.wait_until(lock, stop, tick, [] { return false; });
    }
    const auto now = Clock::now();
    take_cancelled(due);
    for (auto stream = streams_.begin(); stream != streams_.end();) {
      Stream& s = stream->second;
      const bool ended = s.cancelled || s.n_said >= s.n_tokens;
      if (ended) {
        chat::Finished finished;
        finished.reason = s.cancelled ? chat::FinishReason::kCancelled : chat::FinishReason::kLength;
        finished.usage.completion_tokens = s.n_said;
        due.push_back({std::move(s.sink), std::move(finished)});
        ++stats_.requests;
        stream = streams_.erase(stream);
        continue;
      }
      if (s.next <= now) {
        chat::Delta delta;
        delta.text = kWords[s.n_said % std::size(kWords)];
        due.push_back({s.sink, std::move(delta)});
        ++s.n_said;
        ++stats_.generated_tokens;
        s.next += kTokenTime;
      }
      ++stream;
    }
    start_waiting();
    return due;
  }

  void start_waiting() {
    while (!waiting_.empty() && streams_.size() < max_streams_) {
      auto& [id, stream] = waiting_.front();
      stream.next = Clock::now() + kTokenTime;
      streams_.emplace(std::move(id), std::move(stream));
      waiting_.pop_front();
    }
  }
  /// Of those that wait.
  void take_cancelled(std::vector<Due>& due) {
    std::erase_if(waiting_, [&](auto& entry) {
      if (!entry.second.cancelled) return false;
      chat::Finished finished;
      finished.reason = chat::FinishReason::kCancelled;
      due.push_back({std::move(entry.second.sink), std::move(finished)});
      ++stats_.requests;
      return true;
    });
  }

  const size_t max_streams_;
  const size_t max_queue_;
  std::mutex streams_mutex_;
  std::condition_variable_any streams_changed_;
  std::map<std::string, Stream, std::less<>> streams_;
  std::deque<std::pair<std::string, Stream>> waiting_;
  chat::Stats stats_;
  std::jthread thread_;  // last: it uses the others
};

EchoModels::EchoModels(size_t max_streams, size_t max_queue) : echo_(std::make_shared<Echo>(max_streams, max_queue)) {}
EchoModels::~EchoModels() = default;

Result<std::shared_ptr<chat::Completer>> EchoModels::acquire(std::string_view /*model*/,
                                                             const runtime::AcquireOptions& /*options*/) {
  // The last holder of a request lets go on the echo's own thread, which must not end itself there.
  return std::shared_ptr<chat::Completer>(std::shared_ptr<void>(), echo_.get());
}

void EchoModels::unload(std::string_view /*model*/) {}

std::vector<runtime::LoadedModel> EchoModels::loaded() const {
  return {};
}

}  // namespace ingle::app
