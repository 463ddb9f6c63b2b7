#include "documents/transcript_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_set>

namespace ingle::documents {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool is_word_char(char c) {
  return is_letter(c) || is_digit(c) || c == '_';
}

/// Punctuation beyond ASCII that separates words: general punctuation (quotes, dashes) and CJK marks, three bytes each,
/// and no-break blanks, guillemets and inverted marks, two.
size_t punctuation_at(std::string_view text, size_t i) {
  const auto byte = [&](size_t k) { return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U; };
  if (byte(0) == 0xE2 && (byte(1) == 0x80 || byte(1) == 0x81)) return byte(1) == 0x80 && byte(2) == 0x99 ? 0 : 3;
  if (byte(0) == 0xE3 && byte(1) == 0x80) return 3;
  if (byte(0) == 0xEF && byte(1) == 0xBC) return 3;
  if (byte(0) == 0xC2 && byte(1) >= 0x80 && byte(1) <= 0xBF) return 2;
  return 0;
}

size_t apostrophe_at(std::string_view text, size_t i) {
  if (text[i] == '\'') return 1;
  return text.substr(i).starts_with("\xe2\x80\x99") ? 3 : 0;
}

template <size_t N>
bool contains(const std::array<std::string_view, N>& sorted, std::string_view word) {
  return std::ranges::binary_search(sorted, word);
}

// English and German: articles, pronouns, auxiliaries, prepositions, and what speakers fill pauses with.
constexpr std::string_view kEmptyWords =
    "a aber about actually after again all alle alright als also always am an and any anything anyway are as at "
    "auch auf aus back basically be because been before bei being between bin bist bit both bring but by bye "
    "came can can't cannot come comes coming cool could course da dann das dass definitely dem den der des did "
    "didn't die dies diese do doch does doesn't doing don't done down du during each ein eine einen einer er es "
    "etc etwas even ever every everything exactly fine for from f\xc3\xbcr get gets getting go goes going gonna "
    "good got great guess gut haben had has hat have haven't having he hello her here hey hier him his how i i'd "
    "i'll i'm i've ich if ihr im immer in into is isn't ist it it's its itself ja jetzt just kann kind know "
    "k\xc3\xb6nnen let let's like little look looking looks lot lots mal man many may maybe me mean mehr mein "
    "might mit more most much must my myself m\xc3\xb6"
    "chte m\xc3\xbcssen nach nein never next nice nicht no "
    "noch nor not nothing now nur ob obviously oder of off oh ohne ok okay on one only or other our out over own "
    "please pretty probably put quickly quite really right said same say says schon see sehr sein seine shall "
    "she should shouldn't show sich sie sind so soll sollen sollte some somebody someone something sorry sort "
    "still stuff such sure take than thank thanks that that's the their them themselves then there there's these "
    "they they're thing things think this those through to too uh um und uns unser unsere up us very vom von "
    "wanna want wants war waren was wasn't way we we'll we're we've weil well wenn wer werden were what whatever "
    "when where whether which while who why wie will wir wird with within wo won't would wouldn't wurde wurden "
    "yeah yep yes yet you you're your yourself yup zu zum zur \xc3\xbc"
    "ber ";

// Sorted. Said to gain time; a turn reads better without them and says the same.
constexpr auto kFillers =
    std::to_array<std::string_view>({"ah", "aha", "eh", "ehm", "em", "er", "erm", "hm", "hmm", "mhm", "mm", "mm-hmm",
                                     "uh", "uh-huh", "uhm", "um", "umm", "\xc3\xa4h", "\xc3\xa4hm"});
static_assert(std::ranges::is_sorted(kFillers));

bool is_empty_word(std::string_view word) {
  static const std::unordered_set<std::string_view> kWords = [] {
    std::unordered_set<std::string_view> words;
    for (std::string_view rest = kEmptyWords; !rest.empty(); rest.remove_prefix(rest.find(' ') + 1))
      words.insert(rest.substr(0, rest.find(' ')));
    return words;
  }();
  return kWords.contains(word);
}

/// [from, to) of a marker such as {disfmarker}, [laughter] or <noise> that begins at i; i when there is none.
size_t end_of_marker(std::string_view text, size_t i) {
  constexpr size_t kMaxMarker = 60;
  const char close = text[i] == '{' ? '}' : text[i] == '[' ? ']' : '>';
  const size_t end = text.substr(0, std::min(text.size(), i + kMaxMarker)).find(close, i + 1);
  if (end == std::string_view::npos || end == i + 1) return i;
  const bool wordy = std::ranges::all_of(text.substr(i + 1, end - i - 1),
                                         [](char c) { return is_letter(c) || c == ' ' || c == '_' || c == '-'; });
  return wordy ? end + 1 : i;
}

std::string without_markers(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '{' || c == '[' || c == '<') {
      if (const size_t end = end_of_marker(text, i); end > i) {
        out += ' ';
        i = end;
        continue;
      }
    }
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
    ++i;
  }
  return out;
}

/// "T_V_", as letters that are spelled out are often transcribed: "TV".
std::string join_spelled(std::string_view piece) {
  std::string out;
  for (size_t i = 0; i < piece.size(); ++i) {
    const bool after_capital = i > 0 && piece[i - 1] >= 'A' && piece[i - 1] <= 'Z';
    const bool ends_letter =
        i + 1 == piece.size() || !is_letter(piece[i + 1]) || (i + 2 < piece.size() && piece[i + 2] == '_');
    if (piece[i] == '_' && after_capital && ends_letter) continue;
    out += piece[i];
  }
  return out;
}

std::vector<std::string_view> split_at_blanks(std::string_view text) {
  std::vector<std::string_view> pieces;
  for (size_t i = 0; i < text.size();) {
    const size_t begin = text.find_first_not_of(' ', i);
    if (begin == std::string_view::npos) break;
    const size_t end = std::min(text.find(' ', begin), text.size());
    pieces.push_back(text.substr(begin, end - begin));
    i = end;
  }
  return pieces;
}

std::string bare_lower(std::string_view piece) {
  while (!piece.empty() && !is_word_char(piece.back()))
    piece.remove_suffix(1);
  while (!piece.empty() && !is_word_char(piece.front()))
    piece.remove_prefix(1);
  return lower(piece);
}

bool joins_previous(std::string_view piece) {
  if (piece.size() == 1) return std::string_view(".,;:?!%)").find(piece[0]) != std::string_view::npos;
  return piece[0] == '\'' || piece == "n't";
}

/// "the the", "if if", "we have we have": once.
void drop_stutters(std::vector<std::string_view>& pieces) {
  std::vector<std::string_view> kept;
  for (const std::string_view piece : pieces) {
    kept.push_back(piece);
    for (size_t n = 1; n <= 3; ++n) {
      if (kept.size() < 2 * n) break;
      const auto same = [&](size_t k) {
        const std::string earlier = bare_lower(kept[kept.size() - 2 * n + k]);
        const bool number = !earlier.empty() && is_digit(earlier[0]);
        return !earlier.empty() && !number && earlier == bare_lower(kept[kept.size() - n + k]);
      };
      bool repeated = true;
      for (size_t k = 0; k < n && repeated; ++k)
        repeated = same(k);
      if (!repeated) continue;
      kept.erase(kept.end() - static_cast<std::ptrdiff_t>(2 * n), kept.end() - static_cast<std::ptrdiff_t>(n));
      break;
    }
  }
  pieces = std::move(kept);
}

bool is_wide(std::string_view word, size_t i) {  // CJK, kana, hangul: U+2E80 and later, three bytes
  const auto c = static_cast<unsigned char>(word[i]);
  return c >= 0xE2 && c < 0xF0 && i + 2 < word.size() && (c > 0xE2 || static_cast<unsigned char>(word[i + 1]) >= 0xBA);
}

std::string without_ending(std::string word) {
  static constexpr std::array<std::string_view, 8> kEndings = {"ingly", "edly", "ies", "ing", "ed", "es", "ly", "s"};
  if (word.ends_with("'s")) word.resize(word.size() - 2);
  for (const std::string_view ending : kEndings) {
    if (word.size() < ending.size() + 3 || !word.ends_with(ending)) continue;
    word.resize(word.size() - ending.size());
    break;
  }
  if (word.size() > 3 && (word.back() == 'e' || word.back() == 'y' || word.back() == 'i')) word.pop_back();
  constexpr size_t kStem = 7;  // "monitoring", "monitored"; "university", "universities"
  if (word.size() > kStem && static_cast<unsigned char>(word[kStem]) < 0x80) word.resize(kStem);
  return word;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    auto c = static_cast<unsigned char>(out[i]);
    if (c >= 'A' && c <= 'Z') out[i] = static_cast<char>(c + 32);
    const bool latin = i > 0 && static_cast<unsigned char>(out[i - 1]) == 0xC3;
    if (latin && c >= 0x80 && c <= 0x9E && c != 0x97) out[i] = static_cast<char>(c + 0x20);
  }
  return out;
}

std::string plain_apostrophes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size();) {
    const bool curly = text.substr(i).starts_with("\xe2\x80\x99");
    out += curly ? '\'' : text[i];
    i += curly ? 3 : 1;
  }
  return out;
}

std::string tidy_speech(std::string_view text) {
  const std::string bare = without_markers(text);
  std::vector<std::string_view> pieces = split_at_blanks(bare);
  std::erase_if(pieces, [](std::string_view piece) { return contains(kFillers, bare_lower(piece)); });
  drop_stutters(pieces);
  std::string out;
  for (const std::string_view piece : pieces) {
    if (out.empty() && joins_previous(piece)) continue;
    const bool repeats_mark = joins_previous(piece) && piece.size() == 1 && !out.empty() &&
                              std::string_view(".,;:?!").find(out.back()) != std::string_view::npos;
    if (repeats_mark) continue;
    if (!out.empty() && !joins_previous(piece)) out += ' ';
    out += join_spelled(piece);
  }
  return out;
}

std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  bool begins_sentence = true;
  for (size_t i = 0; i < text.size();) {
    if (const size_t mark = punctuation_at(text, i); mark > 0) {
      i += mark;
      continue;
    }
    if (!is_word_char(text[i])) {
      const bool ends = text[i] == '.' || text[i] == '?' || text[i] == '!' || text[i] == ':' || text[i] == '"';
      begins_sentence = begins_sentence || ends;
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size()) {
      if (is_word_char(text[i]) && punctuation_at(text, i) == 0) {
        ++i;
        continue;
      }
      const size_t joiner = apostrophe_at(text, i) > 0 ? apostrophe_at(text, i) : text[i] == '-' ? 1 : 0;
      const bool inside_number =
          (text[i] == '.' || text[i] == ',') && is_digit(text[i - 1]) && i + 1 < text.size() && is_digit(text[i + 1]);
      const size_t step = inside_number ? 1 : joiner;
      if (step == 0 || i + step >= text.size() || !is_word_char(text[i + step]) || punctuation_at(text, i + step) > 0)
        break;
      i += step + 1;
    }
    words.push_back({text.substr(begin, i - begin), begin, begins_sentence});
    begins_sentence = false;
  }
  return words;
}

std::string term_of(std::string_view word) {
  std::string folded = plain_apostrophes(lower(word));
  if (is_empty_word(folded) || contains(kFillers, folded)) return {};
  if (folded.size() < 2 && !is_digit(folded[0])) return {};
  if (is_digit(folded[0])) return folded;
  return without_ending(std::move(folded));
}

std::vector<std::string> terms_of(std::string_view text) {
  std::vector<std::string> terms;
  for (const Word& word : words_of(text)) {
    if (is_wide(word.text, 0)) {
      for (size_t i = 0; i + 3 <= word.text.size(); i += 3)
        if (is_wide(word.text, i)) terms.emplace_back(word.text.substr(i, 6));
      continue;
    }
    if (std::string term = term_of(word.text); !term.empty()) terms.push_back(std::move(term));
    if (word.text.find('-') == std::string_view::npos) continue;
    for (const Word& part : words_of(std::string_view(word.text).substr(word.text.find('-') + 1)))
      if (std::string term = term_of(part.text); !term.empty()) terms.push_back(std::move(term));
  }
  return terms;
}

std::vector<std::string_view> sentences_of(std::string_view text) {
  static constexpr auto kAbbreviations =
      std::to_array<std::string_view>({"bzw.", "ca.", "dr.", "e.g.", "etc.", "hon.", "i.e.", "jr.", "mr.", "mrs.",
                                       "ms.", "no.", "nr.", "prof.", "st.", "vs.", "z.b."});
  std::vector<std::string_view> sentences;
  size_t begin = 0;
  const auto push = [&](size_t end) {
    std::string_view sentence = text.substr(begin, end - begin);
    while (!sentence.empty() && sentence.front() == ' ')
      sentence.remove_prefix(1);
    while (!sentence.empty() && sentence.back() == ' ')
      sentence.remove_suffix(1);
    if (!sentence.empty()) sentences.push_back(sentence);
    begin = end;
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const bool wide = text.substr(i).starts_with("\xe3\x80\x82") || text.substr(i).starts_with("\xef\xbc\x9f");
    if (wide) {
      push(i + 3);
      i += 2;
      continue;
    }
    if (text[i] != '.' && text[i] != '?' && text[i] != '!') continue;
    size_t end = i + 1;
    while (end < text.size() && (text[end] == '"' || text[end] == ')' || text[end] == '\'' || text[end] == '.'))
      ++end;
    if (end < text.size() && text[end] != ' ') continue;
    const size_t word = text.rfind(' ', i);
    const std::string last = lower(text.substr(word == std::string_view::npos ? 0 : word + 1,
                                               0 + i + 1 - (word == std::string_view::npos ? 0 : word + 1)));
    const bool initial = last.size() == 2 && text[i] == '.' && is_letter(last[0]) && last[0] != 'i';
    if (text[i] == '.' && (contains(kAbbreviations, last) || initial)) continue;
    push(end);
    i = end - 1;
  }
  push(text.size());
  return sentences;
}

}  // namespace ingle::documents
