// EncoderEngine: the chat::Completer over an encoder. It reads texts and generates nothing.
//
// Requests wait in a fair queue; the step thread takes texts from all of them in turn until a step is full, so that one
// with many texts delays others by a step and no more, and ends a request between two steps when its client has gone.
// Whose text it was makes no difference to its answer. Any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "backend/backend.h"
#include "chat/completer.h"
#include "engine/batch_engine.h"
#include "engine/embed_inputs.h"
#include "engine/fair_queue.h"
#include "engine/in_flight.h"
#include "engine/mailbox.h"
#include "engine/vector_teller.h"

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
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override;
  Result<std::string> fork(std::string_view request_id) override;
  void release(std::string_view /*handle*/) override {}
  Result<chat::Stats> stats() override;

 private:
  /// An EmbedRequest on its way; the step thread's own once it has arrived.
  struct Reading {
    std::string request_id;
    std::string client;
    chat::Priority priority{};
    std::vector<EmbedRow> rows;
    VectorTeller teller;
    size_t n_taken = 0;  // rows that have been in a step
    uint64_t place_in_queue = 0;

    const std::string& id() const { return request_id; }
    bool is_background() const { return priority == chat::Priority::kBackground; }
    bool is_read() const { return n_taken == rows.size(); }
  };
  struct Place {
    Reading* reading;
    size_t row;
  };

  std::unexpected<Error> generates_nothing() const;
  void run(const std::stop_token& stop);
  void submit(std::unique_ptr<Reading> reading);
  void fill_step();
  Result<std::span<const backend::Output>> compute();
  void hand_out(const Result<std::span<const backend::Output>>& outputs);
  void end(std::unique_ptr<Reading> reading);
  void publish_stats();

  const EngineParts parts_;
  InFlight in_flight_;
  Mailbox<EncoderEngine> mailbox_;
  std::atomic<uint64_t> n_ids_ = 0;

  // The step thread's own.
  FairQueue<Reading> queue_;
  std::vector<std::unique_ptr<Reading>> taken_;  // whose last row is in the step
  std::vector<Place> places_;
  std::vector<backend::Text> texts_;
  chat::Stats stats_;

  mutable std::mutex published_mutex_;
  chat::Stats published_;

  std::jthread step_thread_;  // last: it uses everything above
};

}  // namespace ingle::engine
