#include "app/echo_models.h"

#include <algorithm>
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
constexpr auto kTick = std::chrono::milliseconds(4);  // streams that are due within one are served by one waking
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
    if (const auto found = streams_.find(id); found != streams_.end()) {
      found->second.cancelled = true;
      schedule_.emplace(Clock::now(), found->first);
    }
    const auto waits = std::ranges::find(waiting_, id, &std::pair<std::string, Stream>::first);
    if (waits != waiting_.end()) {
      gone_.push_back(std::move(waits->second.sink));
      waiting_.erase(waits);
    }
    streams_changed_.notify_one();
  }

  Result<std::vector<float>> score(const chat::ScoreRequest& /*request*/) override {
    return std::unexpected(no_model());
  }
  Status embed(chat::EmbedRequest /*request*/, chat::EventSink /*sink*/) override {
    return std::unexpected(no_model());
  }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& /*request*/) override {
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
    Clock::time_point next;  // when it speaks again
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
    const auto has_due = [&] {
      return !gone_.empty() || (!schedule_.empty() && schedule_.begin()->first <= Clock::now());
    };
    if (schedule_.empty()) {
      streams_changed_.wait(lock, stop, [&] { return !schedule_.empty() || !gone_.empty(); });
    } else {
      streams_changed_.wait_until(lock, stop, schedule_.begin()->first, has_due);
    }
    const auto now = Clock::now();
    for (chat::EventSink& sink : std::exchange(gone_, {}))
      end(std::move(sink), chat::FinishReason::kCancelled, 0, due);
    while (!schedule_.empty() && schedule_.begin()->first <= now) {
      const std::string id = std::move(schedule_.extract(schedule_.begin()).mapped());
      if (const auto stream = streams_.find(id); stream != streams_.end()) serve(stream, now, due);
    }
    return due;
  }

  using Streams = std::map<std::string, Stream, std::less<>>;

  /// Says the next word, or ends; a place that becomes free is the next one's.
  void serve(Streams::iterator stream, Clock::time_point now, std::vector<Due>& due) {
    Stream& s = stream->second;
    if (!s.cancelled && s.next > now) return;  // the entry was of an earlier one with this id
    if (!s.cancelled && s.n_said < s.n_tokens) {
      chat::Delta delta;
      delta.text = kWords[s.n_said % std::size(kWords)];
      due.push_back({s.sink, std::move(delta)});
      ++s.n_said;
      ++stats_.generated_tokens;
      s.next += kTokenTime;
      if (s.n_said < s.n_tokens) return schedule(stream->first, s.next);
    }
    const auto reason = s.cancelled ? chat::FinishReason::kCancelled : chat::FinishReason::kLength;
    end(std::move(s.sink), reason, s.n_said, due);
    streams_.erase(stream);
    start_waiting();
  }

  void end(chat::EventSink sink, chat::FinishReason reason, uint32_t n_said, std::vector<Due>& due) {
    chat::Finished finished;
    finished.reason = reason;
    finished.usage.completion_tokens = n_said;
    due.push_back({std::move(sink), std::move(finished)});
    ++stats_.requests;
  }

  void schedule(const std::string& id, Clock::time_point when) {
    const auto tick = (when.time_since_epoch() + kTick - Clock::duration(1)) / kTick;
    schedule_.emplace(Clock::time_point(tick * Clock::duration(kTick)), id);
  }

  /// The first word comes at once.
  void start_waiting() {
    while (!waiting_.empty() && streams_.size() < max_streams_) {
      auto& [id, stream] = waiting_.front();
      stream.next = Clock::now();
      schedule_.emplace(stream.next, id);
      streams_.emplace(std::move(id), std::move(stream));
      waiting_.pop_front();
    }
  }

  const size_t max_streams_;
  const size_t max_queue_;
  std::mutex streams_mutex_;
  std::condition_variable_any streams_changed_;
  Streams streams_;
  std::multimap<Clock::time_point, std::string> schedule_;  // ids of streams, of some that have ended too
  std::deque<std::pair<std::string, Stream>> waiting_;
  std::vector<chat::EventSink> gone_;  // cancelled before they had a place
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
