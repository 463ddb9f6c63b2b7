#include "cli/answer.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace ingle::cli {
namespace {

constexpr auto kTick = std::chrono::milliseconds(100);

/// Events cross from the completer's thread to ours: printing may block (a paused terminal), a sink must not.
class EventQueue {
 public:
  void push(chat::Event event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
    arrived_.notify_one();
  }

  /// The events so far; waits up to a tick when there are none.
  std::deque<chat::Event> take() {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, kTick, [&] { return !events_.empty(); });
    return std::exchange(events_, {});
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<chat::Event> events_;
};

}  // namespace

Result<Answer> stream_answer(chat::Completer& completer, chat::CompleteRequest request, const std::stop_token& stop,
                             const AnswerView& view) {
  const std::string id = request.id;
  // Shared with the sink, which the completer may destroy a moment after the last event.
  const auto queue = std::make_shared<EventQueue>();
  INGLE_TRY_VOID(completer.complete(std::move(request), [queue](chat::Event event) { queue->push(std::move(event)); }));
  const std::stop_callback cancel(stop, [&] { completer.cancel(id); });

  Answer answer;
  chat::Prefill prefill;
  for (;;) {
    for (chat::Event& event : queue->take()) {
      if (auto* finished = std::get_if<chat::Finished>(&event)) {
        answer.finished = std::move(*finished);
        return answer;
      }
      if (auto* failed = std::get_if<chat::Failed>(&event)) return std::unexpected(std::move(failed->error));
      if (const auto* step = std::get_if<chat::Prefill>(&event)) prefill = *step;
      if (auto* delta = std::get_if<chat::Delta>(&event)) {
        if (!delta->text.empty() && view.text) view.text(delta->text);
        answer.text += delta->text;
        answer.bytes += delta->bytes.empty() ? delta->text : delta->bytes;
        std::ranges::move(delta->tokens, std::back_inserter(answer.tokens));
      }
    }
    if (answer.text.empty() && view.waiting) view.waiting(prefill.done, prefill.total);
  }
}

std::string_view to_string(chat::FinishReason reason) {
  static constexpr std::string_view kNames[] = {"stop", "length", "context_full", "cancelled", "tool_calls"};
  return kNames[static_cast<size_t>(reason)];
}

std::string route_text(const chat::Finished& finished) {
  return finished.route.empty() ? "local" : finished.route;
}

std::string route_note(const chat::Finished& finished, std::string_view request_id) {
  const std::string who = finished.route.empty() ? "on this machine" : "by " + finished.route;
  return fmt::format("answered {} (ingle route explain {})\n", who, request_id);
}

std::string new_request_id() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(now).count();
  return fmt::format("cli-{:x}-{:x}", ns, ::getpid());
}

std::string usage_text(const chat::Usage& usage) {
  const auto rate = [](uint32_t tokens, double seconds) {
    return seconds > 0 && tokens > 0 ? fmt::format(" at {:.1f} tok/s", tokens / seconds) : "";
  };
  const uint32_t computed = usage.prompt_tokens - usage.cached_tokens;
  std::string text = fmt::format("{} prompt tokens{}", usage.prompt_tokens, rate(computed, usage.prefill_seconds));
  if (usage.cached_tokens > 0) text += fmt::format(" ({} found in the cache)", usage.cached_tokens);
  text += fmt::format(", {} tokens{}", usage.completion_tokens, rate(usage.completion_tokens, usage.decode_seconds));
  if (usage.drafted_tokens > 0)
    text += fmt::format(" ({} of {} guesses were right)", usage.accepted_tokens, usage.drafted_tokens);
  return text;
}

}  // namespace ingle::cli
