// One answer: starts a completion, brings its events to the calling thread, and cancels it when asked to stop.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::cli {

struct Answer {
  std::string text;
  std::string bytes;  // as it was generated: not UTF-8 where `text` has U+FFFD
  std::vector<chat::TokenInfo> tokens;
  chat::Finished finished;
};

/// Called on the thread that waits for the answer.
struct AnswerView {
  std::function<void(std::string_view)> text = {};
  /// About ten times a second until the first text: prompt tokens done and all of them (0 before the engine said so).
  std::function<void(uint32_t, uint32_t)> waiting = {};
};

/// A stopped answer is no error: it ends with FinishReason::kCancelled and what was generated until then.
Result<Answer> stream_answer(chat::Completer& completer, chat::CompleteRequest request, const std::stop_token& stop,
                             const AnswerView& view);

std::string_view to_string(chat::FinishReason reason);
/// "local", "cloud:NAME".
std::string route_text(const chat::Finished& finished);
/// One line: who answered, and how to learn why.
std::string route_note(const chat::Finished& finished, std::string_view request_id);

/// Unique on this machine: the ledger and `ingle route explain` know a request by it.
std::string new_request_id();

/// "12 prompt tokens at 345 tok/s, 40 tokens at 61.2 tok/s"
std::string usage_text(const chat::Usage& usage);

}  // namespace ingle::cli
