// Keywords: what the words before, left of or above a value say about it. Tables of patterns in several languages, matched
// against folded words; the match nearest to the value decides. Pure; any thread.
//
// A pattern is words; `*` at the beginning or end of a word stands for any letters ("*rechnung", "liefer*"), and the
// word "@" for one that says "number" in some language ("@ facture": "N° facture", "Numéro facture").
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::documents {

struct Keyword {
  uint8_t meaning = 0;  // an enumerator of the table's own
  float strength = 1;
  std::string_view patterns;  // separated by |
};

struct KeywordMatch {
  uint8_t meaning = 0;
  float strength = 0;
  uint32_t distance = 0;   // words with letters between the keyword and the value
  uint32_t n_numbers = 0;  // words of digits between them
  uint32_t first_word = 0;
  bool numbered = false;  // "no.", "nr", "#" stands in between
};

/// Letters and digits of folded text as words; "#" is a word of its own.
std::vector<std::string> words_of(std::string_view folded);

/// Every match, the nearest to the end of `words` first; of two that share a word only the longer one.
std::vector<KeywordMatch> matches_of(std::span<const std::string> words, std::span<const Keyword> table);

}  // namespace ingle::documents
