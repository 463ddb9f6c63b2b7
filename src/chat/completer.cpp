#include "chat/completer.h"

#include <condition_variable>
#include <mutex>
#include <optional>

namespace ingle::chat {

namespace {

/// Waits for the last event of a request that `start` hands a sink; all events go to `on_event`.
template <typename Start, typename OnEvent>
std::expected<Finished, Failed> wait_for_end(Start start, OnEvent on_event) {
  std::mutex mutex;
  std::condition_variable ended;
  std::optional<std::expected<Finished, Failed>> outcome;
  const Status started = start([&](Event event) {
    on_event(event);
    // Notify under the lock: the waiter owns the condition variable and may be gone right after it.
    const std::lock_guard lock(mutex);
    if (auto* finished = std::get_if<Finished>(&event)) outcome = std::move(*finished);
    if (auto* failed = std::get_if<Failed>(&event)) outcome = std::unexpected(std::move(*failed));
    if (outcome) ended.notify_one();
  });
  if (!started) return std::unexpected(Failed{started.error()});
  std::unique_lock lock(mutex);
  ended.wait(lock, [&] { return outcome.has_value(); });
  return *std::move(outcome);
}

}  // namespace

Result<std::vector<std::string>> Completer::pieces(std::span<const int32_t> tokens) {
  std::vector<std::string> pieces;
  pieces.reserve(tokens.size());
  for (size_t i = 0; i < tokens.size(); ++i) {
    INGLE_TRY(std::string piece, detokenize(tokens.subspan(i, 1)));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

Result<Finished> complete_and_wait(Completer& completer, CompleteRequest request,
                                   const std::function<void(const Event&)>& on_event) {
  auto outcome =
      wait_for_end([&](EventSink sink) { return completer.complete(std::move(request), std::move(sink)); }, on_event);
  if (!outcome) return std::unexpected(std::move(outcome).error().error);
  return *std::move(outcome);
}

std::expected<std::vector<TextVector>, Failed> embed_and_wait(Completer& completer, EmbedRequest request) {
  std::vector<TextVector> vectors(request.inputs.size());
  const auto collect = [&](Event& event) {
    auto* some = std::get_if<Vectors>(&event);
    for (size_t i = 0; some != nullptr && i < some->list.size() && some->first + i < vectors.size(); ++i)
      vectors[some->first + i] = std::move(some->list[i]);
  };
  const auto outcome =
      wait_for_end([&](EventSink sink) { return completer.embed(std::move(request), std::move(sink)); }, collect);
  if (!outcome) return std::unexpected(outcome.error());
  if (outcome->reason == FinishReason::kCancelled) return std::unexpected(Failed{Error::cancelled()});
  return vectors;
}

}  // namespace ingle::chat
