// Code points as Python's str sees them: white space, line ends, case, what repr shows as it is.
//
// All text here is valid UTF-8 (the template and its inputs are checked on the way in); positions are byte offsets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ingle::text::jinja {

struct CodePoint {
  char32_t value;
  size_t size;  // in bytes
};

/// The code point that starts at `at`, which must be inside `text`.
CodePoint code_point_at(std::string_view text, size_t at);
/// The start of the code point that ends at `end` > 0.
size_t previous_code_point(std::string_view text, size_t end);
void append_utf8(std::string& out, char32_t code_point);
size_t count_code_points(std::string_view text);

/// str.isspace of one code point; also what `\s` and strip() mean.
bool is_space(char32_t c);
/// Where str.splitlines ends a line.
bool is_line_end(char32_t c);
bool is_printable(char32_t c);
bool is_alpha(char32_t c);
bool is_digit(char32_t c);
bool is_numeric(char32_t c);
bool is_upper(char32_t c);
bool is_lower(char32_t c);
bool is_title(char32_t c);
/// Marks, modifiers and the like, which the rule for the final sigma looks through.
bool is_case_ignorable(char32_t c);
inline bool is_cased(char32_t c) {
  return is_upper(c) || is_lower(c) || is_title(c);
}
bool is_identifier_start(char32_t c);
bool is_identifier_part(char32_t c);

/// Full case mappings, which may give up to three code points (sharp s to SS).
std::u32string_view to_upper(char32_t c, char32_t (&room)[3]);
std::u32string_view to_title(char32_t c, char32_t (&room)[3]);
/// The sigma at the end of a word is the caller's, who sees the word.
std::u32string_view to_lower(char32_t c, char32_t (&room)[3]);

}  // namespace ingle::text::jinja
