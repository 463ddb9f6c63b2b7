#include "text/grammar/code_point_set.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "text/tokenizer/code_points.h"

namespace ingle::text::grammar {
namespace {

constexpr size_t kMaxNameBytes = 64;

struct FreeCode {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
  void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

/// PCRE2's name of a property: it writes "sc:" and "scx:" for "Script=" and "Script_Extensions=" and knows no "gc=".
std::optional<std::string> pcre2_name(std::string_view name) {
  const bool is_plain = std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '=';
  });
  if (!is_plain || name.empty() || name.size() > kMaxNameBytes) return std::nullopt;
  const size_t equals = name.find('=');
  if (equals == std::string_view::npos) return std::string(name);
  const std::string_view key = name.substr(0, equals);
  const std::string value(name.substr(equals + 1));
  if (value.find('=') != std::string::npos) return std::nullopt;
  if (key == "gc" || key == "General_Category") return value;
  if (key == "sc" || key == "Script") return "sc:" + value;
  if (key == "scx" || key == "Script_Extensions") return "scx:" + value;
  return std::nullopt;
}

/// Long names of the general categories (UAX 44, table 12), which PCRE2 knows by their letters only.
std::string_view category_letters(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kNames[] = {
      {"Letter", "L"},
      {"Cased_Letter", "L&"},
      {"LC", "L&"},
      {"Uppercase_Letter", "Lu"},
      {"Lowercase_Letter", "Ll"},
      {"Titlecase_Letter", "Lt"},
      {"Modifier_Letter", "Lm"},
      {"Other_Letter", "Lo"},
      {"Mark", "M"},
      {"Combining_Mark", "M"},
      {"Nonspacing_Mark", "Mn"},
      {"Spacing_Mark", "Mc"},
      {"Enclosing_Mark", "Me"},
      {"Number", "N"},
      {"Decimal_Number", "Nd"},
      {"digit", "Nd"},
      {"Letter_Number", "Nl"},
      {"Other_Number", "No"},
      {"Punctuation", "P"},
      {"punct", "P"},
      {"Connector_Punctuation", "Pc"},
      {"Dash_Punctuation", "Pd"},
      {"Open_Punctuation", "Ps"},
      {"Close_Punctuation", "Pe"},
      {"Initial_Punctuation", "Pi"},
      {"Final_Punctuation", "Pf"},
      {"Other_Punctuation", "Po"},
      {"Symbol", "S"},
      {"Math_Symbol", "Sm"},
      {"Currency_Symbol", "Sc"},
      {"Modifier_Symbol", "Sk"},
      {"Other_Symbol", "So"},
      {"Separator", "Z"},
      {"Space_Separator", "Zs"},
      {"Line_Separator", "Zl"},
      {"Paragraph_Separator", "Zp"},
      {"Other", "C"},
      {"Control", "Cc"},
      {"cntrl", "Cc"},
      {"Format", "Cf"},
      {"Private_Use", "Co"},
      {"Unassigned", "Cn"},
  };
  for (const auto& [known, letters] : kNames) {
    if (known == name) return letters;
  }
  return name;
}

/// All code points but surrogates, in UTF-8 and in order.
std::string every_code_point() {
  std::string all;
  for (char32_t c = 0; c <= kLastCodePoint; ++c) {
    if (!is_surrogate(c)) append_utf8(c, all);
  }
  return all;
}

std::optional<CodePointSet> scan(const std::string& name) {
  const std::string pattern = "\\p{" + name + "}+";
  int error = 0;
  size_t offset = 0;
  const std::unique_ptr<pcre2_code, FreeCode> code(
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), PCRE2_UTF, &error, &offset, nullptr));
  if (!code) return std::nullopt;
  pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // where it fails, the interpreter finds the same
  const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
  const std::string all = every_code_point();
  const auto* bytes = reinterpret_cast<PCRE2_SPTR>(all.data());
  const size_t* span = pcre2_get_ovector_pointer(match.get());
  CodePointSet found;
  size_t at = 0;
  while (pcre2_match(code.get(), bytes, all.size(), at, PCRE2_NO_UTF_CHECK, match.get(), nullptr) > 0) {
    size_t last = span[1] - 1;
    while ((static_cast<uint8_t>(all[last]) & 0xC0) == 0x80)
      --last;
    found.push_back({decode_code_point(all, span[0]).value, decode_code_point(all, last).value});
    at = span[1];
  }
  return normal_set(std::move(found));
}

}  // namespace

CodePointSet normal_set(CodePointSet ranges) {
  CodePointSet parts;
  for (const auto& [first, last] : ranges) {
    if (first < 0xD800) parts.push_back({first, std::min<char32_t>(last, 0xD7FF)});
    if (last > 0xDFFF) parts.push_back({std::max<char32_t>(first, 0xE000), last});
  }
  std::erase_if(parts, [](const CodePointRange& range) { return range.first > range.last; });
  std::ranges::sort(parts);
  CodePointSet out;
  for (const CodePointRange& range : parts) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

CodePointSet complement_of(const CodePointSet& set) {
  CodePointSet out;
  char32_t next = 0;
  for (const CodePointRange& range : set) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return normal_set(std::move(out));
}

CodePointSet all_code_points() {
  return {{0, 0xD7FF}, {0xE000, kLastCodePoint}};
}

bool contains(const CodePointSet& set, char32_t c) {
  const auto after = std::ranges::upper_bound(set, c, {}, &CodePointRange::first);
  return after != set.begin() && c <= std::prev(after)->last;
}

std::optional<std::string> pcre2_property(std::string_view property) {
  auto name = pcre2_name(property);
  if (name) name = category_letters(*name);
  return name;
}

std::optional<CodePointSet> code_points_with(std::string_view property) {
  if (property == "Any") return all_code_points();
  if (property == "Assigned") {
    const auto unassigned = code_points_with("Cn");
    return unassigned ? std::optional(complement_of(*unassigned)) : std::nullopt;
  }
  const auto name = pcre2_property(property);
  if (!name) return std::nullopt;
  // Tables of Unicode do not change while we run: what was scanned once is kept. Unknown names are not.
  static std::mutex guard_known;
  static std::map<std::string, CodePointSet, std::less<>> known;
  const std::lock_guard lock(guard_known);
  if (const auto found = known.find(*name); found != known.end()) return found->second;
  auto set = scan(*name);
  if (set && known.size() < 1000) known.emplace(*name, *set);
  return set;
}

}  // namespace ingle::text::grammar
