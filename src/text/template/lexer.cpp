#include "text/template/lexer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/utf8.h"
#include "text/template/unicode.h"

namespace ingle::text::jinja {
namespace {

constexpr size_t kMaxTokens = 200'000;  // the largest templates in use have some 20,000

bool is_ascii_digit(char c) {
  return c >= '0' && c <= '9';
}

// jinja2 reads \r\n and \r as \n and drops one line end at the end of the source.
std::string normalise(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] == '\r') {
      out.push_back('\n');
      if (i + 1 < source.size() && source[i + 1] == '\n') ++i;
    } else {
      out.push_back(source[i]);
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) {
      INGLE_TRY_VOID(root());
      if (tokens_.size() > kMaxTokens) return fail("the template is too large (more than 200,000 tokens)");
    }
    add(TokenType::kEnd, at_, at_);
    return std::move(tokens_);
  }

 private:
  std::unexpected<Error> fail(std::string_view what) {
    const auto [line, column] = place(at_);
    return std::unexpected(syntax_error(line, column, what));
  }

  // Positions are asked for in ascending order.
  std::pair<uint32_t, uint32_t> place(size_t at) {
    for (; counted_ < at; ++counted_) {
      if (source_[counted_] == '\n') {
        ++line_;
        line_start_ = counted_ + 1;
      }
    }
    return {line_, static_cast<uint32_t>(at - std::min(at, line_start_) + 1)};
  }

  void add(TokenType type, size_t begin, size_t end) {
    const auto [line, column] = place(begin);
    tokens_.push_back({type, line, column, source_.substr(begin, end - begin)});
  }

  bool looking_at(size_t at, std::string_view text) const { return source_.substr(at, text.size()) == text; }

  size_t skip_space(size_t at) const {
    while (at < source_.size()) {
      const CodePoint c = code_point_at(source_, at);
      if (!is_space(c.value)) break;
      at += c.size;
    }
    return at;
  }

  // The end of `+%}`, `-%}` with the space after it, or `%}` with one line end; 0 when none of them starts here.
  size_t match_end(size_t at, std::string_view close, bool plus, bool trim) const {
    if (looking_at(at, "-") && looking_at(at + 1, close)) return skip_space(at + 1 + close.size());
    if (plus && looking_at(at, "+") && looking_at(at + 1, close)) return at + 1 + close.size();
    if (!looking_at(at, close)) return 0;
    const size_t end = at + close.size();
    return trim && looking_at(end, "\n") ? end + 1 : end;
  }

  char sign_at(size_t at) const {
    return at < source_.size() && (source_[at] == '-' || source_[at] == '+') ? source_[at] : '\0';
  }

  // Text before a tag: `-` takes all white space before it, block and comment tags the indentation of their line.
  void add_data(size_t begin, size_t end, char sign, bool is_variable) {
    if (sign == '-') {
      while (end > begin) {
        const size_t previous = previous_code_point(source_, end);
        if (!is_space(code_point_at(source_, previous).value)) break;
        end = previous;
      }
    } else if (sign != '+' && !is_variable) {
      size_t line = end;
      while (line > begin && source_[line - 1] != '\n')
        --line;
      if ((line > begin || line_starting_) && skip_space(line) >= end) end = line;
    }
    if (end > begin) add(TokenType::kData, begin, end);
  }

  void advance_to(size_t end) {
    line_starting_ = end > 0 && source_[end - 1] == '\n';
    at_ = end;
  }

  // If a raw or endraw tag starts at `at`: where it ends, else 0.
  size_t match_raw(size_t at, std::string_view word) const {
    if (!looking_at(at, "{%")) return 0;
    at += 2;
    if (sign_at(at) != '\0') ++at;
    at = skip_space(at);
    if (!looking_at(at, word)) return 0;
    const bool closing = word == "endraw";
    return match_end(skip_space(at + word.size()), "%}", closing, closing);
  }

  Status root() {
    size_t tag = at_;
    for (;; ++tag) {
      tag = source_.find('{', tag);
      if (tag == std::string_view::npos || tag + 1 == source_.size()) {
        add(TokenType::kData, at_, source_.size());
        at_ = source_.size();
        return {};
      }
      if (source_[tag + 1] == '%' || source_[tag + 1] == '#' || source_[tag + 1] == '{') break;
    }
    const char sign = sign_at(tag + 2);
    const char type = source_[tag + 1];
    add_data(at_, tag, sign, type == '{');
    if (const size_t end = match_raw(tag, "raw"); end != 0) {
      advance_to(end);
      return raw();
    }
    const size_t inside = tag + (sign == '\0' ? 2 : 3);
    if (type == '#') {
      advance_to(inside);
      return comment();
    }
    add(type == '%' ? TokenType::kBlockBegin : TokenType::kVariableBegin, tag, inside);
    advance_to(inside);
    return type == '%' ? tag_body("%}", TokenType::kBlockEnd) : tag_body("}}", TokenType::kVariableEnd);
  }

  Status raw() {
    for (size_t tag = source_.find("{%", at_); tag != std::string_view::npos; tag = source_.find("{%", tag + 1)) {
      const size_t end = match_raw(tag, "endraw");
      if (end == 0) continue;
      add_data(at_, tag, sign_at(tag + 2), false);
      advance_to(end);
      return {};
    }
    return fail("missing end of raw block");
  }

  Status comment() {
    const size_t close = source_.find("#}", at_);
    if (close == std::string_view::npos) return fail("missing end of comment");
    const bool has_sign = close > at_ && sign_at(close - 1) != '\0';
    advance_to(match_end(has_sign ? close - 1 : close, "#}", true, true));
    return {};
  }

  Status tag_body(std::string_view close, TokenType close_type) {
    const bool block = close_type == TokenType::kBlockEnd;
    std::vector<char> open;
    while (at_ < source_.size()) {
      if (open.empty()) {
        if (const size_t end = match_end(at_, close, block, block); end != 0) {
          add(close_type, at_, end);
          advance_to(end);
          return {};
        }
      }
      if (const size_t end = skip_space(at_); end > at_) {
        at_ = end;
        continue;
      }
      INGLE_TRY_VOID(token(open));
      if (tokens_.size() > kMaxTokens) return {};
    }
    return {};
  }

  Status token(std::vector<char>& open) {
    if (const size_t end = match_float(at_); end != 0) return take(TokenType::kFloat, end);
    if (const size_t end = match_integer(at_); end != 0) return take(TokenType::kInteger, end);
    if (const size_t end = match_name(at_); end != at_) return take(TokenType::kName, end);
    if (const size_t end = match_string(at_); end != 0) return take(TokenType::kString, end);
    const size_t size = operator_size();
    if (size == 0) return fail(fmt::format("unexpected character '{}'", shown_char()));
    const char c = source_[at_];
    if (c == '(') open.push_back(')');
    if (c == '[') open.push_back(']');
    if (c == '{') open.push_back('}');
    if (c == ')' || c == ']' || c == '}') {
      if (open.empty()) return fail(fmt::format("unexpected '{}'", c));
      if (open.back() != c) return fail(fmt::format("unexpected '{}', expected '{}'", c, open.back()));
      open.pop_back();
    }
    return take(TokenType::kOperator, at_ + size);
  }

  Status take(TokenType type, size_t end) {
    add(type, at_, end);
    at_ = end;
    return {};
  }

  std::string_view shown_char() const { return source_.substr(at_, code_point_at(source_, at_).size); }

  size_t operator_size() const {
    constexpr std::array<std::string_view, 6> kPairs = {"//", "**", "==", "!=", ">=", "<="};
    for (const std::string_view pair : kPairs) {
      if (looking_at(at_, pair)) return 2;
    }
    return std::string_view("+-/*%~[](){}><=.:|,;").find(source_[at_]) != std::string_view::npos ? 1 : 0;
  }

  // Digits with single underscores between them; returns `at` when there are none.
  size_t match_digits(size_t at) const {
    const size_t begin = at;
    while (at < source_.size() &&
           (is_ascii_digit(source_[at]) || (source_[at] == '_' && at > begin && source_[at - 1] != '_' &&
                                            at + 1 < source_.size() && is_ascii_digit(source_[at + 1])))) {
      ++at;
    }
    return at;
  }

  size_t match_float(size_t at) const {
    if (at > 0 && source_[at - 1] == '.') return 0;
    size_t end = match_digits(at);
    if (end == at) return 0;
    bool is_float = false;
    if (looking_at(end, ".") && match_digits(end + 1) > end + 1) {
      end = match_digits(end + 1);
      is_float = true;
    }
    if (looking_at(end, "e") || looking_at(end, "E")) {
      size_t exponent = end + 1;
      if (exponent < source_.size() && (source_[exponent] == '+' || source_[exponent] == '-')) ++exponent;
      if (match_digits(exponent) > exponent) return match_digits(exponent);
    }
    return is_float ? end : 0;
  }

  size_t match_radix(size_t at, char lower, std::string_view digits) const {
    if (at + 1 >= source_.size() || source_[at] != '0' || (source_[at + 1] | 0x20) != lower) return 0;
    size_t end = at + 2;
    while (end < source_.size()) {
      const size_t digit = source_[end] == '_' ? end + 1 : end;
      if (digit >= source_.size() || digits.find(source_[digit]) == std::string_view::npos) break;
      end = digit + 1;
    }
    return end > at + 2 ? end : 0;
  }

  size_t match_integer(size_t at) const {
    if (!is_ascii_digit(source_[at])) return 0;
    if (const size_t end = match_radix(at, 'b', "01"); end != 0) return end;
    if (const size_t end = match_radix(at, 'o', "01234567"); end != 0) return end;
    if (const size_t end = match_radix(at, 'x', "0123456789abcdefABCDEF"); end != 0) return end;
    if (source_[at] != '0') return match_digits(at);
    size_t end = at + 1;
    while (looking_at(end, "0") || looking_at(end, "_0"))
      end += source_[end] == '_' ? 2 : 1;
    return end;
  }

  size_t match_name(size_t at) const {
    CodePoint c = code_point_at(source_, at);
    if (!is_identifier_start(c.value)) return at;
    do {
      at += c.size;
      if (at == source_.size()) break;
      c = code_point_at(source_, at);
    } while (is_identifier_part(c.value));
    return at;
  }

  size_t match_string(size_t at) const {
    const char quote = source_[at];
    if (quote != '\'' && quote != '"') return 0;
    for (++at; at < source_.size(); ++at) {
      if (source_[at] == quote) return at + 1;
      if (source_[at] == '\\') ++at;
    }
    return 0;
  }

  std::string_view source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  bool line_starting_ = true;
  size_t counted_ = 0;
  size_t line_start_ = 0;
  uint32_t line_ = 1;
};

}  // namespace

Error syntax_error(uint32_t line, uint32_t column, std::string_view what) {
  return Error::corrupt(fmt::format("chat template, line {}, column {}: {}", line, column, what));
}

Result<Lexed> lex(std::string_view source) {
  if (!base::is_valid_utf8(source)) return std::unexpected(Error::corrupt("the chat template is not valid UTF-8"));
  Lexed lexed;
  lexed.source = std::make_unique<const std::string>(normalise(source));
  INGLE_TRY(lexed.tokens, Lexer(*lexed.source).run());
  return lexed;
}

}  // namespace ingle::text::jinja
