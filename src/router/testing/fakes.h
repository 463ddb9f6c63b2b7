// A scripted local model and a scripted cloud, for tests of the router. The cloud holds the receipt key and refuses what a
// receipt does not cover, as the egress role does.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "chat/completer.h"
#include "net/egress.h"
#include "net/transport.h"
#include "runtime/models.h"

namespace ingle::router::testing {

/// Answers with its words, one token each, given with one log-probability up to a word and with a poor one from there on.
class FakeModel final : public chat::Completer {
 public:
  std::vector<std::string> words = {"Paris", "."};
  float logprob = -0.01F;
  size_t unsure_from = SIZE_MAX;              // the first word that has -3 instead
  size_t at_once = 1;                         // words in a delta
  std::vector<chat::ToolCallDelta> calls;     // after the words
  bool hangs = false;                         // after the words: until it is cancelled
  bool breaks = false;                        // after the words
  std::function<void()> on_answered = [] {};  // before the end is said
  std::atomic<int> n_completions = 0;
  std::atomic<int> n_cancelled = 0;

  Result<chat::Description> describe() override;
  Result<std::string> render(const chat::ChatPrompt&) override { return unused(); }
  Result<std::vector<int32_t>> tokenize(const chat::TokenizeRequest&) override { return unused(); }
  Result<std::string> detokenize(std::span<const int32_t>) override { return unused(); }
  Status complete(chat::CompleteRequest request, chat::EventSink sink) override;
  void cancel(std::string_view id) override;
  Result<std::vector<float>> score(const chat::ScoreRequest&) override { return unused(); }
  Status embed(chat::EmbedRequest, chat::EventSink) override { return unused(); }
  Result<std::vector<std::vector<float>>> tag(const chat::EmbedTokens&) override { return unused(); }
  Result<std::string> fork(std::string_view) override { return unused(); }
  void release(std::string_view) override {}
  Result<chat::Stats> stats() override { return unused(); }

 private:
  static std::unexpected<Error> unused() { return std::unexpected(Error::unsupported("not part of this test")); }
  std::mutex hanging_mutex_;
  std::vector<std::pair<std::string, chat::EventSink>> hanging_;
  std::vector<std::string> cancelled_;
};

class FakeModels final : public runtime::Models {
 public:
  std::shared_ptr<FakeModel> model = std::make_shared<FakeModel>();

  Result<std::shared_ptr<chat::Completer>> acquire(std::string_view name, const runtime::AcquireOptions&) override;
  void unload(std::string_view) override {}
  void let_go(std::string_view, std::string_view) override {}
  std::vector<runtime::LoadedModel> loaded() const override { return {}; }
};

/// Everything that reached it. Shared by the transports that a router asks for.
struct FakeCloud {
  net::ReceiptKey key;
  int status = 200;
  std::string body;
  Status outcome = {};                       // after the body
  std::function<void()> on_request = [] {};  // before it answers
  std::vector<net::HttpRequest> received = {};

  /// Server-sent events with these pieces, usage and [DONE].
  static std::string events(const std::vector<std::string>& pieces);
  std::unique_ptr<net::HttpTransport> transport();
};

}  // namespace ingle::router::testing
