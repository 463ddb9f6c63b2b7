// The alphabet of byte-level BPE: each byte is written as one printable character in vocabularies and merges.
//
// As GPT-2 defined it (openai/gpt-2, encoder.py, bytes_to_unicode): printable Latin-1 stands for itself, the other 68
// bytes for U+0100 and what follows, in order.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ingle::text {

/// The UTF-8 of the character for `byte`; a view of static storage.
std::string_view letter_of_byte(uint8_t byte);
/// The byte that `code_point` stands for, nothing if it is not in the alphabet.
std::optional<uint8_t> byte_of_letter(char32_t code_point);

}  // namespace ingle::text
