#include "text/grammar/pattern.h"

#include <utf8proc.h>

#include <algorithm>
#include <memory>
#include <string>

namespace ingle::text::grammar {
namespace {

constexpr uint32_t kMaxCount = 1000;
constexpr int kMaxGroups = 50;
constexpr size_t kMaxPatternBytes = 4096;

using Ranges = std::vector<CodePointRange>;

struct Expression {
  enum class Kind : uint8_t { kSet, kSequence, kAlternatives, kRepeat };
  Kind kind = Kind::kSequence;
  Ranges set = {};
  std::vector<Expression> parts = {};
  uint32_t min = 0;
  uint32_t max = kUnlimited;
  bool at_begin = false;  // of a top-level alternative: anchored
  bool at_end = false;
};

std::unexpected<Error> refuse(std::string why) {
  return std::unexpected(Error::refused("the pattern has " + std::move(why)));
}

Ranges normal(Ranges ranges) {
  std::ranges::sort(ranges, {}, &CodePointRange::first);
  Ranges out;
  for (const CodePointRange& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

Ranges complement(const Ranges& ranges) {
  Ranges out;
  char32_t next = 0;
  for (const CodePointRange& range : normal(ranges)) {
    if (range.first > next) out.push_back({next, range.first - 1});
    next = range.last + 1;
  }
  if (next <= kLastCodePoint) out.push_back({next, kLastCodePoint});
  return out;
}

/// The set of \d, \w, \s and their opposites; empty for any other letter.
Ranges class_named(char32_t c) {
  const Ranges digits = {{'0', '9'}};
  const Ranges words = {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
  // ECMA-262, 12.2 and 12.3: white space and line terminators.
  const Ranges spaces = {{9, 13},          {' ', ' '},       {0xA0, 0xA0},     {0x1680, 0x1680}, {0x2000, 0x200A},
                         {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
  switch (c) {
    case 'd':
      return digits;
    case 'D':
      return complement(digits);
    case 'w':
      return words;
    case 'W':
      return complement(words);
    case 's':
      return spaces;
    case 'S':
      return complement(spaces);
    default:
      return {};
  }
}

class Reader {
 public:
  explicit Reader(std::u32string text) : text_(std::move(text)) {}

  Result<Expression> run() {
    INGLE_TRY(Expression all, alternatives(0));
    if (at_ < text_.size()) return refuse("a ')' without '('");
    return all;
  }

 private:
  bool is_at(char32_t c) const { return at_ < text_.size() && text_[at_] == c; }
  bool take(char32_t c) {
    if (!is_at(c)) return false;
    ++at_;
    return true;
  }

  Result<Expression> alternatives(int depth) {
    if (depth > kMaxGroups) return refuse("groups nested deeper than " + std::to_string(kMaxGroups));
    Expression all{.kind = Expression::Kind::kAlternatives};
    do {
      INGLE_TRY(Expression part, sequence(depth));
      all.parts.push_back(std::move(part));
    } while (take('|'));
    return all;
  }

  Result<Expression> sequence(int depth) {
    Expression out;
    if (take('^')) {
      if (depth > 0) return refuse("'^' inside a group");
      out.at_begin = true;
    }
    while (at_ < text_.size() && !is_at('|') && !is_at(')')) {
      if (take('$')) {
        if (depth > 0 || (at_ < text_.size() && !is_at('|'))) return refuse("'$' before its end");
        out.at_end = true;
        break;
      }
      INGLE_TRY(Expression item, atom(depth));
      INGLE_TRY(item, quantified(std::move(item)));
      out.parts.push_back(std::move(item));
    }
    return out;
  }

  Result<Expression> atom(int depth) {
    const char32_t c = text_[at_++];
    switch (c) {
      case '(': {
        if (take('?') && !take(':')) return refuse("a group '(?' that is not '(?:'");
        INGLE_TRY(Expression group, alternatives(depth + 1));
        if (!take(')')) return refuse("a '(' without ')'");
        return group;
      }
      case '[':
        return bracket();
      case '.':
        return set(complement({{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}));
      case '\\': {
        INGLE_TRY(Ranges ranges, escape(false));
        return set(std::move(ranges));
      }
      case '*':
      case '+':
      case '?':
      case '{':
        return refuse("a repetition of nothing");
      case '^':
        return refuse("'^' after its beginning");
      default:
        return set({{c, c}});
    }
  }

  static Expression set(Ranges ranges) {
    return {.kind = Expression::Kind::kSet, .set = normal(std::move(ranges)), .parts = {}};
  }

  Result<Expression> quantified(Expression item) {
    uint32_t min = 0;
    uint32_t max = kUnlimited;
    if (take('?')) {
      max = 1;
    } else if (take('+')) {
      min = 1;
    } else if (take('{')) {
      INGLE_TRY(min, number());
      max = min;
      if (take(',')) {
        max = kUnlimited;
        if (!is_at('}')) {
          INGLE_TRY(max, number());
        }
      }
      if (!take('}') || min > max) return refuse("a '{' that is no count");
    } else if (!take('*')) {
      return item;
    }
    take('?');  // a lazy repetition matches the same texts
    if (is_at('*') || is_at('+') || is_at('?') || is_at('{')) return refuse("two repetitions in a row");
    Expression out{.kind = Expression::Kind::kRepeat, .set = {}, .parts = {}, .min = min, .max = max};
    out.parts.push_back(std::move(item));
    return out;
  }

  Result<uint32_t> number() {
    uint32_t value = 0;
    const size_t begin = at_;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && value <= kMaxCount)
      value = value * 10 + (text_[at_++] - '0');
    if (at_ == begin) return refuse("a '{' that is no count");
    if (value > kMaxCount) return refuse("a count above " + std::to_string(kMaxCount));
    return value;
  }

  Result<Expression> bracket() {
    const bool negated = take('^');
    Ranges ranges;
    while (!is_at(']')) {
      if (at_ >= text_.size()) return refuse("a '[' without ']'");
      INGLE_TRY(const Ranges first, bracket_item());
      const bool is_range = is_at('-') && at_ + 1 < text_.size() && text_[at_ + 1] != ']';
      if (!is_range || first.size() != 1 || first[0].first != first[0].last) {
        ranges.insert(ranges.end(), first.begin(), first.end());
        continue;
      }
      ++at_;
      INGLE_TRY(const Ranges last, bracket_item());
      if (last.size() != 1 || last[0].first != last[0].last || last[0].first < first[0].first)
        return refuse("a range in '[...]' that ends before it begins");
      ranges.push_back({first[0].first, last[0].first});
    }
    ++at_;
    return set(negated ? complement(ranges) : std::move(ranges));
  }

  Result<Ranges> bracket_item() {
    const char32_t c = text_[at_++];
    if (c == '\\') return escape(true);
    return Ranges{{c, c}};
  }

  Result<Ranges> escape(bool in_bracket) {
    if (at_ >= text_.size()) return refuse("a '\\' at its end");
    const char32_t c = text_[at_++];
    const auto one = [](char32_t code) { return Ranges{{code, code}}; };
    if (Ranges named = class_named(c); !named.empty()) return named;
    switch (c) {
      case 'n':
        return one('\n');
      case 't':
        return one('\t');
      case 'r':
        return one('\r');
      case 'f':
        return one('\f');
      case 'v':
        return one('\v');
      case '0':
        return one(0);
      case 'x':
        return hex(2);
      case 'u':
        return hex(4);
      case 'b':
        if (in_bracket) return one('\b');
        break;
      default:
        break;
    }
    const bool is_letter = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (is_letter || c > 0x7F) return refuse("an escape that is not enforced (such as \\b, \\p or \\1)");
    return one(c);
  }

  Result<Ranges> hex(int n_digits) {
    char32_t value = 0;
    for (int i = 0; i < n_digits; ++i) {
      constexpr std::u32string_view kDigits = U"0123456789abcdefABCDEF";
      const size_t digit = at_ < text_.size() ? kDigits.find(text_[at_]) : std::u32string_view::npos;
      if (digit == std::u32string_view::npos) return refuse("an unfinished \\x or \\u");
      value = value * 16 + static_cast<char32_t>(digit < 16 ? digit : digit - 6);
      ++at_;
    }
    if (value >= 0xD800 && value <= 0xDFFF) return refuse("a surrogate");
    return Ranges{{value, value}};
  }

  std::u32string text_;
  size_t at_ = 0;
};

bool may_be_empty(const Expression& e) {
  switch (e.kind) {
    case Expression::Kind::kSet:
      return false;
    case Expression::Kind::kRepeat:
      return e.min == 0 || may_be_empty(e.parts.front());
    case Expression::Kind::kAlternatives:
      return std::ranges::any_of(e.parts, may_be_empty);
    default:
      return std::ranges::all_of(e.parts, may_be_empty);
  }
}

Result<OpId> emit(ProgramBuilder& builder, const Expression& e, OpId next) {
  switch (e.kind) {
    case Expression::Kind::kSet:
      return emit_code_point(builder, e.set, next);
    case Expression::Kind::kSequence:
      for (size_t i = e.parts.size(); i > 0; --i) {
        INGLE_TRY(next, emit(builder, e.parts[i - 1], next));
      }
      return next;
    case Expression::Kind::kAlternatives: {
      std::vector<OpId> parts;
      for (const Expression& part : e.parts) {
        INGLE_TRY(const OpId op, emit(builder, part, next));
        parts.push_back(op);
      }
      return builder.choice(parts);
    }
    default:
      break;
  }
  const Expression& item = e.parts.front();
  if (e.max == 0) return next;
  if (e.max == 1) {
    INGLE_TRY(const OpId once, emit(builder, item, next));
    return e.min == 1 ? once : builder.optional(once, next);
  }
  const bool empty = may_be_empty(item);
  if (empty && e.max != kUnlimited) return refuse("a counted repetition of what may be empty");
  INGLE_TRY(const OpId body, emit(builder, item, ProgramBuilder::kReturnOp));
  return builder.repeat({body, empty ? 0 : e.min, e.max}, next);
}

Result<std::u32string> code_points(std::string_view text) {
  std::u32string out;
  for (size_t i = 0; i < text.size();) {
    utf8proc_int32_t code = 0;
    const auto n = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()) + i,
                                    static_cast<utf8proc_ssize_t>(text.size() - i), &code);
    if (n <= 0) return refuse("bytes that are not UTF-8");
    i += static_cast<size_t>(n);
    out += static_cast<char32_t>(code);
  }
  return out;
}

}  // namespace

Result<OpId> emit_pattern(ProgramBuilder& builder, std::string_view pattern, OpId next) {
  if (pattern.size() > kMaxPatternBytes) return refuse("more than " + std::to_string(kMaxPatternBytes) + " bytes");
  INGLE_TRY(auto text, code_points(pattern));
  INGLE_TRY(const Expression all, Reader(std::move(text)).run());
  std::vector<OpId> parts;
  for (const Expression& part : all.parts) {
    const OpId after = part.at_end ? next : builder.text({}, next);
    INGLE_TRY(const OpId op, emit(builder, part, after));
    parts.push_back(part.at_begin ? op : builder.text({}, op));
  }
  return builder.choice(parts);
}

}  // namespace ingle::text::grammar
