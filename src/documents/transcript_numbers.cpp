// Numbers in spoken text: digits, and the words of English and German that stand for them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "documents/transcript_words.h"

namespace ingle::documents {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct NumberWord {
  std::string_view word;
  uint64_t value;
};

// Sorted by word.
constexpr auto kNumberWords = std::to_array<NumberWord>({{"acht", 8},          {"billion", 1000000000},
                                                         {"drei", 3},          {"dreizehn", 13},
                                                         {"eight", 8},         {"eighteen", 18},
                                                         {"eighty", 80},       {"eleven", 11},
                                                         {"elf", 11},          {"fifteen", 15},
                                                         {"fifty", 50},        {"five", 5},
                                                         {"forty", 40},        {"four", 4},
                                                         {"fourteen", 14},     {"f\xc3\xbcnf", 5},
                                                         {"hundert", 100},     {"hundred", 100},
                                                         {"million", 1000000}, {"neun", 9},
                                                         {"nine", 9},          {"nineteen", 19},
                                                         {"ninety", 90},       {"one", 1},
                                                         {"sechs", 6},         {"seven", 7},
                                                         {"seventeen", 17},    {"seventy", 70},
                                                         {"sieben", 7},        {"six", 6},
                                                         {"sixteen", 16},      {"sixty", 60},
                                                         {"tausend", 1000},    {"ten", 10},
                                                         {"thirteen", 13},     {"thirty", 30},
                                                         {"thousand", 1000},   {"three", 3},
                                                         {"twelve", 12},       {"twenty", 20},
                                                         {"two", 2},           {"vier", 4},
                                                         {"zehn", 10},         {"zero", 0},
                                                         {"zwanzig", 20},      {"zwei", 2},
                                                         {"zw\xc3\xb6lf", 12}});
static_assert(std::ranges::is_sorted(kNumberWords, {}, &NumberWord::word));

std::optional<uint64_t> value_of_word(std::string_view word) {
  const auto it = std::ranges::lower_bound(kNumberWords, word, {}, &NumberWord::word);
  if (it == kNumberWords.end() || it->word != word) return std::nullopt;
  return it->value;
}

/// "twenty-five", "two thousand and ten": the value so far and what the next word does to it.
class SpokenNumber {
 public:
  /// False when the word cannot go on this number: "two three" are two numbers.
  bool add(uint64_t value) {
    constexpr uint64_t kLimit = uint64_t{1} << 50;
    if (value >= 1000) {
      if (group_ == 0 && words_ > 0) return false;
      total_ += std::max<uint64_t>(group_, 1) * value;
      group_ = 0;
    } else if (value == 100) {
      if (group_ >= 100) return false;
      group_ = std::max<uint64_t>(group_, 1) * 100;
    } else if (words_ == 0 || (group_ == 0 && total_ > 0) || (group_ % 100 == 0 && group_ > 0)) {
      group_ += value;
    } else if (group_ % 10 == 0 && group_ % 100 >= 20 && value > 0 && value < 10) {
      group_ += value;
    } else {
      return false;
    }
    ++words_;
    return total_ < kLimit;
  }
  uint64_t value() const { return total_ + group_; }
  int words() const { return words_; }

 private:
  uint64_t total_ = 0;
  uint64_t group_ = 0;
  int words_ = 0;
};

/// Thousands separators away; "05" and "5" are the same; a decimal comma is a point.
std::string value_of_digits(std::string_view text) {
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool thousands = (text[i] == ',' || text[i] == '.') && text.size() - i == 4 && i > 0 && i <= 3;
    const bool inner_thousands = (text[i] == ',' || text[i] == '.') && i + 4 < text.size() && text[i + 4] == text[i];
    if (thousands || inner_thousands) continue;
    digits += text[i] == ',' ? '.' : text[i];
  }
  while (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1]))
    digits.erase(0, 1);
  return digits;
}

void append_digit_numbers(std::string_view text, std::vector<Number>& numbers) {
  for (size_t i = 0; i < text.size();) {
    if (!is_digit(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size()) {
      const bool joins = std::string_view(".,:/-").find(text[i]) != std::string_view::npos && i + 1 < text.size() &&
                         is_digit(text[i + 1]);
      if (!is_digit(text[i]) && !joins) break;
      ++i;
    }
    const std::string_view found = text.substr(begin, i - begin);
    numbers.push_back({found, begin, value_of_digits(found), true});
  }
}

void append_spoken_numbers(std::string_view text, std::vector<Number>& numbers) {
  struct Part {
    std::string word;
    size_t from;
    size_t to;
  };
  std::vector<Part> parts;  // "twenty-five" is two
  for (const Word& word : words_of(text)) {
    for (size_t from = 0; from <= word.text.size();) {
      const size_t hyphen = std::min(word.text.find('-', from), word.text.size());
      parts.push_back({lower(word.text.substr(from, hyphen - from)), word.at + from, word.at + hyphen});
      from = hyphen + 1;
    }
  }
  for (size_t i = 0; i < parts.size();) {
    SpokenNumber spoken;
    size_t next = i;
    size_t last = i;
    while (next < parts.size()) {
      const bool conjunction = parts[next].word == "and" && spoken.words() > 0 && spoken.value() >= 100;
      if (conjunction) {
        ++next;
        continue;
      }
      const auto value = value_of_word(parts[next].word);
      if (!value || !spoken.add(*value)) break;
      last = next++;
    }
    if (spoken.words() == 0) {
      ++i;
      continue;
    }
    const bool pronoun = spoken.words() == 1 && spoken.value() == 1;
    if (!pronoun) {
      numbers.push_back({text.substr(parts[i].from, parts[last].to - parts[i].from), parts[i].from,
                         fmt::format("{}", spoken.value()), false});
    }
    i = last + 1;
  }
}

}  // namespace

std::vector<Number> numbers_of(std::string_view text) {
  std::vector<Number> numbers;
  append_digit_numbers(text, numbers);
  append_spoken_numbers(text, numbers);
  std::ranges::sort(numbers, {}, &Number::at);
  return numbers;
}

}  // namespace ingle::documents
