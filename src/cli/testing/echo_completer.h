// A chat::Completer without a model: answers with the prompt it was given, a word an event, from a thread of its own.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>

#include "chat/completer.h"

namespace ingle::cli {

class EchoCompleter : public chat::Completer {
 public:
  bool has_template = true;
  bool endless = false;                    // goes on until it is cancelled
  bool takes_shapes = false;               // a schema or a grammar is no error, and changes nothing
  chat::Finished ending = {};              // how an answer ends
  bool fails = false;                      // behind the answer's text
  chat::CompleteRequest* seen = nullptr;   // where to leave a copy of the request,
  std::atomic<bool>* was_asked = nullptr;  // and where to say so

  Result<chat::Description> describe() override;
  Result<std::string> render(const chat::ChatPrompt& prompt) override;
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest& request) override;
  Result<std::string> detokenize(std::span<const int32_t> tokens) override;
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest& request) override;
  Status embed(chat::EmbedRequest request, chat::EventSink sink) override;
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens& request) override;
  Result<std::string> fork(std::string_view request_id) override;
  void release(std::string_view handle) override;
  Result<chat::Stats> stats() override { return chat::Stats{}; }

 private:
  void answer(const chat::CompleteRequest& request, const chat::EventSink& sink, const std::string& text);

  std::mutex mutex_;
  std::condition_variable cancelled_changed_;
  std::set<std::string, std::less<>> cancelled_;
  std::vector<std::jthread> threads_;
};

}  // namespace ingle::cli
