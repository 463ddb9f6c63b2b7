// One answer of the local model, pulled event by event, so that a router can hold back what an engine pushes.
//
// Owned by the one thread that pulls; cancel() may come from any. The destructor ends what still runs.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::router {

class LocalAnswer {
 public:
  static Result<std::unique_ptr<LocalAnswer>> start(std::shared_ptr<chat::Completer> model,
                                                    chat::CompleteRequest request);
  ~LocalAnswer();

  /// Blocks; not to be called again after Finished or Failed.
  chat::Event next();
  void cancel() { model_->cancel(id_); }

 private:
  struct Queue {
    std::mutex events_mutex;
    std::condition_variable arrived;
    std::deque<chat::Event> events;
  };
  LocalAnswer(std::shared_ptr<chat::Completer> model, std::string id) : model_(std::move(model)), id_(std::move(id)) {}

  std::shared_ptr<chat::Completer> model_;  // a lease: the model stays loaded while it answers
  std::string id_;
  std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();  // shared with the engine's thread
  bool ended_ = false;
};

}  // namespace ingle::router
