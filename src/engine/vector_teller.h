// VectorTeller: collects the answers to an EmbedRequest and tells them, in order and in pieces of a size that crosses a
// process border without holding up other messages. Owned and called by a step thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "chat/completer.h"

namespace ingle::engine {

class VectorTeller {
 public:
  VectorTeller(size_t n_inputs, chat::EventSink sink)
      : sink_(std::move(sink)), vectors_(n_inputs), arrived_(Clock::now()) {}

  /// The first of its texts is about to be computed; only the first call counts.
  void begin();
  /// Of an input that has none yet.
  void take(size_t input, chat::TextVector vector);
  /// The first error is what the client will hear.
  void fail(Error error);
  bool has_failed() const { return error_.has_value(); }
  bool has_begun() const { return began_.has_value(); }
  /// The last event: the error, or the end; that of who was cancelled where answers are missing.
  void conclude();

 private:
  using Clock = std::chrono::steady_clock;
  void tell(size_t end);

  const chat::EventSink sink_;
  std::vector<chat::TextVector> vectors_;
  size_t n_told_ = 0;
  size_t n_ready_ = 0;   // inputs from the first on that have answers
  size_t n_floats_ = 0;  // of those that are ready and not told
  std::optional<Error> error_;
  chat::Usage usage_;
  const Clock::time_point arrived_;
  std::optional<Clock::time_point> began_;
};

}  // namespace ingle::engine
