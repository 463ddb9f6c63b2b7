// The class of a code point, as pre-tokenizers see it: letter, mark, number, punctuation, symbol, white space, other.
//
// Fixed at Unicode 15.1, the version that llama.cpp's splitters use. Callable from any thread.
#pragma once

#include <cstdint>

namespace ingle::text {

/// Values fit three bits: a pre-tokenizer packs one into a byte with marks of its own.
enum class CharClass : uint8_t { kOther, kLetter, kMark, kNumber, kPunctuation, kSymbol, kWhitespace };

CharClass char_class(char32_t code_point);

}  // namespace ingle::text
