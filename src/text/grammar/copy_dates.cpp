#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>
#include <optional>

#include "text/grammar/copy_values.h"
#include "text/grammar/text_tokens.h"

namespace ingle::text::grammar {
namespace {

using Kind = TextToken::Kind;

/// Names and short forms of the months, without accents: English, German, French, Spanish, Italian, Dutch.
constexpr std::string_view kMonths[12] = {
    "january januar janner jaenner janvier enero gennaio januari jan janv ene gen",
    "february februar feber fevrier febrero febbraio februari feb febr fev fevr",
    "march marz maerz mars marzo maart mar mrz mrt",
    "april avril abril aprile apr avr abr",
    "may mai mayo maggio mei mag",
    "june juni juin junio giugno jun giu juno",
    "july juli juillet julio luglio jul juil lug julei",
    "august aout agosto augustus aug ago aou",
    "september septembre septiembre setiembre settembre sep sept set",
    "october oktober octobre octubre ottobre oct okt ott",
    "november novembre noviembre nov",
    "december dezember decembre diciembre dicembre dec dez dic",
};

int month_named(std::string_view word) {
  if (word.size() < 3) return 0;
  for (int month = 1; month <= 12; ++month) {
    std::string_view names = kMonths[month - 1];
    while (!names.empty()) {
      const size_t end = std::min(names.find(' '), names.size());
      if (names.substr(0, end) == word) return month;
      names.remove_prefix(std::min(end + 1, names.size()));
    }
  }
  return 0;
}

template <size_t n>
bool is_one_of(const TextToken& token, const std::string_view (&words)[n]) {
  return token.kind == Kind::kWord && std::ranges::find(words, token.text) != std::end(words);
}

struct Part {
  int value = 0;
  size_t n_digits = 0;
};

std::string iso(int year, int month, int day) {
  constexpr std::array<int, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > kDays[static_cast<size_t>(month - 1)]) return "";
  if (month == 2 && day == 29 && !leap) return "";
  return fmt::format("{:04}-{:02}-{:02}", year, month, day);
}

/// Looks at the tokens from one place on; goes forward only where something fits.
class Cursor {
 public:
  Cursor(const std::vector<TextToken>& tokens, size_t at) : tokens_(tokens), at_(at) {}

  size_t at() const { return at_; }
  const TextToken* token() const { return at_ < tokens_.size() ? &tokens_[at_] : nullptr; }

  std::optional<Part> number(size_t most_digits) {
    const TextToken* next = token();
    if (next == nullptr || !next->is_number() || next->text.size() > most_digits) return std::nullopt;
    Part part{0, next->text.size()};
    std::from_chars(next->text.data(), next->text.data() + next->text.size(), part.value);
    ++at_;
    return part;
  }
  std::optional<int> year() {
    const size_t before = at_;
    const bool is_short = mark('\'');
    const auto part = number(4);
    if (part && !is_short && part->n_digits == 4) return part->value;
    if (part && part->n_digits == 2) return full_year(*part);
    at_ = before;
    return std::nullopt;
  }
  /// 70 to 99 are of the last century.
  static int full_year(Part part) { return part.value + (part.value < 70 ? 2000 : 1900); }

  std::optional<int> month() {
    const TextToken* next = token();
    const int found = next != nullptr && next->kind == Kind::kWord ? month_named(next->text) : 0;
    if (found == 0) return std::nullopt;
    ++at_;
    return found;
  }
  bool mark(char32_t c) {
    if (token() == nullptr || !token()->is_mark(c)) return false;
    ++at_;
    return true;
  }
  bool space() {
    if (token() == nullptr || token()->kind != Kind::kSpace) return false;
    ++at_;
    return true;
  }
  template <size_t n>
  bool word(const std::string_view (&words)[n]) {
    if (token() == nullptr || !is_one_of(*token(), words)) return false;
    ++at_;
    return true;
  }

 private:
  const std::vector<TextToken>& tokens_;
  size_t at_;
};

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(text_tokens(text)) {}

  std::vector<CopiedValue> run() {
    for (size_t i = 0; i < tokens_.size(); ++i) {
      if (!may_begin(i)) continue;
      if (tokens_[i].is_number()) {
        in_figures(i);
        in_one_row(i);
        day_first(i);
        year_first(i);
      } else if (tokens_[i].kind == Kind::kWord) {
        month_first(i);
      }
    }
    return std::move(found_);
  }

 private:
  /// A figure must not be the rest of a longer row of figures or of a word.
  bool may_begin(size_t i) const {
    if (i == 0) return true;
    const TextToken& before = tokens_[i - 1];
    if (before.is_number() || before.kind == Kind::kWord) return false;
    const bool joins = before.is_mark('.') || before.is_mark('-') || before.is_mark('/') || before.is_mark(',');
    return !(joins && i > 1 && tokens_[i - 2].is_number());
  }
  bool may_end(size_t after) const {
    if (after >= tokens_.size()) return true;
    const TextToken& next = tokens_[after];
    // "2024-03-05T10:00" is a date and a time.
    if (next.is_number() || (next.kind == Kind::kWord && next.text != "t")) return false;
    const bool joins = next.is_mark('.') || next.is_mark('-') || next.is_mark('/') || next.is_mark(',');
    return !(joins && after + 1 < tokens_.size() && tokens_[after + 1].is_number());
  }

  void add(size_t first, const Cursor& end, int year, int month, int day) {
    if (!may_end(end.at())) return;
    std::string value = iso(year, month, day);
    const CodePointSpan span{tokens_[first].from, tokens_[end.at() - 1].to};
    if (!value.empty() && (found_.empty() || found_.back() != CopiedValue{value, span}))
      found_.push_back({std::move(value), span});
  }

  /// 2024-03-05, 5.3.2024, 05/03/24; "5. 3. 2024" may have spaces after its points.
  void in_figures(size_t first) {
    Cursor cursor(tokens_, first);
    const auto a = cursor.number(4);
    if (!a || cursor.token() == nullptr || cursor.token()->kind != Kind::kMark) return;
    const char32_t sign = cursor.token()->mark;
    if (sign != '.' && sign != '-' && sign != '/') return;
    cursor.mark(sign);
    if (sign == '.') cursor.space();
    const auto b = cursor.number(2);
    if (!b || !cursor.mark(sign)) return;
    if (sign == '.') cursor.space();
    const auto c = cursor.number(4);
    if (!c) return;
    if (a->n_digits == 4 && c->n_digits <= 2) {
      add(first, cursor, a->value, b->value, c->value);
    } else if (a->n_digits <= 2 && (c->n_digits == 4 || c->n_digits == 2)) {
      const int year = c->n_digits == 4 ? c->value : Cursor::full_year(*c);
      add(first, cursor, year, b->value, a->value);
      // Nobody who writes the month first writes points.
      if (sign != '.') add(first, cursor, year, a->value, b->value);
    }
  }

  /// 20240305
  void in_one_row(size_t first) {
    Cursor cursor(tokens_, first);
    const auto all = cursor.number(8);
    if (!all || all->n_digits != 8 || all->value / 10000 < 1900 || all->value / 10000 > 2199) return;
    add(first, cursor, all->value / 10000, all->value / 100 % 100, all->value % 100);
  }

  /// 3 March 2024, 3rd of March, 2024, 3. März 2024, 1er mars 2024, 3 de marzo de 2024, 12-Mar-24, 12MAR2024
  void day_first(size_t first) {
    constexpr std::string_view kOrdinals[] = {"st", "nd", "rd", "th", "er", "e", "de", "ste", "\u00BA", "\u00AA"};
    constexpr std::string_view kOf[] = {"of", "de", "del", "di", "van", "the"};
    Cursor cursor(tokens_, first);
    const auto day = cursor.number(2);
    if (!day) return;
    cursor.word(kOrdinals) || cursor.mark('.') || cursor.mark(0xB0);
    const bool has_space = cursor.space();
    if (!has_space) cursor.mark('-') || cursor.mark('/');
    if (cursor.word(kOf)) cursor.space();
    const auto month = cursor.month();
    if (!month) return;
    const auto year = year_after_month(cursor);
    if (year) add(first, cursor, *year, *month, day->value);
  }

  /// What may stand between the name of a month and its year.
  static std::optional<int> year_after_month(Cursor& cursor) {
    constexpr std::string_view kOf[] = {"of", "de", "del", "di", "van"};
    cursor.mark('.');
    cursor.mark(',') || cursor.mark('-') || cursor.mark('/');
    cursor.space();
    if (cursor.word(kOf)) cursor.space();
    return cursor.year();
  }

  /// March 3, 2024, Mar. 3rd 2024
  void month_first(size_t first) {
    constexpr std::string_view kOrdinals[] = {"st", "nd", "rd", "th"};
    Cursor cursor(tokens_, first);
    const auto month = cursor.month();
    if (!month) return;
    cursor.mark('.');
    if (!cursor.space() && !cursor.mark('-')) return;
    const auto day = cursor.number(2);
    if (!day) return;
    cursor.word(kOrdinals);
    cursor.mark(',');
    if (!cursor.space() && !cursor.mark('-')) return;
    const auto year = cursor.year();
    if (year) add(first, cursor, *year, *month, day->value);
  }

  /// 2024 March 3, 2024-Mar-03
  void year_first(size_t first) {
    Cursor cursor(tokens_, first);
    const auto year = cursor.number(4);
    if (!year || year->n_digits != 4) return;
    if (!cursor.space() && !cursor.mark('-')) return;
    const auto month = cursor.month();
    if (!month) return;
    cursor.mark('.');
    if (!cursor.space() && !cursor.mark('-')) return;
    const auto day = cursor.number(2);
    if (day) add(first, cursor, year->value, *month, day->value);
  }

  std::vector<TextToken> tokens_;
  std::vector<CopiedValue> found_;
};

}  // namespace

std::vector<CopiedValue> dates_in(std::string_view text) {
  return Reader(text.substr(0, CopyText::kMaxBytes)).run();
}

}  // namespace ingle::text::grammar
