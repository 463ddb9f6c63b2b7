// Bytes to code points, by the lenient rule that llama.cpp applies before it splits text into words.
//
// The rule is part of the ids: over-long forms and surrogates are decoded as if they were fine and written back in
// their shortest form; any other byte that cannot start or finish a sequence becomes U+FFFD on its own. Code points
// beyond U+10FFFF, on which llama.cpp ends with an error, are U+FFFD here, one for each byte.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ingle::text {

struct CodePoint {
  char32_t value;
  size_t size;  // bytes read
};

/// The code point at `offset`, which must be inside `bytes`.
CodePoint decode_code_point(std::string_view bytes, size_t offset);

void append_utf8(char32_t code_point, std::string& out);

/// Length that a sequence with this first byte claims to have; 1 for a continuation byte.
size_t claimed_length(char first_byte);

/// Whether decoding and writing back gives the same bytes.
bool is_normal_utf8(std::string_view bytes);
std::string normalise_utf8(std::string_view bytes);

}  // namespace ingle::text
