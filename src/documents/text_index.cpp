#include "documents/text_index.h"

#include <utf8proc.h>
#include <algorithm>

#include "base/utf8.h"

namespace ingle::documents {
namespace {

char fold_sign(utf8proc_int32_t c) {
  switch (c) {
    case 0x20AC:
      return kEuroSign;
    case 0x00A3:
      return kPoundSign;
    case 0x00A5:
      return kYenSign;
    case 0x2018:
    case 0x2019:
    case 0x00B4:
    case 0x02BC:
      return '\'';
    case 0x201C:
    case 0x201D:
    case 0x201E:
    case 0x00AB:
    case 0x00BB:
      return '"';
    case 0x2212:
      return '-';
    case 0x00B0:
    case 0x00BA:
      return 'o';  // N°, nº
    case 0x00AA:
      return 'a';
    case 0x2116:
      return '#';
    case 0x00DF:
      return 's';
    case 0x00E6:
    case 0x00C6:
      return 'a';
    case 0x0153:
    case 0x0152:
    case 0x00F8:
    case 0x00D8:
      return 'o';
    case 0x0142:
    case 0x0141:
      return 'l';
    case 0x0111:
    case 0x0110:
      return 'd';
    case 0x0131:
      return 'i';
    case 0xFF1A:
      return ':';
    default:
      return 0;
  }
}

/// One ASCII byte for any code point.
char fold_code_point(utf8proc_int32_t c) {
  if (c < 0x80) {
    if (c == '\n' || c == '\f') return '\n';
    if (c < 0x20 || c == 0x7f) return ' ';
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  }
  if (const char sign = fold_sign(c); sign != 0) return sign;
  switch (utf8proc_category(c)) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return ' ';
    case UTF8PROC_CATEGORY_PD:
      return '-';
    default:
      break;
  }
  // The first code point of the compatibility decomposition: the letter under its accents, full-width forms, ligatures.
  utf8proc_int32_t parts[8];
  int last_boundclass = 0;
  const auto options = static_cast<utf8proc_option_t>(UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD);
  const utf8proc_ssize_t n = utf8proc_decompose_char(c, parts, 8, options, &last_boundclass);
  if (n >= 1 && n <= 8 && parts[0] >= 0x20 && parts[0] < 0x7f) return static_cast<char>(parts[0]);
  return kOther;
}

}  // namespace

TextIndex::TextIndex(std::string_view utf8) : utf8_(base::to_valid_utf8(utf8)) {
  folded_.reserve(utf8_.size());
  offsets_.reserve(utf8_.size() + 1);
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(utf8_.data());
  for (size_t i = 0; i < utf8_.size();) {
    utf8proc_int32_t c = 0;
    const utf8proc_ssize_t n = utf8proc_iterate(bytes + i, static_cast<utf8proc_ssize_t>(utf8_.size() - i), &c);
    offsets_.push_back(static_cast<uint32_t>(i));
    folded_ += n > 0 ? fold_code_point(c) : kOther;
    i += n > 0 ? static_cast<size_t>(n) : 1;
  }
  offsets_.push_back(static_cast<uint32_t>(utf8_.size()));
}

std::string_view TextIndex::view(Span span) const {
  const uint32_t from = std::min(span.from, size());
  const uint32_t to = std::clamp(span.to, from, size());
  return std::string_view(utf8_).substr(offsets_[from], offsets_[to] - offsets_[from]);
}

std::string TextIndex::text(Span span) const {
  return std::string(view(span));
}

std::string fold(std::string_view utf8) {
  return TextIndex(utf8).folded();
}

}  // namespace ingle::documents
