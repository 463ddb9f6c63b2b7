#include "text/thinking/splitter.h"

#include <algorithm>
#include <utility>

namespace ingle::text::thinking {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// Length of the longest end of `text` that a mark, or white space and a mark, may begin with.
size_t held_end(std::string_view text, std::string_view mark) {
  size_t n = std::min(text.size(), mark.size() - 1);
  while (n > 0 && !text.ends_with(mark.substr(0, n)))
    --n;
  const std::string_view before = text.substr(0, text.size() - n);
  const size_t last = before.find_last_not_of(kSpace);
  return text.size() - (last == std::string_view::npos ? 0 : last + 1);
}

void trim_end(std::string& text) {
  const size_t last = text.find_last_not_of(kSpace);
  text.resize(last == std::string::npos ? 0 : last + 1);
}

}  // namespace

Splitter::Splitter(const Format& format, Start start)
    : open_(format.open),
      close_(format.close),
      phase_(start == Start::kThinks     ? Phase::kThinking
             : start == Start::kMayThink ? Phase::kStart
                                         : Phase::kAnswer),
      has_thought_(start == Start::kThinks),
      skips_space_(start == Start::kThinks) {}

Splitter::Piece Splitter::push(std::string_view bytes) {
  Piece piece;
  held_ += bytes;
  if (phase_ == Phase::kStart && !read_start(piece)) return piece;
  if (phase_ == Phase::kThinking && !read_thinking(piece)) return piece;
  if (phase_ == Phase::kSpace && !read_space(piece)) return piece;
  if (phase_ == Phase::kAnswer) piece.answer += std::exchange(held_, {});
  return piece;
}

Splitter::Piece Splitter::finish() {
  Piece piece;
  if (phase_ == Phase::kThinking) {
    piece.thinking = std::exchange(held_, {});
    trim_end(piece.thinking);
  } else if (phase_ != Phase::kSpace) {
    piece.answer = std::exchange(held_, {});
  }
  return piece;
}

void Splitter::begin_answer() {
  held_.clear();
  phase_ = Phase::kAnswer;
}

std::string Splitter::missing() const {
  const std::string_view mark = thinks() ? close_ : open_;
  size_t n = std::min(held_.size(), mark.size() - 1);
  while (n > 0 && !held_.ends_with(mark.substr(0, n)))
    --n;
  return n == 0 ? std::string() : std::string(mark.substr(n));
}

/// True: it is known what the answer begins with.
bool Splitter::read_start(Piece& /*piece*/) {
  const size_t first = held_.find_first_not_of(kSpace);
  if (first == std::string::npos) return false;
  const std::string_view text = std::string_view(held_).substr(first);
  if (text.size() < open_.size() && open_.starts_with(text)) return false;
  if (text.starts_with(open_)) {
    held_.erase(0, first + open_.size());
    phase_ = Phase::kThinking;
    has_thought_ = true;
    skips_space_ = true;
  } else {
    phase_ = Phase::kAnswer;
  }
  return true;
}

/// True: the thinking has ended.
bool Splitter::read_thinking(Piece& piece) {
  if (skips_space_) {
    const size_t first = held_.find_first_not_of(kSpace);
    if (first == std::string::npos) return false;
    held_.erase(0, first);
    skips_space_ = false;
  }
  if (const size_t end = held_.find(close_); end != std::string::npos) {
    piece.thinking = held_.substr(0, end);
    trim_end(piece.thinking);
    held_.erase(0, end + close_.size());
    phase_ = Phase::kSpace;
    return true;
  }
  const size_t certain = held_.size() - held_end(held_, close_);
  piece.thinking = held_.substr(0, certain);
  held_.erase(0, certain);
  return false;
}

/// True: the first word of the answer is there.
bool Splitter::read_space(Piece& /*piece*/) {
  const size_t first = held_.find_first_not_of(kSpace);
  if (first == std::string::npos) {
    held_.clear();
    return false;
  }
  held_.erase(0, first);
  phase_ = Phase::kAnswer;
  return true;
}

}  // namespace ingle::text::thinking
