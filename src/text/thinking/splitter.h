// Splitter: the bytes of an answer, in any cut, to what was thought and what is said.
//
// One an answer, one thread; a value. The marks and the white space around them belong to neither. What looked like a mark
// until the answer ended is text of the side on which it stood.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "text/thinking/format.h"

namespace ingle::text::thinking {

class Splitter {
 public:
  Splitter(const Format& format, Start start);

  struct Piece {
    std::string thinking;  // may end within a code point
    std::string answer;
  };
  Piece push(std::string_view bytes);
  /// The answer is over: what was held back.
  Piece finish();

  /// The answer begins with what comes next, white space and all.
  void begin_answer();
  /// What is missing of a mark of which a part has come: of the opening one before the thinking, of the closing one in it.
  std::string missing() const;

  bool is_of_mark(std::string_view spelling) const {
    return open_.find(spelling) != std::string_view::npos || close_.find(spelling) != std::string_view::npos;
  }

  /// The answer has not begun: what comes next is thinking, or may be.
  bool before_answer() const { return phase_ != Phase::kAnswer; }
  /// The mark of its beginning has come, that of its end has not.
  bool thinks() const { return phase_ == Phase::kThinking; }
  bool may_think() const { return phase_ == Phase::kStart; }
  bool has_thought() const { return has_thought_; }

 private:
  enum class Phase : uint8_t { kStart, kThinking, kSpace, kAnswer };

  bool read_start(Piece& piece);
  bool read_thinking(Piece& piece);
  bool read_space(Piece& piece);

  std::string_view open_;
  std::string_view close_;
  Phase phase_;
  bool has_thought_;  // perhaps nothing
  bool skips_space_;  // white space between the opening mark and the first word
  std::string held_;
};

}  // namespace ingle::text::thinking
