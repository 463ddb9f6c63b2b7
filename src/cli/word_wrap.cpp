#include "cli/word_wrap.h"

#include "cli/console.h"

namespace ingle::cli {
namespace {

size_t code_point_size(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0xc0) return 1;
  if (byte < 0xe0) return 2;
  return byte < 0xf0 ? 3 : 4;
}

}  // namespace

std::string WordWrap::feed(std::string_view text) {
  if (width_ <= 0) return std::string(text);
  std::string out;
  while (!text.empty()) {
    const std::string_view character = text.substr(0, code_point_size(text.front()));
    text.remove_prefix(character.size());
    if (character == "\n") {
      out += '\n';
      column_ = word_width_ = 0;
      word_.clear();
      continue;
    }
    const int columns = character == "\t" ? 8 - column_ % 8 : display_width(character);
    if (column_ + columns > width_) {
      if (character == " ") {  // the space at the end of a full line is the line break
        out += '\n';
        column_ = word_width_ = 0;
        word_.clear();
        continue;
      }
      if (word_width_ > 0 && word_width_ < column_) {
        out += "\x1b[" + std::to_string(word_width_) + "D\x1b[K\n" + word_;
        column_ = word_width_;
      } else {  // a word longer than the line, or a script without spaces: break here
        out += '\n';
        column_ = word_width_ = 0;
        word_.clear();
      }
    }
    out += character;
    column_ += columns;
    if (character == " " || character == "\t") {
      word_.clear();
      word_width_ = 0;
    } else {
      word_ += character;
      word_width_ += columns;
    }
  }
  return out;
}

}  // namespace ingle::cli
