#include "text/tokenizer/byte_alphabet.h"

#include <array>
#include <string>

#include "text/tokenizer/code_points.h"

namespace ingle::text {
namespace {

constexpr char32_t kLetters = 0x144;  // one more than the last character

struct Alphabet {
  std::array<std::string, 256> letters;
  std::array<int16_t, kLetters> bytes;
};

bool stands_for_itself(unsigned byte) {
  return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

const Alphabet& alphabet() {
  static const Alphabet result = [] {
    Alphabet a;
    a.bytes.fill(-1);
    char32_t next = 0x100;
    for (unsigned byte = 0; byte < 256; ++byte) {
      const char32_t letter = stands_for_itself(byte) ? byte : next++;
      append_utf8(letter, a.letters[byte]);
      a.bytes[letter] = static_cast<int16_t>(byte);
    }
    return a;
  }();
  return result;
}

}  // namespace

std::string_view letter_of_byte(uint8_t byte) {
  return alphabet().letters[byte];
}

std::optional<uint8_t> byte_of_letter(char32_t code_point) {
  if (code_point >= kLetters) return std::nullopt;
  const int16_t byte = alphabet().bytes[code_point];
  if (byte < 0) return std::nullopt;
  return static_cast<uint8_t>(byte);
}

}  // namespace ingle::text
