#include "text/grammar/text_tokens.h"

#include <utf8proc.h>

#include "base/utf8.h"
#include "text/tokenizer/code_points.h"

namespace ingle::text::grammar {
namespace {

using Kind = TextToken::Kind;

Kind kind_of(char32_t c) {
  if (c >= '0' && c <= '9') return Kind::kNumber;
  if (c <= 0x20 || c == 0x7F) return Kind::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(c))) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CC:
      return Kind::kSpace;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ND:
      return Kind::kWord;
    default:
      return Kind::kMark;
  }
}

/// Lower case; letters with an accent without it.
void append_folded(char32_t c, std::string& out) {
  const bool is_accent = utf8proc_category(static_cast<utf8proc_int32_t>(c)) == UTF8PROC_CATEGORY_MN;
  if (is_accent) return;
  utf8proc_int32_t parts[8];
  int boundary = 0;
  const auto n =
      utf8proc_decompose_char(static_cast<utf8proc_int32_t>(c), parts, 8,
                              static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_STRIPMARK), &boundary);
  const auto base = n > 0 ? parts[0] : static_cast<utf8proc_int32_t>(c);
  append_utf8(static_cast<char32_t>(utf8proc_tolower(base)), out);
}

char32_t plain_mark(char32_t c) {
  switch (c) {
    case 0x2010:  // hyphens, dashes and the minus sign
    case 0x2011:
    case 0x2012:
    case 0x2013:
    case 0x2014:
    case 0x2212:
      return '-';
    case 0x2018:  // quotes that stand for an apostrophe
    case 0x2019:
    case 0x00B4:
    case '`':
      return '\'';
    default:
      return c;
  }
}

}  // namespace

std::vector<TextToken> text_tokens(std::string_view text) {
  const std::string valid = base::is_valid_utf8(text) ? std::string() : base::to_valid_utf8(text);
  if (!valid.empty()) text = valid;
  std::vector<TextToken> tokens;
  uint32_t at = 0;
  for (size_t i = 0; i < text.size(); ++at) {
    const CodePoint c = decode_code_point(text, i);
    i += c.size;
    const Kind kind = kind_of(c.value);
    const bool joins = !tokens.empty() && tokens.back().kind == kind && kind != Kind::kMark;
    if (!joins) tokens.push_back({.kind = kind, .text = {}, .from = at});
    TextToken& token = tokens.back();
    token.to = at + 1;
    if (kind == Kind::kMark) token.mark = plain_mark(c.value);
    if (kind == Kind::kNumber) token.text += static_cast<char>(c.value);
    if (kind == Kind::kWord) append_folded(c.value, token.text);
  }
  return tokens;
}

}  // namespace ingle::text::grammar
