#include <algorithm>
#include <string_view>

#include "documents/invoice/scan.h"

namespace ingle::documents {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || c == kOther;
}
bool is_alnum(char c) {
  return is_digit(c) || is_letter(c);
}

// Names of months and their usual abbreviations, folded: English, German, French, Spanish, Italian, Dutch, Portuguese,
// Polish (genitive too), Swedish, Danish, Norwegian, Finnish, Czech.
constexpr std::string_view kMonths[12] = {
    "january jan januar janner janv janvier enero ene gennaio gen januari janeiro styczen stycznia sty tammikuu "
    "tammikuuta leden ledna",
    "february feb februar fevrier fevr fev febrero febbraio februari fevereiro luty lutego lut helmikuu helmikuuta unor "
    "unora",
    "march mar marz mrz maerz mars marzo maart mrt marco marzec marca maaliskuu maaliskuuta brezen brezna",
    "april apr avril avr abril abr aprile kwiecien kwietnia kwi huhtikuu huhtikuuta duben dubna",
    "may mai mayo maggio mag mei maio maj maja toukokuu toukokuuta kveten kvetna",
    "june jun juni juin junio giugno giu junho czerwiec czerwca cze kesakuu kesakuuta cerven cervna",
    "july jul juli juillet juil julio luglio lug julho lipiec lipca lip heinakuu heinakuuta cervenec cervence",
    "august aug aout agosto ago augustus augusti sierpien sierpnia sie elokuu elokuuta srpen srpna",
    "september sep sept septembre septiembre settembre set setembro wrzesien wrzesnia wrz syyskuu syyskuuta zari",
    "october oct oktober okt octobre octubre ottobre ott outubro out pazdziernik pazdziernika paz lokakuu lokakuuta "
    "rijen rijna",
    "november nov novembre noviembre novembro listopad listopada lis marraskuu marraskuuta",
    "december dec dezember dez decembre diciembre dic dicembre dezembro grudzien grudnia gru desember joulukuu "
    "joulukuuta prosinec prosince",
};

int month_of(std::string_view word) {
  if (word.size() < 3) return 0;
  for (int month = 0; month < 12; ++month) {
    for (std::string_view names = kMonths[month]; !names.empty();) {
      const size_t end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == word) return month + 1;
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return 0;
}

/// A cursor over folded text that backs out of what does not fit.
struct Scanner {
  std::string_view text;
  size_t at = 0;

  char peek() const { return at < text.size() ? text[at] : '\n'; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at;
    return true;
  }
  void spaces() {
    while (peek() == ' ')
      ++at;
  }
  /// Digits; their number goes to `n`. Nothing when there are none or more than `most`.
  std::optional<int> digits(size_t most, size_t& n) {
    const size_t from = at;
    int value = 0;
    while (is_digit(peek()) && at - from <= most)
      value = value * 10 + (text[at++] - '0');
    n = at - from;
    if (n == 0 || n > most) return std::nullopt;
    return value;
  }
  std::string_view word() {
    const size_t from = at;
    while (is_letter(peek()))
      ++at;
    return text.substr(from, at - from);
  }
};

int full_year(int year, size_t n_digits) {
  return n_digits == 2 ? 2000 + year : year;
}

struct RawDate {
  int first = 0;
  int second = 0;
  int year = 0;
  bool is_settled = false;  // day and month are known
  bool slashed = false;
};

/// "2024-02-29", "29.02.2024", "29. 2. 24", "02/29/2024".
std::optional<RawDate> numeric_date(Scanner& in) {
  size_t n_first = 0;
  size_t n_second = 0;
  size_t n_third = 0;
  const auto first = in.digits(4, n_first);
  const char sign = in.peek();
  if (!first || n_first == 3 || (sign != '.' && sign != '/' && sign != '-')) return std::nullopt;
  ++in.at;
  if (sign == '.' && n_first <= 2) in.spaces();
  const auto second = in.digits(2, n_second);
  if (!second || !in.take(sign)) return std::nullopt;
  if (sign == '.' && n_first <= 2) in.spaces();
  const auto third = in.digits(4, n_third);
  if (!third || n_third == 3 || n_third == 1 + (n_first == 4 ? 4U : 0U)) return std::nullopt;
  if (n_first == 4) {
    if (n_third > 2) return std::nullopt;
    return RawDate{*third, *second, *first, true, false};
  }
  if (n_first > 2 || n_third < 2) return std::nullopt;
  return RawDate{*first, *second, full_year(*third, n_third), sign == '.', sign != '.'};
}

/// "11. Juli 2014", "3 de marzo de 2024", "29-Feb-24".
std::optional<RawDate> day_month_year(Scanner& in) {
  size_t n = 0;
  const auto day = in.digits(2, n);
  if (!day) return std::nullopt;
  Scanner suffix = in;
  const std::string_view ordinal = suffix.word();
  if (ordinal == "st" || ordinal == "nd" || ordinal == "rd" || ordinal == "th" || ordinal == "er") in = suffix;
  in.take('.');
  in.take('-');
  in.spaces();
  std::string_view word = in.word();
  if (word == "de" || word == "of") {
    in.spaces();
    word = in.word();
  }
  const int month = month_of(word);
  if (month == 0) return std::nullopt;
  in.take('.');
  in.take(',');
  in.take('-');
  in.spaces();
  Scanner of = in;
  if (const std::string_view filler = of.word(); filler == "de" || filler == "del") {
    of.spaces();
    in = of;
  }
  const auto year = in.digits(4, n);
  if (!year || (n != 2 && n != 4)) return std::nullopt;
  return RawDate{*day, month, full_year(*year, n), true, false};
}

/// "February 17, 2026", "Feb 17th 2026".
std::optional<RawDate> month_day_year(Scanner& in) {
  const int month = month_of(in.word());
  if (month == 0) return std::nullopt;
  in.take('.');
  in.spaces();
  size_t n = 0;
  const auto day = in.digits(2, n);
  if (!day) return std::nullopt;
  Scanner suffix = in;
  const std::string_view ordinal = suffix.word();
  if (ordinal == "st" || ordinal == "nd" || ordinal == "rd" || ordinal == "th") in = suffix;
  in.take(',');
  if (in.peek() != ' ') return std::nullopt;
  in.spaces();
  const auto year = in.digits(4, n);
  if (!year || n != 4) return std::nullopt;
  return RawDate{*day, month, *year, true, false};
}

/// "20240229", only where it is a date.
std::optional<RawDate> compact_date(Scanner& in) {
  size_t n = 0;
  const auto number = in.digits(8, n);
  if (!number || n != 8 || *number < 19700101 || *number > 20991231) return std::nullopt;
  return RawDate{*number % 100, *number / 100 % 100, *number / 10000, true, false};
}

bool ends_well(std::string_view text, size_t to) {
  if (to >= text.size()) return true;
  const char next = text[to];
  if (is_alnum(next) || next == '/' || next == '_') return false;
  const bool goes_on = (next == '.' || next == '-' || next == ',') && to + 1 < text.size() && is_digit(text[to + 1]);
  return !goes_on;
}

bool begins_well(std::string_view text, size_t from) {
  if (from == 0) return true;
  const char before = text[from - 1];
  if (is_alnum(before) || before == '/' || before == '_') return false;
  return !((before == '.' || before == '-' || before == ',') && from > 1 && is_alnum(text[from - 2]));
}

struct Raw {
  Span span;
  RawDate date;
};

std::vector<Raw> scan(std::string_view text) {
  constexpr std::optional<RawDate> (*kForms[])(Scanner&) = {numeric_date, day_month_year, month_day_year, compact_date};
  std::vector<Raw> found;
  for (size_t at = 0; at < text.size() && found.size() < Sheet::kMaxValues; ++at) {
    if (!is_alnum(text[at]) || !begins_well(text, at)) continue;
    for (const auto form : kForms) {
      Scanner in{text, at};
      const auto date = form(in);
      if (!date || !ends_well(text, in.at)) continue;
      found.push_back({{static_cast<uint32_t>(at), static_cast<uint32_t>(in.at)}, *date});
      at = in.at - 1;
      break;
    }
  }
  return found;
}

/// Whether the document writes the month first, by dates that can be read in one way only, or by its dollars.
struct Order {
  bool month_first = false;
  bool known = false;
};
Order order_of(const std::vector<Raw>& found, const Sheet& sheet) {
  int day_first = 0;
  int month_first = 0;
  for (const Raw& raw : found) {
    if (!raw.date.slashed) continue;
    day_first += raw.date.first > 12 && raw.date.second <= 12;
    month_first += raw.date.second > 12 && raw.date.first <= 12;
  }
  if (day_first != month_first) return {month_first > day_first, true};
  const auto currencies = find_currencies(sheet);
  const bool dollars =
      !currencies.empty() && std::ranges::all_of(currencies, [](const CurrencyHit& hit) { return hit.code == "USD"; });
  return {dollars, false};
}

}  // namespace

std::vector<DateHit> find_dates(const Sheet& sheet) {
  const std::vector<Raw> found = scan(sheet.index().folded());
  const Order order = order_of(found, sheet);
  std::vector<DateHit> dates;
  for (const Raw& raw : found) {
    Date date{raw.date.year, raw.date.second, raw.date.first};
    const Date swapped{raw.date.year, raw.date.first, raw.date.second};
    const bool both = raw.date.slashed && is_valid(date) && is_valid(swapped) && date != swapped;
    if (!raw.date.is_settled && (both ? order.month_first : !is_valid(date))) date = swapped;
    if (is_valid(date)) dates.push_back({raw.span, date, both && !order.known});
  }
  return dates;
}

}  // namespace ingle::documents
