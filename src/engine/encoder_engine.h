// EncoderEngine: the chat::Completer over an encoder. It reads texts and generates nothing.
//
// Callers wait in a queue; the step thread takes texts from all of them in turn until a step is full, so that a call with
// many texts delays others by a step and no more. Whose text it was makes no difference to its answer. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "chat/completer.h"
#include "engine/batch_engine.h"

namespace ingle::engine {

class EncoderEngine final : public chat::Completer {
 public:
  /// The executor's max_rows() and n_pages() must hold a text of max_embed_tokens.
  explicit EncoderEngine(EngineParts parts);
  ~EncoderEngine() override;

  Result<chat::Description> describe() override;
  Result<std::string> render(const chat::ChatPrompt& prompt) override;
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override;
  Result<std::string> detokenize(std::span<const int32_t> tokens) override;
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  void cancel(std::string_view /*id*/) override {}
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Result<std::vector<float>> embed(const chat::EmbedRequest& request) override;
  Result<std::vector<std::vector<float>>> embed_all(std::span<const chat::EmbedRequest> requests) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedRequest& request) override;
  Result<std::string> fork(std::string_view request_id) override;
  void release(std::string_view /*handle*/) override {}
  Result<chat::Stats> stats() override;

 private:
  /// An embed_all() that waits; it lives on its caller's stack until `done`.
  struct Call {
    std::span<const chat::EmbedRequest> requests;
    std::vector<std::vector<float>> answers;
    size_t n_taken = 0;  // requests that have been in a step
    size_t n_answered = 0;
    Status status;
    bool done = false;
    std::condition_variable changed;
  };
  struct Place {
    Call* call;
    size_t request;
  };

  Status check(const chat::EmbedRequest& request) const;
  std::unexpected<Error> generates_nothing() const;
  void run(const std::stop_token& stop);
  void fill_step();
  Result<std::span<const backend::Output>> compute();
  void hand_out(const Result<std::span<const backend::Output>>& outputs);
  void drop_ended();
  void end_all(const Error& error);

  const EngineParts parts_;

  mutable std::mutex calls_mutex_;
  std::condition_variable_any arrived_;
  std::deque<Call*> calls_;
  chat::Stats stats_;

  // Of a step; the step thread's own.
  std::vector<Place> places_;
  std::vector<backend::Text> texts_;

  std::jthread step_thread_;  // last: it uses everything above
};

}  // namespace ingle::engine
