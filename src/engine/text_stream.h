// TextStream: from the bytes of generated tokens to those that a client may see.
//
// Holds back what could still turn into a stop string and what is not yet a whole code point. Bytes that are not UTF-8 come
// out as they are: who shows them decides what stands for them. A value: it copies with its sequence.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::engine {

class TextStream {
 public:
  explicit TextStream(std::vector<std::string> stops = {}) : stops_(std::move(stops)) {}

  /// Adds bytes and answers those that are certain now. Nothing comes after a stop string.
  std::string push(std::string_view bytes);
  /// The end of the answer: what was held back, since no more bytes can complete it.
  std::string finish();

  /// Bytes that came, and those of them that were answered.
  size_t n_read() const { return n_read_; }
  size_t n_given() const { return n_given_; }
  bool may_stop() const { return !stops_.empty(); }
  bool stopped() const { return stopped_; }
  /// The stop string that was met, empty otherwise.
  const std::string& stop_text() const { return stop_text_; }

 private:
  std::vector<std::string> stops_;
  std::string held_;
  std::string stop_text_;
  size_t n_read_ = 0;
  size_t n_given_ = 0;
  bool stopped_ = false;
};

}  // namespace ingle::engine
