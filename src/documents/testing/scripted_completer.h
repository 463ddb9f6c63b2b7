// A chat::Completer without a model: answers every request with what a function of the test says.
#pragma once

#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "chat/completer.h"

namespace ingle::documents::testing {

class ScriptedCompleter : public chat::Completer {
 public:
  using Answer = std::function<std::string(const chat::CompleteRequest&)>;
  explicit ScriptedCompleter(Answer answer) : answer_(std::move(answer)) {}

  /// What the last message of a chat request says.
  static std::string user_text(const chat::CompleteRequest& request);
  size_t requests() const { return requests_; }

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

  uint32_t context_limit = 4096;
  uint64_t parameters = 2'000'000'000;

 private:
  Answer answer_;
  size_t requests_ = 0;
};

}  // namespace ingle::documents::testing
