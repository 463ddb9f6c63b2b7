#include "router/local_answer.h"

namespace ingle::router {

Result<std::unique_ptr<LocalAnswer>> LocalAnswer::start(std::shared_ptr<chat::Completer> model,
                                                        chat::CompleteRequest request) {
  auto answer = std::unique_ptr<LocalAnswer>(new LocalAnswer(std::move(model), request.id));
  const auto sink = [queue = answer->queue_](chat::Event event) {
    const std::lock_guard lock(queue->events_mutex);
    queue->events.push_back(std::move(event));
    queue->arrived.notify_one();
  };
  if (auto started = answer->model_->complete(std::move(request), sink); !started) {
    answer->ended_ = true;
    return std::unexpected(std::move(started).error());
  }
  return answer;
}

LocalAnswer::~LocalAnswer() {
  if (!ended_) cancel();
  while (!ended_)
    next();
}

chat::Event LocalAnswer::next() {
  std::unique_lock lock(queue_->events_mutex);
  queue_->arrived.wait(lock, [&] { return !queue_->events.empty(); });
  chat::Event event = std::move(queue_->events.front());
  queue_->events.pop_front();
  ended_ = std::holds_alternative<chat::Finished>(event) || std::holds_alternative<chat::Failed>(event);
  return event;
}

}  // namespace ingle::router
