#include "text/grammar/copy_text.h"

#include <utf8proc.h>

#include <algorithm>

#include "base/utf8.h"
#include "text/grammar/distance.h"

namespace ingle::text::grammar {
namespace {

/// A code point of the text; runs of white space are one U+0020 that stands for all of them.
struct Character {
  char32_t code = 0;
  uint32_t from = 0;  // in code points of the original
  uint32_t to = 0;
};

enum class Class : uint8_t { kSpace, kDigit, kLetter, kAlone };

Class class_of(char32_t c) {
  if (c <= 0x20 || c == 0x7F) return Class::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
      return Class::kSpace;
    case UTF8PROC_CATEGORY_ND:
      return Class::kDigit;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return Class::kLetter;
    case UTF8PROC_CATEGORY_LO:
      // Scripts that set no space between words, from Thai to Khmer and all of East Asia: any place is a border.
      return (c >= 0x0E00 && c <= 0x0EFF) || (c >= 0x1000 && c <= 0x109F) || (c >= 0x1780 && c <= 0x17FF) || c >= 0x2E80
                 ? Class::kAlone
                 : Class::kLetter;
    default:
      return c == '_' ? Class::kLetter : Class::kAlone;
  }
}

bool is_word(Class c) {
  return c == Class::kDigit || c == Class::kLetter;
}

/// Whether a mark between two characters of words makes one word of them.
bool joins(char32_t mark, Class before, Class after) {
  if (!is_word(before) || !is_word(after)) return false;
  switch (mark) {
    case '-':
    case '/':
    case '@':
    case '\'':
    case 0x2010:  // hyphen
    case 0x2011:  // no-break hyphen
    case 0x2019:  // apostrophe
      return true;
    case '.':
    case ',':
      return before == after;
    case ':':
      return before == Class::kDigit && after == Class::kDigit;
    default:
      return false;
  }
}

/// Marks that end something: no value begins with one.
bool may_begin(char32_t c) {
  return c != ' ' && std::u32string_view(U".,;:!?)]}").find(c) == std::u32string_view::npos;
}

std::vector<Character> read(std::string_view text) {
  const std::string valid = base::is_valid_utf8(text) ? std::string(text) : base::to_valid_utf8(text);
  std::vector<Character> characters;
  uint32_t at = 0;
  for (size_t i = 0; i < valid.size(); ++at) {
    utf8proc_int32_t code = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(valid.data()) + i,
                                    static_cast<utf8proc_ssize_t>(valid.size() - i), &code);
    i += n > 0 ? static_cast<size_t>(n) : 1;
    const auto c = static_cast<char32_t>(code);
    if (class_of(c) != Class::kSpace) {
      characters.push_back({c, at, at + 1});
    } else if (!characters.empty() && characters.back().code == ' ') {
      characters.back().to = at + 1;
    } else {
      characters.push_back({' ', at, at + 1});
    }
  }
  return characters;
}

/// borders[i]: a word may end before character i and another begin with it.
std::vector<bool> borders_of(const std::vector<Character>& characters) {
  const size_t n = characters.size();
  std::vector<Class> classes(n);
  for (size_t i = 0; i < n; ++i)
    classes[i] = class_of(characters[i].code);
  std::vector<bool> borders(n + 1, true);
  for (size_t i = 1; i < n; ++i) {
    if (is_word(classes[i - 1]) && is_word(classes[i])) borders[i] = false;
  }
  for (size_t i = 1; i + 1 < n; ++i) {
    if (joins(characters[i].code, classes[i - 1], classes[i + 1])) borders[i] = borders[i + 1] = false;
  }
  return borders;
}

void append_escaped(char32_t c, std::string& out) {
  if (c == '"' || c == '\\') out += '\\';
  utf8proc_uint8_t bytes[4];
  const auto n = utf8proc_encode_char(static_cast<utf8proc_int32_t>(c), bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(n));
}

}  // namespace

Result<std::shared_ptr<const CopyText>> CopyText::create(std::string_view text, const std::bitset<256>& available) {
  if (text.size() > kMaxBytes) {
    return std::unexpected(Error::refused("the text to copy from has " + std::to_string(text.size()) +
                                          " bytes, at most " + std::to_string(kMaxBytes) + " are taken")
                               .hint("give the part of it that the answer can be in"));
  }
  const std::vector<Character> characters = read(text);
  const std::vector<bool> borders = borders_of(characters);
  auto made = std::shared_ptr<CopyText>(new CopyText);
  std::string& escaped = made->escaped_;
  std::vector<bool> may_end;
  for (size_t i = 0; i < characters.size(); ++i) {
    if (borders[i] && may_begin(characters[i].code)) made->starts_.push_back(static_cast<uint32_t>(escaped.size()));
    may_end.resize(escaped.size() + 1, false);
    may_end.back() = borders[i] && i > 0 && characters[i - 1].code != ' ';
    append_escaped(characters[i].code, escaped);
    // The byte after the first of a character: it and all that follow in it come after i + 1 beginnings.
    made->characters_.resize(escaped.size(), static_cast<uint32_t>(i + 1));
    made->characters_[may_end.size() - 1] = static_cast<uint32_t>(i);
  }
  made->characters_.push_back(static_cast<uint32_t>(characters.size()));
  may_end.resize(escaped.size() + 1, false);
  may_end.back() = !characters.empty() && characters.back().code != ' ';

  made->next_end_.resize(may_end.size());
  made->available_ = available;
  uint32_t next = kFar;
  for (size_t i = may_end.size(); i > 0; --i) {
    const size_t at = i - 1;
    if (may_end[at]) {
      next = static_cast<uint32_t>(at);
    } else if (at < escaped.size() && !available[static_cast<uint8_t>(escaped[at])]) {
      next = kFar;
    }
    made->next_end_[at] = next;
  }
  for (const char c : escaped)
    made->bytes_.set(static_cast<uint8_t>(c));
  const std::string_view all = escaped;
  std::ranges::sort(made->starts_, [all](uint32_t a, uint32_t b) {
    const int order = all.substr(a, kMaxSpanBytes).compare(all.substr(b, kMaxSpanBytes));
    return order < 0 || (order == 0 && a < b);
  });
  return made;
}

int CopyText::byte_at(uint32_t suffix, uint32_t depth) const {
  const size_t at = size_t{starts_[suffix]} + depth;
  return at < escaped_.size() ? static_cast<uint8_t>(escaped_[at]) : -1;
}

bool CopyText::step(Place& place, uint8_t byte) const {
  if (place.depth >= kMaxSpanBytes) return false;
  // Suffixes are sorted, so those that go on with `byte` are neighbours.
  const auto first_not_below = [&](int wanted) {
    uint32_t low = place.begin;
    uint32_t high = place.end;
    while (low < high) {
      const uint32_t middle = low + (high - low) / 2;
      if (byte_at(middle, place.depth) < wanted) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  };
  place.begin = first_not_below(byte);
  place.end = first_not_below(byte + 1);
  ++place.depth;
  return place.begin < place.end;
}

std::optional<uint8_t> CopyText::only_byte(const Place& place) const {
  // Suffixes are sorted, so what the first and the last have in common all have.
  const int first = byte_at(place.begin, place.depth);
  if (first < 0 || first != byte_at(place.end - 1, place.depth)) return std::nullopt;
  return static_cast<uint8_t>(first);
}

/// The next end after the byte at `at` was said.
uint32_t CopyText::next_end_beyond(uint32_t at) const {
  const bool can_say = at < escaped_.size() && available_[static_cast<uint8_t>(escaped_[at])];
  return can_say ? next_end_[at + 1] : kFar;
}

uint32_t CopyText::distance(const Place& place, uint32_t min, uint32_t max) const {
  uint32_t best = kFar;
  for (uint32_t k = place.begin; k < place.end && best > 0; ++k) {
    const uint32_t start = starts_[k];
    uint32_t end = place.depth == 0 ? next_end_beyond(start) : next_end_[start + place.depth];
    while (end < kFar && characters_[end] - characters_[start] < min)
      end = next_end_beyond(end);
    if (end >= kFar || end - start > kMaxSpanBytes || characters_[end] - characters_[start] > max) continue;
    best = std::min(best, end - start - place.depth);
  }
  return best;
}

std::vector<CodePointSpan> find_copies(std::string_view text, std::string_view value, size_t limit) {
  const std::vector<Character> source = read(text);
  const std::vector<Character> wanted = read(value);
  std::vector<CodePointSpan> found;
  if (wanted.empty()) return found;
  const std::vector<bool> borders = borders_of(source);
  const auto same = [](const Character& a, const Character& b) { return a.code == b.code; };
  auto from = source.begin();
  while (found.size() < limit) {
    from = std::search(from, source.end(), wanted.begin(), wanted.end(), same);
    if (from == source.end()) break;
    const auto first = static_cast<size_t>(from - source.begin());
    const size_t last = first + wanted.size();
    if (borders[first] && borders[last]) found.push_back({source[first].from, source[last - 1].to});
    ++from;
  }
  return found;
}

}  // namespace ingle::text::grammar
