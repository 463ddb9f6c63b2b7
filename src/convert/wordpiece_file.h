// The tokenizer.json of a BERT model as the values that a GGUF holds of it. Hostile: everything is checked, and what a GGUF
// cannot say, such as a splitter of another kind, is refused instead of lost.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ingle::convert {

struct WordPieceFile {
  std::vector<std::string> tokens;  // as GGUF spells them: U+2581 before what begins a word, no "##"
  std::vector<int32_t> kinds;       // 1 ordinary, 3 control, 4 user-defined, 5 unused
  uint32_t unknown = 0, begin = 0, separator = 0;
  int64_t pad = -1, mask = -1;  // -1: there is none
  bool lowercase = true;
  bool strip_accents = true;
};

/// `rows` of the embedding matrix: the vocabulary is filled up to it with unused tokens.
Result<WordPieceFile> read_wordpiece(std::string_view json, uint64_t rows);

}  // namespace ingle::convert
