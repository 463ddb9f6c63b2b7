// Sets of code points as sorted ranges that neither touch nor hold a surrogate: what a character of a pattern may be.
//
// Plain values; every function returns them in that form. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ingle::text::grammar {

inline constexpr char32_t kLastCodePoint = 0x10FFFF;

struct CodePointRange {
  char32_t first = 0;
  char32_t last = 0;
  friend auto operator<=>(const CodePointRange&, const CodePointRange&) = default;
};

using CodePointSet = std::vector<CodePointRange>;

inline bool is_surrogate(char32_t c) {
  return c >= 0xD800 && c <= 0xDFFF;
}

/// From ranges in any order that may overlap.
CodePointSet normal_set(CodePointSet ranges);
CodePointSet complement_of(const CodePointSet& set);
CodePointSet all_code_points();
bool contains(const CodePointSet& set, char32_t c);

/// PCRE2's name for what stands in \p{} in ECMA-262, for checks that are written with it; nothing for what is no name. Whether
/// there is such a property PCRE2 says itself. "Assigned" it has no name for: it is what is not Cn.
std::optional<std::string> pcre2_property(std::string_view property);

/// What \p{text} holds in ECMA-262: a general category, Script=, Script_Extensions= or a binary property, as the Unicode
/// tables of PCRE2 know it. Nothing for a name that is not known.
std::optional<CodePointSet> code_points_with(std::string_view property);

}  // namespace ingle::text::grammar
