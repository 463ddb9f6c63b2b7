#include "app/echo_models.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

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
  Echo() : thread_([this](const std::stop_token& stop) { speak(stop); }) {}

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
    const uint32_t n_tokens = request.max_tokens < 0 ? kDefaultTokens : static_cast<uint32_t>(request.max_tokens);
    streams_.emplace(std::move(request.id),
                     Stream{.sink = std::move(sink), .next = Clock::now() + kTokenTime, .n_tokens = n_tokens});
    streams_changed_.notify_one();
    return {};
  }

  void cancel(std::string_view id) override {
    const std::lock_guard lock(streams_mutex_);
    if (const auto found = streams_.find(id); found != streams_.end()) found->second.cancelled = true;
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
    for (auto stream = streams_.begin(); stream != streams_.end();) {
      Stream& s = stream->second;
      const bool ended = s.cancelled || s.n_said >= s.n_tokens;
      if (ended) {
        chat::Finished finished;
        finished.reason = s.cancelled ? chat::FinishReason::kCancelled : chat::FinishReason::kLength;
        finished.usage.completion_tokens = s.n_said;
        due.push_back({std::move(s.sink), std::move(finished)});
        stream = streams_.erase(stream);
        continue;
      }
      if (s.next <= now) {
        chat::Delta delta;
        delta.text = kWords[s.n_said % std::size(kWords)];
        due.push_back({s.sink, std::move(delta)});
        ++s.n_said;
        s.next += kTokenTime;
      }
      ++stream;
    }
    return due;
  }

  std::mutex streams_mutex_;
  std::condition_variable_any streams_changed_;
  std::map<std::string, Stream, std::less<>> streams_;
  std::jthread thread_;  // last: it uses the others
};

EchoModels::EchoModels() : echo_(std::make_shared<Echo>()) {}
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
