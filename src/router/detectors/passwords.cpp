// Secrets without a mark: what stands behind a word such as "password" or "api key", and the user part of an address.
//
// Whether a value is one is a judgement: it must not be a placeholder, a plain word only counts where it is assigned, and
// long random strings count from an entropy of 3 bits a character on.
#include <algorithm>
#include <cmath>

#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

enum class Expects : uint8_t {
  kPassword,  // anything that somebody would choose
  kRandom,    // long and without order
};

struct Keyword {
  std::string_view word;  // lower case; '_' stands for any of '_', '-', ' ' and for nothing
  Expects expects;
};

constexpr Keyword kKeywords[] = {
    {"password", Expects::kPassword},    {"passwd", Expects::kPassword},       {"passwort", Expects::kPassword},
    {"kennwort", Expects::kPassword},    {"mot_de_passe", Expects::kPassword}, {"passphrase", Expects::kPassword},
    {"pass_phrase", Expects::kPassword}, {"pwd", Expects::kPassword},          {"pin_code", Expects::kPassword},
    {"secret", Expects::kRandom},        {"token", Expects::kRandom},          {"api_key", Expects::kRandom},
    {"access_key", Expects::kRandom},    {"private_key", Expects::kRandom},    {"secret_key", Expects::kRandom},
    {"account_key", Expects::kRandom},   {"credential", Expects::kRandom},     {"bearer", Expects::kRandom},
    {"authorization", Expects::kRandom}, {"auth_key", Expects::kRandom},       {"encryption_key", Expects::kRandom},
    {"license_key", Expects::kRandom},   {"zugangscode", Expects::kPassword},  {"zugangsdaten", Expects::kPassword}};

constexpr FirstLetters kFirst(kKeywords, &Keyword::word);

constexpr size_t kReach = 40;  // characters between a word and its value

/// Length of the keyword in `text` at its beginning; 0: it is another word.
size_t matches(std::string_view text, std::string_view word) {
  size_t at = 0;
  for (const char c : word) {
    if (c == '_') {
      const char next = at_or_nul(text, at);
      if (next == '_' || next == '-' || next == ' ') ++at;
    } else if (to_lower(at_or_nul(text, at)) != c) {
      return 0;
    } else {
      ++at;
    }
  }
  return at;
}

double entropy_of(std::string_view value) {
  std::array<unsigned, 256> counts{};
  for (const char c : value)
    ++counts[static_cast<unsigned char>(c)];
  double bits = 0;
  for (const unsigned count : counts) {
    if (count == 0) continue;
    const double share = count / static_cast<double>(value.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

bool is_placeholder(std::string_view value) {
  const char first = value.front();
  if (first == '<' || first == '$' || first == '{' || first == '%' || first == '[' || first == '(') return true;
  if (value.find('(') != std::string_view::npos) return true;
  return std::ranges::all_of(value, [](char c) { return c == '*' || c == 'x' || c == 'X' || c == '.' || c == '-'; });
}

constexpr bool is_random_char(char c) {
  return is_alnum(c) || c == '+' || c == '/' || c == '=' || c == '_' || c == '-' || c == '.' || c == '~';
}

bool is_random(std::string_view value) {
  constexpr size_t kShortest = 16;
  constexpr double kBits = 3.0;
  return value.size() >= kShortest && std::ranges::all_of(value, is_random_char) &&
         std::ranges::any_of(value, is_digit) && std::ranges::any_of(value, is_letter) && entropy_of(value) >= kBits;
}

/// `assigned`: ':' or '=' stood between; a plain word is then a password only where code or a form writes it tightly.
bool is_password(std::string_view value, bool assigned, bool tight) {
  constexpr size_t kShortest = 4;
  if (value.size() < kShortest) return false;
  const bool has_digit = std::ranges::any_of(value, is_digit);
  const bool has_sign = std::ranges::any_of(value, [](char c) {
    return !is_alnum(c) && static_cast<signed char>(c) > 0 && c != '-' && c != '_' && c != '\'';
  });
  if (has_digit || has_sign) return assigned || (value.size() >= 6 && has_digit);
  return tight && value.size() >= 6;
}

/// The value behind a keyword that ends at `from`, where it is one.
bool find_value(std::string_view text, size_t from, Expects expects, Span& span) {
  constexpr size_t kLongest = 200;
  bool assigned = false;
  size_t blanks = 0;
  const size_t limit = std::min(text.size(), from + kReach);
  size_t at = from;
  // A few words may stand between ("password is", "the token for the server:"); each of them is looked at as a value.
  for (int words = 0; words < 5 && at < limit; ++words) {
    while (at < limit && (text[at] == ' ' || text[at] == '\t' || text[at] == ':' || text[at] == '=' ||
                          text[at] == '"' || text[at] == '\'' || text[at] == '`' || text[at] == '>')) {
      assigned = assigned || text[at] == ':' || text[at] == '=';
      if (text[at] == ' ' || text[at] == '\t') ++blanks;
      ++at;
    }
    size_t end = at;
    while (end < text.size() && end - at < kLongest && static_cast<unsigned char>(text[end]) > 0x20 &&
           text[end] != '"' && text[end] != '\'' && text[end] != '`' && text[end] != ',' && text[end] != ';' &&
           text[end] != '<') {
      ++end;
    }
    std::string_view value = text.substr(at, end - at);
    while (!value.empty() && (value.back() == '.' || value.back() == ')' || value.back() == '?' || value.back() == ':'))
      value.remove_suffix(1);
    if (value.empty()) return false;
    const bool fits =
        !is_placeholder(value) &&
        (expects == Expects::kRandom ? is_random(value) : is_password(value, assigned, blanks == 0 && assigned));
    if (fits) {
      span = {at, at + value.size()};
      return true;
    }
    if (assigned && expects == Expects::kPassword) return false;
    at = end == at ? at + 1 : end;
    if (at_or_nul(text, at) == '\n') return false;
  }
  return false;
}

void scan_keywords(std::string_view text, std::vector<Span>& found) {
  size_t free_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i < free_from || !kFirst.has(to_lower(text[i]))) continue;
    // A keyword may be the end of a name (DB_PASSWORD, clientSecret), but not of a plain word.
    const char previous = before(text, i);
    if (is_letter(previous) && !(is_lower(previous) && is_upper(text[i]))) continue;
    for (const Keyword& keyword : kKeywords) {
      const size_t length = matches(text.substr(i), keyword.word);
      if (length == 0) continue;
      Span span;
      if (!find_value(text, i + length, keyword.expects, span)) continue;
      found.push_back(span);
      free_from = span.end;
      break;
    }
  }
}

/// scheme://user:password@host
void scan_addresses(std::string_view text, std::vector<Span>& found) {
  constexpr size_t kLongest = 200;
  for (size_t at = text.find("://"); at != std::string_view::npos; at = text.find("://", at + 3)) {
    size_t end = at + 3;
    size_t colon = 0;
    while (end < text.size() && end - at < kLongest && static_cast<unsigned char>(text[end]) > 0x20 &&
           text[end] != '/' && text[end] != '@' && text[end] != '"') {
      if (text[end] == ':' && colon == 0) colon = end;
      ++end;
    }
    if (at_or_nul(text, end) != '@' || colon == 0 || colon + 1 >= end) continue;
    const std::string_view password = text.substr(colon + 1, end - colon - 1);
    if (!is_placeholder(password)) found.push_back({colon + 1, end});
  }
}

void scan(std::string_view text, std::vector<Span>& found) {
  scan_keywords(text, found);
  scan_addresses(text, found);
}

}  // namespace

const Detector kPasswordDetector{"secret", "a password or key", scan};

}  // namespace ingle::router
