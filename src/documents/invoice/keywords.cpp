#include "documents/invoice/keywords.h"

#include <algorithm>
#include <tuple>

namespace ingle::documents {
namespace {

constexpr size_t kMaxWords = 40;  // of a label; more is a paragraph, of which the end counts

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) == 0x7f;
}

bool has_letter(std::string_view word) {
  return std::ranges::any_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

bool fits(std::string_view word, std::string_view pattern) {
  const bool open_front = pattern.starts_with('*');
  const bool open_back = pattern.ends_with('*');
  if (open_front) pattern.remove_prefix(1);
  if (open_back) pattern.remove_suffix(1);
  if (open_front && open_back) return word.find(pattern) != std::string_view::npos;
  if (open_front) return word.ends_with(pattern);
  if (open_back) return word.starts_with(pattern);
  return word == pattern;
}

bool is_number_word(std::string_view word) {
  constexpr std::string_view kWords[] = {"no",  "nr", "num", "number", "nummer", "numero", "numer",
                                         "nro", "#",  "n",   "cislo",  "nos",    "numar"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

/// Words at `first` that say "number": "No.", "Nr.", and "N.º", which are two.
uint32_t number_words_at(std::span<const std::string> words, size_t first) {
  if (first >= words.size() || !is_number_word(words[first])) return 0;
  return words[first] == "n" && first + 1 < words.size() && words[first + 1] == "o" ? 2 : 1;
}

/// Number of words that the pattern takes when it begins at `first`; 0: it does not fit.
uint32_t fit_at(std::span<const std::string> words, size_t first, std::string_view pattern) {
  uint32_t n = 0;
  while (!pattern.empty()) {
    const size_t end = std::min(pattern.find(' '), pattern.size());
    const std::string_view part = pattern.substr(0, end);
    if (first + n >= words.size()) return 0;
    const uint32_t taken = part == "@" ? number_words_at(words, first + n) : fits(words[first + n], part) ? 1 : 0;
    if (taken == 0) return 0;
    n += taken;
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return n;
}

}  // namespace

std::vector<std::string> words_of(std::string_view folded) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : folded) {
    if (is_alnum(c)) {
      word += c;
      continue;
    }
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
    if (c == '#') words.emplace_back("#");
  }
  if (!word.empty()) words.push_back(std::move(word));
  if (words.size() > kMaxWords) words.erase(words.begin(), words.end() - kMaxWords);
  return words;
}

std::vector<KeywordMatch> matches_of(std::span<const std::string> words, std::span<const Keyword> table) {
  struct Found {
    KeywordMatch match;
    size_t last = 0;
    int weight = 0;  // length of the pattern
  };
  std::vector<Found> found;
  const auto add = [&](const Keyword& row, std::string_view pattern) {
    for (size_t first = 0; first < words.size(); ++first) {
      const uint32_t n = fit_at(words, first, pattern);
      if (n == 0) continue;
      Found one{{row.meaning, row.strength, 0, 0, static_cast<uint32_t>(first), false},
                first + n,
                static_cast<int>(pattern.size())};
      for (size_t i = first + n; i < words.size(); ++i) {
        if (is_number_word(words[i]) || words[i] == "o" || words[i] == "id") {
          one.match.numbered = true;
        } else if (has_letter(words[i])) {
          ++one.match.distance;
        } else {
          ++one.match.n_numbers;
        }
      }
      found.push_back(one);
    }
  };
  for (const Keyword& row : table) {
    for (std::string_view rest = row.patterns; !rest.empty();) {
      const size_t end = std::min(rest.find('|'), rest.size());
      add(row, rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  // Longer patterns take their words; what overlaps them is no match of its own.
  const auto by_weight = [](const Found& one) {
    return std::tuple(-one.weight, one.match.first_word, one.match.meaning);
  };
  std::ranges::sort(found, {}, by_weight);
  std::vector<Found> kept;
  for (const Found& one : found) {
    const bool taken = std::ranges::any_of(kept, [&](const Found& other) {
      return one.match.first_word < other.last && other.match.first_word < one.last;
    });
    if (!taken) kept.push_back(one);
  }
  std::ranges::sort(kept, std::greater<>(), &Found::last);  // they do not overlap: no two end at one word
  std::vector<KeywordMatch> matches;
  for (const Found& one : kept)
    matches.push_back(one.match);
  return matches;
}

}  // namespace ingle::documents
