// The rows of the pre-tokenizer table: names, expressions, flags.
//
// Expressions run over one byte for each code point: ASCII stands for itself, anything else for its class and the row's
// own sets. The following are expanded before PCRE2 sees them, inside brackets and outside:
//   \p{L} \p{M} \p{N} \p{P} \p{S}  classes of Unicode      \s \S \d        white space of Unicode, digits of ASCII
//   \p{U} letters but a-z          \p{W} letters but A-Z   \p{1} \p{2} \p{3}  the row's sets
// A pass splits every piece that the pass before left; what an expression leaves unmatched is a piece of its own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace ingle::text {

struct CodePointRange {
  char32_t first;
  char32_t last;
};

struct PreTokenizerRow {
  std::span<const std::string_view> names;
  std::span<const std::string_view> passes;
  bool takes_whole_words = false;
  bool adds_bos = false;
  std::span<const std::span<const CodePointRange>> sets =
      {};  // at most three, each sorted, none of white space or ASCII
};

std::span<const PreTokenizerRow> pretokenizer_rows();

}  // namespace ingle::text
