// The machine that reads one character inside a JSON string: a code point in UTF-8, or an escape.
//
// UTF-8 is the well-formed one (Unicode 15, table 3-7): no surrogates, no overlong forms. Escapes are those of RFC 8259; a
// \u escape of a surrogate must be the first of a pair.
#pragma once

#include <bitset>
#include <cstdint>
#include <span>

namespace ingle::text::grammar {

/// The state between two characters.
inline constexpr uint8_t kCharacterStart = 0;
inline constexpr uint8_t kNoCharacter = 0xFF;

/// The state after `byte`, kCharacterStart when a character is complete, kNoCharacter when none goes on like this.
uint8_t character_step(uint8_t state, uint8_t byte);

/// Bytes that are missing to the end of the character, at least.
uint32_t character_distance(uint8_t state);

/// Sets of bytes that the machine tells apart.
std::span<const std::bitset<256>> text_byte_classes();

}  // namespace ingle::text::grammar
