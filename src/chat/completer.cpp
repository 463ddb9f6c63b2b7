#include "chat/completer.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace ingle::chat {

Result<std::vector<std::vector<int32_t>>> Completer::tokenize_all(std::span<const TokenizeRequest> requests) {
  std::vector<std::vector<int32_t>> answers;
  answers.reserve(requests.size());
  for (const TokenizeRequest& request : requests) {
    INGLE_TRY(auto tokens, tokenize(request));
    answers.push_back(std::move(tokens));
  }
  return answers;
}

Result<std::vector<std::vector<float>>> Completer::embed_all(std::span<const EmbedRequest> requests) {
  std::vector<std::vector<float>> answers;
  answers.reserve(requests.size());
  for (const EmbedRequest& request : requests) {
    INGLE_TRY(auto answer, embed(request));
    answers.push_back(std::move(answer));
  }
  return answers;
}

Result<Finished> complete_and_wait(Completer& completer, CompleteRequest request,
                                   const std::function<void(const Event&)>& on_event) {
  std::mutex mutex;
  std::condition_variable ended;
  std::optional<Result<Finished>> outcome;

  INGLE_TRY_VOID(completer.complete(std::move(request), [&](Event event) {
    on_event(event);
    if (auto* finished = std::get_if<Finished>(&event)) {
      // Notify under the lock: the waiter owns the condition variable and may be gone right after it.
      const std::lock_guard lock(mutex);
      outcome = std::move(*finished);
      ended.notify_one();
    } else if (auto* failed = std::get_if<Failed>(&event)) {
      const std::lock_guard lock(mutex);
      outcome = std::unexpected(std::move(failed->error));
      ended.notify_one();
    }
  }));
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

}  // namespace ingle::chat
