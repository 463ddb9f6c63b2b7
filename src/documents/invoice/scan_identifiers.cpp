#include <algorithm>
#include <string_view>

#include "documents/invoice/keywords.h"
#include "documents/invoice/scan.h"

namespace ingle::documents {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_alnum(char c) {
  return is_digit(c) || is_letter(c) || c == kOther;
}

/// Collects letters and digits from `at` with single spaces, dots and dashes between them, `n` at most; where it ended
/// goes to `end`.
std::string collect(std::string_view text, size_t at, size_t n, size_t& end) {
  std::string out;
  while (at < text.size() && out.size() < n) {
    const char c = text[at];
    if (is_digit(c) || is_letter(c)) {
      out += c;
      end = ++at;
    } else if ((c == ' ' || c == '.' || c == '-') && at + 1 < text.size() &&
               (is_digit(text[at + 1]) || is_letter(text[at + 1]))) {
      ++at;
    } else {
      break;
    }
  }
  return compact(out);
}

bool begins_word(std::string_view text, size_t at) {
  return at == 0 || !is_alnum(text[at - 1]);
}
bool ends_word(std::string_view text, size_t end) {
  return end >= text.size() || !is_alnum(text[end]);
}

/// Where groups of letters and digits with single spaces between them end: after the first, a group has a digit and at most
/// four characters.
size_t groups_end(std::string_view text, size_t at) {
  constexpr size_t kLongest = 42;  // 34 characters in groups of four
  size_t end = at;
  while (end < text.size() && end - at < kLongest && (is_digit(text[end]) || is_letter(text[end])))
    ++end;
  while (end + 1 < text.size() && text[end] == ' ' && end - at < kLongest) {
    size_t next = end + 1;
    while (next < text.size() && (is_digit(text[next]) || is_letter(text[next])))
      ++next;
    const std::string_view group = text.substr(end + 1, next - end - 1);
    if (group.empty() || group.size() > 4 || std::ranges::none_of(group, is_digit) || !ends_word(text, next)) break;
    end = next;
  }
  return end;
}

bool labelled_iban(std::string_view text, size_t at) {
  const size_t from = at > 24 ? at - 24 : 0;
  return text.substr(from, at - from).find("iban") != std::string_view::npos;
}

}  // namespace

/// Folding makes letters of accented ones; identifiers have none.
void drop_accented(const Sheet& sheet, std::vector<Identifier>& found) {
  std::erase_if(found, [&](const Identifier& id) { return compact(sheet.index().view(id.span)) != id.value; });
}

/// Whether the words right before say that a VAT identification number follows.
bool labelled_vat_id(std::string_view text, size_t at) {
  const size_t from = at > 28 ? at - 28 : 0;
  std::string_view before = text.substr(from, at - from);
  before = before.substr(before.find_last_of('\n') + 1);
  constexpr Keyword kLabels[] = {
      {0, 1, "ust|ustid*|ustidnr|vat*|tva|iva|btw*|nif|cif|mva|moms*|uid*|mwst*|umsatzsteuer*|nip|dic"}};
  return !matches_of(words_of(before), kLabels).empty();
}

/// Two letters of a country and more than six letters and digits, mostly digits, in one run.
size_t labelled_vat_end(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && (is_digit(text[end]) || is_letter(text[end]) ||
                               ((text[end] == '/' || text[end] == '.' || text[end] == '-') && end + 1 < text.size() &&
                                is_alnum(text[end + 1]))))
    ++end;
  const auto n_digits = std::ranges::count_if(text.substr(at, end - at), is_digit);
  return end - at >= 9 && end - at <= 18 && n_digits >= 6 ? end : at;
}

std::vector<Identifier> find_ibans(const Sheet& sheet) {
  const std::string_view text = sheet.index().folded();
  std::vector<Identifier> found;
  for (size_t at = 0; at + 15 <= text.size() && found.size() < Sheet::kMaxValues; ++at) {
    if (!begins_word(text, at) || !is_letter(text[at]) || !is_letter(text[at + 1]) || !is_digit(text[at + 2])) continue;
    const std::string country = compact(text.substr(at, 2));
    const size_t length = iban_length(country);
    if (length == 0) continue;
    size_t end = at;
    std::string value = collect(text, at, length, end);
    bool right = value.size() == length && ends_word(text, end) && is_valid_iban(value);
    if (!right) {
      // Written as an IBAN, and labelled as one or as long as one, but with a wrong digit: a person must see it.
      end = groups_end(text, at);
      value = compact(text.substr(at, end - at));
      const bool whole = value.size() == length && text.substr(at, end - at).find(' ') == std::string_view::npos;
      const bool looks_right =
          value.size() >= 15 && std::ranges::count_if(value, is_digit) >= 12 && is_digit(text[at + 3]);
      if (!looks_right || (!labelled_iban(text, at) && !whole)) continue;
    }
    found.push_back({{static_cast<uint32_t>(at), static_cast<uint32_t>(end)}, value, right});
    at = end;
  }
  drop_accented(sheet, found);
  return found;
}

std::vector<Identifier> find_vat_ids(const Sheet& sheet) {
  constexpr size_t kShortest = 8;
  constexpr size_t kLongest = 15;
  const std::string_view text = sheet.index().folded();
  std::vector<Identifier> found;
  for (size_t at = 0; at + kShortest <= text.size() && found.size() < Sheet::kMaxValues; ++at) {
    if (!begins_word(text, at) || !is_letter(text[at]) || !is_letter(text[at + 1]) || text[at + 2] == '\n') continue;
    const size_t start = at;
    // The longest that has the form of one: "CHE-123.456.788 MWST" is longer than its first part.
    for (size_t n = kLongest; n >= kShortest && at == start; --n) {
      size_t end = at;
      const std::string value = collect(text, at, n, end);
      if (value.size() != n || !ends_word(text, end)) continue;
      const VatCheck check = check_vat_id(value);
      if (check == VatCheck::kNotOne || std::ranges::count_if(value, is_digit) < 5) continue;
      found.push_back(
          {{static_cast<uint32_t>(at), static_cast<uint32_t>(end)}, value, check != VatCheck::kWrongDigits});
      at = end;
    }
    if (at != start || !labelled_vat_id(text, start)) continue;
    if (const size_t end = labelled_vat_end(text, start); end > start) {
      found.push_back({{static_cast<uint32_t>(start), static_cast<uint32_t>(end)},
                       compact(text.substr(start, end - start)),
                       false});
      at = end;
    }
  }
  drop_accented(sheet, found);
  return found;
}

}  // namespace ingle::documents
