// WordWrap: breaks streamed text between words where the terminal would break within them.
//
// Text is shown as it comes: a word that turns out too long for its line is taken back and moved to the next. One answer,
// one thread.
#pragma once

#include <string>
#include <string_view>

namespace ingle::cli {

class WordWrap {
 public:
  /// `width` in columns; 0 or less: text passes through unchanged.
  explicit WordWrap(int width) : width_(width) {}

  /// What to send to the terminal for the next piece of the answer: whole code points, no escape sequences.
  std::string feed(std::string_view text);

 private:
  int width_;
  int column_ = 0;    // of the cursor
  std::string word_;  // since the last space or line break
  int word_width_ = 0;
};

}  // namespace ingle::cli
