#include "text/grammar/regex.h"

#include <algorithm>
#include <string>

#include "base/utf8.h"
#include "text/tokenizer/code_points.h"

namespace ingle::text::grammar {
namespace {

using Kind = Expression::Kind;

constexpr int kMaxGroups = 200;                // nested in each other
constexpr uint32_t kMaxCount = 1'000'000'000;  // larger ones mean the same as this one: too many

std::unexpected<Error> malformed(std::string why) {
  return std::unexpected(Error::usage("the pattern has " + std::move(why)));
}

std::unexpected<Error> refuse(std::string why) {
  return std::unexpected(Error::refused("the pattern has " + std::move(why)));
}

bool is_digit(char32_t c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char32_t c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/// The set of \d, \w, \s and their opposites; empty for any other letter.
CodePointSet class_named(char32_t c) {
  const CodePointSet digits = {{'0', '9'}};
  const CodePointSet words = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  // ECMA-262, 12.2 and 12.3: white space and line terminators.
  const CodePointSet spaces = {{9, 13},          {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680},
                               {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F},
                               {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  switch (c) {
    case 'd':
      return digits;
    case 'D':
      return complement_of(digits);
    case 'w':
      return words;
    case 'W':
      return complement_of(words);
    case 's':
      return spaces;
    case 'S':
      return complement_of(spaces);
    default:
      return {};
  }
}

class Reader {
 public:
  explicit Reader(std::u32string text) : text_(std::move(text)) {}

  Result<Expression> run() {
    INGLE_TRY(Expression all, alternatives(0));
    if (at_ < text_.size()) return malformed("a ')' without '('");
    return all;
  }

 private:
  bool is_at(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char32_t c) {
    if (!is_at(c)) return false;
    ++at_;
    return true;
  }
  bool take(std::u32string_view word) {
    if (!std::u32string_view(text_).substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  static Expression one_of(CodePointSet set) {
    return {.kind = Kind::kSet, .set = normal_set(std::move(set)), .parts = {}};
  }
  static Expression of(Kind kind) { return {.kind = kind, .set = {}, .parts = {}}; }

  Result<Expression> alternatives(int depth) {
    if (depth > kMaxGroups) return refuse("groups nested deeper than " + std::to_string(kMaxGroups));
    Expression all = of(Kind::kAlternatives);
    do {
      INGLE_TRY(Expression part, sequence(depth));
      all.parts.push_back(std::move(part));
    } while (take('|'));
    if (all.parts.size() == 1) return std::move(all.parts.front());
    return all;
  }

  Result<Expression> sequence(int depth) {
    Expression out;
    while (at_ < text_.size() && !is_at('|') && !is_at(')')) {
      INGLE_TRY(Expression item, atom(depth));
      INGLE_TRY(item, quantified(std::move(item)));
      out.parts.push_back(std::move(item));
    }
    return out;
  }

  Result<Expression> atom(int depth) {
    const char32_t c = text_[at_++];
    switch (c) {
      case '^':
        return of(Kind::kBegin);
      case '$':
        return of(Kind::kEnd);
      case '(':
        return group(depth);
      case '[':
        return bracket();
      case '.':
        return one_of(complement_of({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
      case '\\': {
        if (take('b')) return of(Kind::kBorder);
        if (take('B')) return of(Kind::kNoBorder);
        INGLE_TRY(CodePointSet set, escape(false));
        return one_of(std::move(set));
      }
      case '*':
      case '+':
      case '?':
        return malformed("a repetition of nothing");
      case '{':
        --at_;
        if (uint32_t min = 0, max = 0; take_counts(min, max)) return malformed("a repetition of nothing");
        ++at_;
        return one_of({{c, c}});
      default:
        return one_of({{c, c}});
    }
  }

  Result<Expression> group(int depth) {
    Kind kind = Kind::kSequence;
    if (take(U"?=")) {
      kind = Kind::kAhead;
    } else if (take(U"?!")) {
      kind = Kind::kNotAhead;
    } else if (take(U"?<=")) {
      kind = Kind::kBehind;
    } else if (take(U"?<!")) {
      kind = Kind::kNotBehind;
    } else if (take(U"?<")) {
      const size_t begin = at_;
      while (at_ < text_.size() &&
             (is_letter(text_[at_]) || is_digit(text_[at_]) || is_at('_') || is_at('$') || text_[at_] > 0x7F))
        ++at_;
      if (at_ == begin || is_digit(text_[begin]) || !take('>')) return malformed("a group '(?<' without a name");
    } else if (is_at('?') && !take(U"?:")) {
      return malformed("a group '(?' that ECMA-262 does not know");
    }
    INGLE_TRY(Expression inner, alternatives(depth + 1));
    if (!take(')')) return malformed("a '(' without ')'");
    if (kind == Kind::kSequence) return inner;
    Expression out = of(kind);
    out.parts.push_back(std::move(inner));
    return out;
  }

  Result<Expression> quantified(Expression item) {
    uint32_t min = 0;
    uint32_t max = Expression::kEndless;
    if (take('?')) {
      max = 1;
    } else if (take('+')) {
      min = 1;
    } else if (!take('*') && !take_counts(min, max)) {
      return item;
    }
    if (min > max) return malformed("a '{' whose counts are the wrong way round");
    take('?');  // a lazy repetition matches the same texts
    const bool is_place = item.kind >= Kind::kBegin && item.kind <= Kind::kNoBorder;
    if (is_place || item.kind == Kind::kBehind || item.kind == Kind::kNotBehind)
      return malformed("a repetition of a place between characters");
    const size_t before = at_;
    uint32_t ignored = 0;
    if (take('*') || take('+') || take('?') || take_counts(ignored, ignored)) {
      at_ = before;
      return malformed("two repetitions in a row");
    }
    Expression out{.kind = Kind::kRepeat, .set = {}, .parts = {}, .min = min, .max = max};
    out.parts.push_back(std::move(item));
    return out;
  }

  /// "{2}", "{2,}" or "{2,5}"; anything else with a brace is no count and stays.
  bool take_counts(uint32_t& min, uint32_t& max) {
    const size_t begin = at_;
    bool is_count = take('{') && take_number(min);
    max = min;
    if (is_count && take(',')) {
      max = Expression::kEndless;
      if (!is_at('}')) is_count = take_number(max);
    }
    is_count = is_count && take('}');
    if (!is_count) at_ = begin;
    return is_count;
  }

  bool take_number(uint32_t& value) {
    const size_t begin = at_;
    uint64_t number = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_)
      number = std::min<uint64_t>(number * 10 + (text_[at_] - '0'), kMaxCount);
    value = static_cast<uint32_t>(number);
    return at_ > begin;
  }

  Result<Expression> bracket() {
    const bool negated = take('^');
    CodePointSet set;
    while (!is_at(']')) {
      if (at_ >= text_.size()) return malformed("a '[' without ']'");
      INGLE_TRY(const CodePointSet first, bracket_item());
      const bool is_range = is_at('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!is_range || !is_one(first)) {
        set.insert(set.end(), first.begin(), first.end());
        continue;
      }
      ++at_;
      INGLE_TRY(const CodePointSet last, bracket_item());
      if (!is_one(last)) {
        // "[a-\d]": the dash stands for itself.
        set.insert(set.end(), last.begin(), last.end());
        set.insert(set.end(), {first[0], {'-', '-'}});
        continue;
      }
      if (last[0].first < first[0].first) return malformed("a range in '[...]' that ends before it begins");
      set.push_back({first[0].first, last[0].first});
    }
    ++at_;
    set = normal_set(std::move(set));
    return one_of(negated ? complement_of(set) : std::move(set));
  }

  static bool is_one(const CodePointSet& set) { return set.size() == 1 && set[0].first == set[0].last; }

  Result<CodePointSet> bracket_item() {
    const char32_t c = text_[at_++];
    if (c != '\\') return CodePointSet{{c, c}};
    if (take('b')) return CodePointSet{{'\b', '\b'}};
    return escape(true);
  }

  Result<CodePointSet> escape(bool in_bracket) {
    if (at_ >= text_.size()) return malformed("a '\\' at its end");
    const char32_t c = text_[at_++];
    const auto one = [](char32_t code) { return CodePointSet{{code, code}}; };
    if (CodePointSet named = class_named(c); !named.empty()) return named;
    constexpr std::u32string_view kLetters = U"ntrfv";
    constexpr std::u32string_view kMeanings = U"\n\t\r\f\v";
    if (const size_t i = kLetters.find(c); i != std::u32string_view::npos) return one(kMeanings[i]);
    switch (c) {
      case '0':
        if (at_ < text_.size() && is_digit(text_[at_])) return malformed("an octal escape");
        return one(0);
      case 'c':
        if (at_ >= text_.size() || !is_letter(text_[at_])) return malformed("a '\\c' without a letter");
        return one(text_[at_++] % 32);
      case 'x': {
        INGLE_TRY(const char32_t code, hex(2));
        return one(code);
      }
      case 'u':
        return unicode_escape();
      case 'p':
      case 'P':
        return property(c == 'P');
      default:
        break;
    }
    if (!in_bracket && ((c >= '1' && c <= '9') || c == 'k')) return refuse("a backreference, which cannot be enforced");
    if (is_letter(c) || is_digit(c)) {
      std::string message = "an escape that ECMA-262 does not know: \\";
      append_utf8(c, message);
      return malformed(std::move(message));
    }
    return one(c);
  }

  Result<CodePointSet> property(bool negated) {
    if (!take('{')) return malformed("a '\\p' without '{'");
    std::string name;
    while (at_ < text_.size() && !is_at('}'))
      append_utf8(text_[at_++], name);
    if (!take('}')) return malformed("a '\\p{' without '}'");
    auto set = code_points_with(name);
    if (!set) return refuse("a property '\\p{" + name + "}' that is not known");
    return negated ? complement_of(*set) : std::move(*set);
  }

  Result<CodePointSet> unicode_escape() {
    char32_t code = 0;
    if (take('{')) {
      const size_t begin = at_;
      for (; at_ < text_.size() && hex_digit(text_[at_]) < 16 && code <= kLastCodePoint; ++at_)
        code = code * 16 + hex_digit(text_[at_]);
      if (at_ == begin || code > kLastCodePoint || !take('}')) return malformed("a '\\u{' that is no code point");
    } else {
      INGLE_TRY(code, hex(4));
      const size_t before = at_;
      if (code >= 0xD800 && code < 0xDC00 && take(U"\\u")) {
        const auto low = hex(4);
        if (low && *low >= 0xDC00 && *low <= 0xDFFF) {
          code = 0x10000 + ((code - 0xD800) << 10) + (*low - 0xDC00);
        } else {
          at_ = before;
        }
      }
    }
    // Half a pair is in no text of ours: it matches nothing.
    return CodePointSet{{code, code}};
  }

  Result<char32_t> hex(int n_digits) {
    char32_t value = 0;
    for (int i = 0; i < n_digits; ++i, ++at_) {
      if (at_ >= text_.size() || hex_digit(text_[at_]) > 15) return malformed("an unfinished \\x or \\u");
      value = value * 16 + hex_digit(text_[at_]);
    }
    return value;
  }

  static char32_t hex_digit(char32_t c) {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16;
  }

  std::u32string text_;
  size_t at_ = 0;
};

}  // namespace

Result<Expression> parse_regex(std::string_view pattern) {
  if (pattern.size() > kMaxRegexBytes) return refuse("more than " + std::to_string(kMaxRegexBytes) + " bytes");
  if (!base::is_valid_utf8(pattern)) return malformed("bytes that are not UTF-8");
  std::u32string text;
  for (size_t i = 0; i < pattern.size();) {
    const CodePoint c = decode_code_point(pattern, i);
    text += c.value;
    i += c.size;
  }
  return Reader(std::move(text)).run();
}

}  // namespace ingle::text::grammar
