// Completer: all that dialects, documents, the router and the command line know of an engine.
//
// The engine implements it; the router will be one that wraps another; a test fake is a third. complete() and embed() return
// at once and events arrive on a thread of the completer's own: a sink must be quick and must not call back into the
// completer, except for cancel(): fork and score wait for that very thread and would wait for ever. All other verbs answer
// synchronously. Every verb may be called from any thread.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/types.h"

namespace ingle::chat {

using EventSink = std::function<void(Event)>;

class Completer {
 public:
  virtual ~Completer() = default;

  virtual Result<Description> describe() = 0;
  /// The prompt text that the model would see.
  virtual Result<std::string> render(const ChatPrompt& prompt) = 0;
  virtual Result<std::vector<int32_t>> tokenize(const TokenizeRequest& request) = 0;
  /// Raw bytes of tokens.
  virtual Result<std::string> detokenize(std::span<const int32_t> tokens) = 0;
  /// Raw bytes of each.
  virtual Result<std::vector<std::string>> pieces(std::span<const int32_t> tokens);

  /// An error here means that nothing was started and the sink will not be called.
  virtual Status complete(CompleteRequest request, EventSink sink) = 0;
  /// The vectors of texts by the model's own pooling (Description::pooling), L2-normalised; or the scores of their classes
  /// where that is kRank. The events are Vectors, and an input that cannot be read fails them all: it may do so before this
  /// returns. An error as of complete().
  virtual Status embed(EmbedRequest request, EventSink sink) = 0;
  /// The request ends with Finished{kCancelled}; unknown ids are ignored (it may just have ended).
  virtual void cancel(std::string_view id) = 0;

  /// One log-probability a scored token.
  virtual Result<std::vector<float>> score(const ScoreRequest& request) = 0;
  /// Class scores a token, for models with a tagging head.
  virtual Result<std::vector<std::vector<float>>> tag(const EmbedTokens& request) = 0;
  /// Keeps the sequence of a finished or running request in the engine and names it; release() frees it.
  virtual Result<std::string> fork(std::string_view request_id) = 0;
  virtual void release(std::string_view handle) = 0;
  /// Cheap, whatever the engine is doing.
  virtual Result<Stats> stats() = 0;
};

/// complete() and wait. Deltas go to `on_event` as they come; Failed becomes an error.
Result<Finished> complete_and_wait(Completer& completer, CompleteRequest request,
                                   const std::function<void(const Event&)>& on_event);

/// embed() and wait: a vector an input.
std::expected<std::vector<TextVector>, Failed> embed_and_wait(Completer& completer, EmbedRequest request);

}  // namespace ingle::chat
