// Telephone numbers in the forms people write: with a country code (ITU-T E.164), as North American numbers with their
// separators, and as national numbers with a leading zero and an area code of its own. Bare digits are no number.
#include "router/detectors/detector.h"
#include "router/detectors/scan.h"

namespace ingle::router {
namespace {

/// "+49 (0)30 1234-567": digits from `from` on, brackets among the separators.
struct Dialled {
  size_t digits = 0;
  size_t groups = 0;
  size_t end = 0;
  std::array<size_t, 8> group_sizes{};
};

Dialled read_number(std::string_view text, size_t from) {
  constexpr size_t kMaxDigits = 17;
  Dialled result;
  size_t separators = 0;
  for (size_t i = from; i < text.size() && result.digits <= kMaxDigits; ++i) {
    const char c = text[i];
    if (is_digit(c)) {
      if (separators > 0 || result.digits == 0) {
        if (result.groups == result.group_sizes.size()) break;
        ++result.groups;
      }
      ++result.group_sizes[result.groups - 1];
      ++result.digits;
      result.end = i + 1;
      separators = 0;
    } else if (c == ' ' || c == '-' || c == '/' || c == '(' || c == ')' || c == '.') {
      if (++separators > 3) break;
    } else {
      break;
    }
  }
  return result;
}

bool is_international(std::string_view text, size_t at, Span& span) {
  const bool plus = text[at] == '+';
  const bool zeros = text.substr(at).starts_with("00") && at_or_nul(text, at + 2) != '0';
  if (!plus && !zeros) return false;
  const Dialled number = read_number(text, at + (plus ? 1 : 2));
  if (at_or_nul(text, at + (plus ? 1 : 2)) == '0' || number.digits < (plus ? 8 : 9) || number.digits > 15) return false;
  // "00" alone also begins counters and times, so the zeros count only before groups.
  if (zeros && number.groups < 2) return false;
  span = {at, number.end};
  return true;
}

bool is_north_american(std::string_view text, size_t at, Span& span) {
  const Dialled number = read_number(text, at);
  const auto& sizes = number.group_sizes;
  const size_t first = number.groups == 4 && sizes[0] <= 2 ? 1 : 0;
  if (number.groups != first + 3 || sizes[first] != 3 || sizes[first + 1] != 3 || sizes[first + 2] != 4) return false;
  span = {at, number.end};
  return true;
}

bool is_national(std::string_view text, size_t at, Span& span) {
  if (text[at] != '0' || !is_digit(at_or_nul(text, at + 1)) || text[at + 1] == '0') return false;
  const Dialled number = read_number(text, at);
  const bool area = number.group_sizes[0] >= 3 && number.group_sizes[0] <= 5;
  if (!area || number.groups < 2 || number.groups > 5 || number.digits < 9 || number.digits > 12) return false;
  // The form of a social security number.
  if (number.groups == 3 && number.group_sizes[0] == 3 && number.group_sizes[1] == 2) return false;
  // An area code is followed by a blank, a slash or a dash, a decimal fraction or a date by a dot.
  if (text[at + number.group_sizes[0]] == '.') return false;
  span = {at, number.end};
  return true;
}

/// "(0691) 948-538": an area code in brackets.
bool has_bracketed_area(std::string_view text, size_t at, Span& span) {
  if (before(text, at) != '(') return false;
  const Dialled number = read_number(text, at);
  const size_t area = number.group_sizes[0];
  if (area < 2 || area > 5 || at_or_nul(text, at + area) != ')') return false;
  if (number.digits < 8 || number.digits > 15) return false;
  span = {at, number.end};
  return true;
}

bool says_phone(std::string_view text) {
  constexpr std::string_view kWords[] = {"phone",  "tel",   "call", "mobil", "fax",      "cell",
                                         "office", "handy", "ruf",  "dial",  "whatsapp", "durchwahl"};
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_letter(before(text, i))) continue;
    for (const std::string_view word : kWords) {
      size_t n = 0;
      while (n < word.size() && to_lower(at_or_nul(text, i + n)) == word[n])
        ++n;
      if (n == word.size()) return true;
    }
  }
  return false;
}

/// Any six to fifteen digits in groups beside a word that says what they are.
bool is_said_to_be_one(std::string_view text, size_t at, Span& span) {
  constexpr size_t kReachBefore = 20;
  constexpr size_t kReachAfter = 10;
  const Dialled number = read_number(text, at);
  if (number.digits < 6 || number.digits > 15 || number.groups > 6) return false;
  const size_t from = at < kReachBefore ? 0 : at - kReachBefore;
  if (!says_phone(text.substr(from, at - from)) && !says_phone(text.substr(number.end, kReachAfter))) return false;
  span = {at, number.end};
  return true;
}

void scan(std::string_view text, std::vector<Span>& found) {
  size_t free_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i < free_from) continue;
    const char c = text[i];
    if (!is_digit(c) && c != '+' && c != '(') continue;
    const char previous = before(text, i);
    if (is_digit(previous) || previous == '.' || previous == '+' || previous == '-') continue;
    if (previous == ',' && i > 1 && is_digit(text[i - 2])) continue;
    // Part of a longer row of groups: an account or a tax number.
    if (is_digit(c) && (previous == ' ' || previous == '/') && i > 1 && is_digit(text[i - 2])) continue;
    // A letter may stand directly before what is marked as a number by its own form.
    if (is_letter(previous) && c == '0') continue;
    Span span;
    const size_t bare = c == '(' ? i + 1 : i;
    if (!is_digit(at_or_nul(text, bare)) && c != '+') continue;
    if (!is_international(text, bare, span) && !is_north_american(text, bare, span) && !is_national(text, bare, span) &&
        !has_bracketed_area(text, bare, span) && !is_said_to_be_one(text, bare, span)) {
      continue;
    }
    if (is_alnum(at_or_nul(text, span.end)) && at_or_nul(text, span.end) != 'x') continue;
    found.push_back({i, span.end});
    free_from = span.end;
  }
}

}  // namespace

const Detector kPhoneDetector{"phone", "a telephone number", scan};

}  // namespace ingle::router
