#include <algorithm>
#include <array>

#include "text/grammar/copy_values.h"
#include "text/grammar/decimal.h"
#include "text/grammar/text_tokens.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxGroups = 7;

/// Currencies that may touch their amount: "EUR12", "12kr". Signs such as '€' are marks and need no list.
bool is_currency(std::string_view word) {
  constexpr std::string_view kWords[] = {"eur", "euro", "usd", "gbp", "chf", "sfr", "fr",  "kr",  "sek", "nok", "dkk",
                                         "pln", "zl",   "czk", "kc",  "huf", "ft",  "jpy", "cny", "aud", "cad", "us",
                                         "rs",  "inr",  "try", "tl",  "ron", "lei", "bgn", "r",   "brl", "mxn"};
  return std::ranges::find(kWords, word) != std::end(kWords);
}

/// A row of numbers with marks between them, "1.234,56": the numbers and the marks.
struct Row {
  std::vector<std::string_view> groups;
  std::vector<char32_t> marks;  // marks[i] stands between groups i and i + 1
  size_t first = 0;             // tokens
  size_t last = 0;
};

struct Reading {
  std::string whole;
  std::string fraction;
};

bool is_group_mark(char32_t mark) {
  return mark == '.' || mark == ',' || mark == '\'' || mark == ' ';
}

/// Groups of three after the first, or of two with three at the end, as India writes them.
bool are_thousands(std::span<const std::string_view> groups) {
  if (groups.size() < 2 || groups.front().size() > 3 || groups.back().size() != 3) return false;
  const auto middle = groups.subspan(1, groups.size() - 2);
  return std::ranges::all_of(middle, [](auto group) { return group.size() == 3; }) ||
         (groups.front().size() <= 2 && std::ranges::all_of(middle, [](auto group) { return group.size() == 2; }));
}

std::string joined(std::span<const std::string_view> groups) {
  std::string digits;
  for (const auto group : groups)
    digits += group;
  return digits;
}

/// Every number that the row can mean.
std::vector<Reading> readings_of(const Row& row) {
  std::vector<Reading> readings;
  const std::span groups(row.groups);
  const std::span marks(row.marks);
  const auto all_same = [](std::span<const char32_t> list) {
    return std::ranges::all_of(list, [&](char32_t mark) { return mark == list.front(); });
  };
  if (marks.empty()) return {{std::string(groups.front()), ""}};
  // "0.123" is no group of thousands.
  if (all_same(marks) && is_group_mark(marks.front()) && are_thousands(groups) && groups.front() != "0")
    readings.push_back({joined(groups), ""});
  const auto before = marks.first(marks.size() - 1);
  const char32_t sign = marks.back();
  if (sign != '.' && sign != ',') return readings;
  const auto whole = groups.first(groups.size() - 1);
  const bool is_plain = before.empty();
  const bool is_grouped = !before.empty() && all_same(before) && before.front() != sign &&
                          is_group_mark(before.front()) && are_thousands(whole);
  if (is_plain || is_grouped) readings.push_back({joined(whole), std::string(groups.back())});
  return readings;
}

class Reader {
 public:
  explicit Reader(std::string_view text) : tokens_(text_tokens(text)) {}

  std::vector<CopiedValue> run() {
    for (size_t i = 0; i < tokens_.size();) {
      if (!tokens_[i].is_number()) {
        ++i;
        continue;
      }
      const Row row = row_at(i);
      if (is_free(row)) {
        add(row);
        add_spaced(row);
      }
      i = row.last + 1;
    }
    return std::move(found_);
  }

 private:
  const TextToken* at(size_t i) const { return i < tokens_.size() ? &tokens_[i] : nullptr; }

  /// Numbers from token `i` on that single marks join without a space.
  Row row_at(size_t i) const {
    Row row{.groups = {tokens_[i].text}, .marks = {}, .first = i, .last = i};
    while (row.last + 2 < tokens_.size() && tokens_[row.last + 2].is_number()) {
      const TextToken& mark = tokens_[row.last + 1];
      if (mark.kind != TextToken::Kind::kMark || !is_group_mark(mark.mark)) break;
      row.marks.push_back(mark.mark);
      row.groups.push_back(tokens_[row.last + 2].text);
      row.last += 2;
    }
    return row;
  }

  /// Not a part of a word, a date or a time.
  bool is_free(const Row& row) const {
    if (row.first > 0) {
      const TextToken& before = tokens_[row.first - 1];
      if (before.kind == TextToken::Kind::kWord && !is_currency(before.text)) return false;
      const bool joins = before.is_mark('-') || before.is_mark('/') || before.is_mark(':') || before.is_mark('_');
      if (joins && row.first > 1 && is_wordlike(tokens_[row.first - 2])) return false;
    }
    const TextToken* after = at(row.last + 1);
    if (after == nullptr) return true;
    if (after->kind == TextToken::Kind::kWord && !is_currency(after->text)) return false;
    const bool joins = after->is_mark('-') || after->is_mark('/') || after->is_mark(':') || after->is_mark('_');
    const TextToken* next = at(row.last + 2);
    return !joins || next == nullptr || !is_wordlike(*next);
  }

  bool is_wordlike(const TextToken& token) const {
    return token.is_number() || (token.kind == TextToken::Kind::kWord && !is_currency(token.text));
  }

  /// "12 345,67": the row and those after it, where spaces can group its thousands.
  void add_spaced(const Row& first) {
    if (!first.marks.empty() || first.groups.front().size() > 3) return;
    Row row = first;
    while (row.groups.size() < kMaxGroups) {
      const TextToken* space = at(row.last + 1);
      const TextToken* number = at(row.last + 2);
      if (space == nullptr || space->kind != TextToken::Kind::kSpace || space->to - space->from != 1) return;
      if (number == nullptr || !number->is_number() || number->text.size() != 3) return;
      const Row next = row_at(row.last + 2);
      if (!is_free(next) || next.marks.size() > 1) return;
      row.marks.push_back(' ');
      row.groups.push_back(next.groups.front());
      row.last += 2;
      Row whole = row;
      whole.marks.insert(whole.marks.end(), next.marks.begin(), next.marks.end());
      whole.groups.insert(whole.groups.end(), next.groups.begin() + 1, next.groups.end());
      whole.last = next.last;
      add(whole);
      if (!next.marks.empty()) return;
    }
  }

  enum class Sign : uint8_t { kPlus, kMinus, kEither };

  /// A minus that touches the number, its currency or the number's end is its sign; one with a space between, or brackets
  /// around, may be one.
  Sign sign_of(const Row& row, size_t& first, size_t& last) const {
    first = row.first;
    last = row.last;
    if (const TextToken* after = at(row.last + 1); after != nullptr && after->is_mark('-')) {
      const TextToken* next = at(row.last + 2);
      if (next == nullptr || !is_wordlike(*next)) {
        last = row.last + 1;
        return Sign::kMinus;
      }
    }
    size_t i = row.first;
    bool has_space = false;
    bool has_currency = false;
    while (i > 0 && row.first - i < 4) {
      const TextToken& before = tokens_[--i];
      if (before.kind == TextToken::Kind::kSpace) {
        has_space = true;
      } else if (before.is_mark('(')) {
        const TextToken* after = at(row.last + 1);
        const bool is_closed = after != nullptr && after->is_mark(')');
        if (!is_closed) return Sign::kPlus;
        first = i;
        last = row.last + 1;
        return Sign::kEither;
      } else if (before.is_mark('-')) {
        if (i > 0 && tokens_[i - 1].kind != TextToken::Kind::kSpace && tokens_[i - 1].kind != TextToken::Kind::kMark)
          return Sign::kPlus;
        first = i;
        return has_space ? Sign::kEither : Sign::kMinus;
      } else if (!has_currency && (before.kind == TextToken::Kind::kMark ? before.mark > 0x7F || before.mark == '$'
                                                                         : is_currency(before.text))) {
        has_currency = true;
      } else {
        return Sign::kPlus;
      }
    }
    return Sign::kPlus;
  }

  void add(const Row& row) {
    size_t first = 0;
    size_t last = 0;
    const Sign sign = sign_of(row, first, last);
    for (Reading& reading : readings_of(row)) {
      const size_t zeros = std::min(reading.whole.find_first_not_of('0'), reading.whole.size() - 1);
      reading.whole.erase(0, zeros);
      if (reading.whole.size() > kMaxWholeDigits || reading.fraction.size() > kMaxFractionDigits) continue;
      std::string value = reading.whole + (reading.fraction.empty() ? "" : "." + reading.fraction);
      const bool is_zero = value.find_first_not_of("0.") == std::string::npos;
      if (sign != Sign::kMinus || is_zero) found_.push_back({value, {tokens_[row.first].from, tokens_[row.last].to}});
      if (sign != Sign::kPlus && !is_zero) found_.push_back({"-" + value, {tokens_[first].from, tokens_[last].to}});
    }
  }

  std::vector<TextToken> tokens_;
  std::vector<CopiedValue> found_;
};

/// 12.50 -> 12.5, 12.00 -> 12.
std::string without_zeros(std::string value) {
  if (value.find('.') == std::string::npos) return value;
  while (value.ends_with('0'))
    value.pop_back();
  if (value.ends_with('.')) value.pop_back();
  return value;
}

std::vector<CopiedValue> values_in(CopyAs as, std::string_view text) {
  if (as == CopyAs::kDate) return dates_in(text);
  std::vector<CopiedValue> values = amounts_in(text);
  if (as == CopyAs::kAmountNumber) {
    for (CopiedValue& value : values)
      value.value = without_zeros(std::move(value.value));
  }
  return values;
}

}  // namespace

std::vector<CopiedValue> amounts_in(std::string_view text) {
  return Reader(text.substr(0, CopyText::kMaxBytes)).run();
}

Result<Language> language_of_copies(CopyAs as, std::string_view text, Budget* budget) {
  std::vector<std::string> texts;
  for (CopiedValue& value : values_in(as, text))
    texts.push_back(std::move(value.value));
  std::ranges::sort(texts);
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  auto language = Language::of_literals(texts, budget);
  if (!language) {
    return std::unexpected(
        Error::refused("the text to copy from states " + std::to_string(texts.size()) + " different values, too many")
            .hint("give the part of it that the answer can be in"));
  }
  return language;
}

std::vector<CodePointSpan> find_copied_value(CopyAs as, std::string_view text, std::string_view value) {
  std::vector<CodePointSpan> spans;
  for (const CopiedValue& found : values_in(as, text)) {
    if (found.value == value) spans.push_back(found.span);
  }
  return spans;
}

}  // namespace ingle::text::grammar
