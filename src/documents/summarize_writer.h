// Writer: what the model is asked for in a summary, one small job a prompt, and its answers as plain values.
//
// Used by one thread. Every answer is constrained by a JSON schema; the instructions that begin each prompt are the same, so
// that their prefill is found again.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/completer.h"
#include "documents/summarize_windows.h"
#include "documents/transcript.h"

namespace ingle::documents {

struct WindowNote {
  std::string sentences;
  std::string topic;
};

class Writer {
 public:
  struct Counts {
    uint32_t requests = 0;
    uint64_t prompt_tokens = 0;
    uint64_t cached_tokens = 0;
    uint64_t answer_tokens = 0;
  };

  static Result<Writer> make(chat::Completer& model, std::stop_token stop);

  /// What was said in the window, or about `query` if there is one. `attempt` 0 is the most likely answer; others vary.
  Result<WindowNote> note(const Transcript& transcript, const Window& window, std::string_view query, uint32_t attempt);
  /// A sentence of the transcript as one of the minutes, beginning with `opening` ("Anna will").
  Result<std::string> reword(std::string_view context, std::string_view sentence, std::string_view speaker,
                             std::string_view opening);

  /// Estimated tokens that a window may have.
  size_t window_limit() const { return window_limit_; }
  const Counts& counts() const { return counts_; }

 private:
  Writer(chat::Completer& model, std::stop_token stop) : model_(&model), stop_(std::move(stop)) {}
  Result<std::string> answer(std::string user, std::string schema, int32_t max_tokens, uint32_t attempt);

  chat::Completer* model_;
  std::stop_token stop_;
  bool has_template_ = true;
  size_t window_limit_ = 0;
  Counts counts_;
};

}  // namespace ingle::documents
