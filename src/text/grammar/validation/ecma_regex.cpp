#include "text/grammar/validation/ecma_regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string>

#include "text/grammar/code_point_set.h"

namespace ingle::text::grammar::validation {
namespace {

constexpr uint32_t kMaxHeapKilobytes = 16'384;

// ECMA-262, 12.2 and 12.3: white space and line terminators; and everything else.
constexpr std::string_view kSpaces =
    R"(\x{09}-\x{0D}\x{20}\x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF})";
constexpr std::string_view kNoSpaces =
    R"(\x{00}-\x{08}\x{0E}-\x{1F}\x{21}-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E})"
    R"(\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF})";

std::unexpected<Error> refuse(std::string why) {
  return std::unexpected(Error::refused("the pattern has " + std::move(why)));
}

std::string code_point_text(uint32_t c) {
  std::array<char, 16> out{};
  std::snprintf(out.data(), out.size(), "\\x{%X}", c);
  return out.data();
}

/// ECMA-262 to PCRE2: what has another meaning there is written so that it has the same.
class Translator {
 public:
  explicit Translator(std::string_view text) : text_(text) {}

  Result<std::string> run() && {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      switch (c) {
        case '\\':
          INGLE_TRY_VOID(escape(false));
          break;
        case '[':
          INGLE_TRY_VOID(bracket());
          break;
        case '.':
          out_ += R"([^\n\r\x{2028}\x{2029}])";
          break;
        case '(':
          INGLE_TRY_VOID(group());
          continue;
        case '*':
        case '+':
        case '?':
          INGLE_TRY_VOID(quantifier(std::string_view(&text_[at_ - 1], 1)));
          continue;
        case '{':
          INGLE_TRY_VOID(brace());
          continue;
        case '}':
        case ']':
          out_ += '\\';
          out_ += c;
          break;
        case '|':
          out_ += c;
          can_repeat_ = false;
          continue;
        case '^':
        case '$':
          out_ += c;
          can_repeat_ = false;
          continue;
        default:
          out_ += c;
      }
      can_repeat_ = true;
    }
    return std::move(out_);
  }

 private:
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status group() {
    out_ += '(';
    can_repeat_ = false;
    if (!take('?')) return {};
    const std::string_view rest = text_.substr(at_);
    const bool is_name = rest.starts_with('<') && rest.size() > 1 && rest[1] != '=' && rest[1] != '!';
    const bool is_known = is_name || rest.starts_with(':') || rest.starts_with('=') || rest.starts_with('!') ||
                          rest.starts_with("<=") || rest.starts_with("<!");
    if (!is_known) return refuse("a group '(?' that ECMA-262 does not know");
    const size_t n = is_name ? rest.find('>') + 1 : rest.starts_with('<') ? 2 : 1;
    if (n == 0) return refuse("a group whose name does not end");
    out_ += '?';
    out_ += rest.substr(0, n);
    at_ += n;
    return {};
  }

  Status quantifier(std::string_view sign) {
    if (!can_repeat_) return refuse("nothing to repeat before '" + std::string(sign) + "'");
    out_ += sign;
    if (take('?')) out_ += '?';
    can_repeat_ = false;
    return {};
  }

  /// {3} {3,} {3,5}; any other brace is only a character.
  Status brace() {
    const size_t close = text_.find('}', at_);
    const std::string_view inside = close == std::string_view::npos ? "" : text_.substr(at_, close - at_);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const size_t n_first = static_cast<size_t>(std::ranges::find_if_not(inside, is_digit) - inside.begin());
    const bool is_count =
        n_first > 0 && (n_first == inside.size() ||
                        (inside[n_first] == ',' && std::ranges::all_of(inside.substr(n_first + 1), is_digit)));
    if (!is_count) {
      out_ += "\\{";
      can_repeat_ = true;
      return {};
    }
    at_ = close + 1;
    return quantifier("{" + std::string(inside) + "}");
  }

  Status bracket() {
    const bool is_negated = take('^');
    if (take(']')) {
      out_ += is_negated ? R"([\x{0}-\x{10FFFF}])" : "(?!)";
      return {};
    }
    out_ += is_negated ? "[^" : "[";
    bool after_class = false;
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == ']') {
        out_ += ']';
        return {};
      }
      const bool was_class = std::exchange(after_class, false);
      if (c == '\\') {
        after_class = at_ < text_.size() && std::string_view("dDwWsSpP").contains(text_[at_]);
        INGLE_TRY_VOID(escape(true));
      } else if (c == '[' || (c == '-' && was_class)) {
        out_ += '\\';
        out_ += c;
      } else {
        out_ += c;
      }
    }
    return refuse("a '[' without ']'");
  }

  std::optional<uint32_t> hex(size_t n) {
    if (at_ + n > text_.size()) return std::nullopt;
    uint32_t value = 0;
    const char* end = text_.data() + at_ + n;
    if (n == 0 || std::from_chars(text_.data() + at_, end, value, 16).ptr != end) return std::nullopt;
    at_ += n;
    return value;
  }

  /// \uXXXX, a pair of them, or \u{X...}: 'u' was taken.
  std::optional<uint32_t> unicode() {
    if (take('{')) {
      const size_t close = text_.find('}', at_);
      const auto value = close == std::string_view::npos ? std::nullopt : hex(close - at_);
      ++at_;
      return value && *value <= 0x10FFFF ? value : std::nullopt;
    }
    const auto value = hex(4);
    if (!value || *value < 0xD800 || *value > 0xDFFF) return value;
    if (*value > 0xDBFF || !text_.substr(at_).starts_with("\\u")) return std::nullopt;
    at_ += 2;
    const auto low = hex(4);
    if (!low || *low < 0xDC00 || *low > 0xDFFF) return std::nullopt;
    return 0x10000 + ((*value - 0xD800) << 10) + (*low - 0xDC00);
  }

  Status property(char letter) {
    const size_t close = text_.find('}', at_);
    if (!take('{') || close == std::string_view::npos) return refuse("a '\\p' without a name in braces");
    const std::string_view name = text_.substr(at_, close - at_);
    at_ = close + 1;
    const bool is_assigned = name == "Assigned";
    const auto known = pcre2_property(is_assigned ? "Cn" : name);
    if (!known) return refuse("no property '" + std::string(name) + "'");
    if (is_assigned) letter = letter == 'p' ? 'P' : 'p';
    out_ += '\\';
    out_ += letter;
    out_ += "{" + *known + "}";
    return {};
  }

  Status code_point(std::optional<uint32_t> value, char letter) {
    if (!value) return refuse(std::string("an escape '\\") + letter + "' that is no character");
    out_ += code_point_text(*value);
    return {};
  }

  /// The backslash was taken.
  Status escape(bool in_class) {
    if (at_ >= text_.size()) return refuse("a '\\' at its end");
    const char c = text_[at_++];
    switch (c) {
      case 'd':
      case 'D':
      case 'w':
      case 'W':
      case 't':
      case 'n':
      case 'r':
      case 'f':
        out_ += '\\';
        out_ += c;
        return {};
      case 's':
      case 'S': {
        const std::string_view set = c == 's' ? kSpaces : kNoSpaces;
        out_ += in_class ? std::string(set) : "[" + std::string(set) + "]";
        return {};
      }
      case 'v':
        return code_point(0x0B, c);
      case 'x':
        return code_point(hex(2), c);
      case 'u':
        return code_point(unicode(), c);
      case 'c':
        if (at_ >= text_.size() || std::isalpha(static_cast<unsigned char>(text_[at_])) == 0)
          return refuse("an escape '\\c' without a letter");
        return code_point(static_cast<uint32_t>(text_[at_++]) % 32, c);
      case 'p':
      case 'P':
        return property(c);
      case 'b':
        out_ += in_class ? "\\x{8}" : "\\b";
        return {};
      default:
        return other_escape(c, in_class);
    }
  }

  Status other_escape(char c, bool in_class) {
    if (c == 'B' && !in_class) {
      out_ += "\\B";
      return {};
    }
    if (c == 'k' && !in_class) {
      const size_t close = text_.find('>', at_);
      if (!text_.substr(at_).starts_with('<') || close == std::string_view::npos)
        return refuse("an escape '\\k' without a name");
      out_ += "\\k" + std::string(text_.substr(at_, close + 1 - at_));
      at_ = close + 1;
      return {};
    }
    if (c == '0' && (at_ >= text_.size() || text_[at_] < '0' || text_[at_] > '9')) return code_point(0, c);
    if (c >= '1' && c <= '9' && !in_class) {
      std::string number(1, c);
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9')
        number += text_[at_++];
      out_ += "\\g{" + number + "}";
      return {};
    }
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      return refuse(std::string("an escape '\\") + c + "' that ECMA-262 does not know");
    if (static_cast<unsigned char>(c) < 0x80) out_ += '\\';
    out_ += c;
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  bool can_repeat_ = false;
};

}  // namespace

Result<EcmaRegex> EcmaRegex::compile(std::string_view pattern) {
  if (pattern.size() > kMaxPatternBytes) return refuse("more than " + std::to_string(kMaxPatternBytes) + " bytes");
  INGLE_TRY(const std::string text, Translator(pattern).run());
  int error = 0;
  PCRE2_SIZE place = 0;
  pcre2_code* code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF, &error, &place, nullptr);
  if (code == nullptr) {
    std::array<PCRE2_UCHAR, 160> why{};
    pcre2_get_error_message(error, why.data(), why.size());
    return refuse(std::string("an error: ") + reinterpret_cast<const char*>(why.data()));
  }
  return EcmaRegex(std::shared_ptr<const void>(
      code, [](const void* done) { pcre2_code_free(static_cast<pcre2_code*>(const_cast<void*>(done))); }));
}

Result<std::optional<bool>> EcmaRegex::search(std::string_view text, uint32_t max_steps) const {
  const auto* code = static_cast<const pcre2_code*>(code_.get());
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(pcre2_match_data_create(1, nullptr),
                                                                                 &pcre2_match_data_free);
  const std::unique_ptr<pcre2_match_context, decltype(&pcre2_match_context_free)> limits(
      pcre2_match_context_create(nullptr), &pcre2_match_context_free);
  if (!data || !limits) return std::unexpected(Error::exhausted("no memory to match a pattern"));
  pcre2_set_match_limit(limits.get(), max_steps);
  pcre2_set_heap_limit(limits.get(), kMaxHeapKilobytes);
  const int found =
      pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data.get(), limits.get());
  if (found == PCRE2_ERROR_NOMATCH) return false;
  if (found == PCRE2_ERROR_MATCHLIMIT) return std::nullopt;
  if (found < 0) return std::unexpected(Error::refused("a pattern takes too many steps on a text of this answer"));
  return true;
}

}  // namespace ingle::text::grammar::validation
